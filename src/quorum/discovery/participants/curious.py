"""The data-curious: tests the data for anomalies, and proposes to trade those that chance does not explain."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from quorum.discovery.anomalies import Anomaly, every_test, surviving
from quorum.discovery.briefing import Briefing
from quorum.discovery.market import by_timeframe
from quorum.discovery.proposal import Offer, Proposal
from quorum.domain import DAY, HOUR, QuorumError
from quorum.lake import Bars

CURIOUS = "data_curious"
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
Rules = Mapping[str, Any]


class Curiosity(NamedTuple):
    """How the data is looked at: where past bars come from, the share of findings that may be false."""

    bars: Callable[[Offer], Bars]
    false_share: float = 0.05


class Look(NamedTuple):
    """What came of it: proposals, the anomalies behind them surest first, and how many tests were made."""

    proposals: tuple[Proposal, ...]
    anomalies: tuple[Anomaly, ...]
    tests: int


def curious(briefing: Briefing, curiosity: Curiosity) -> Look:
    """Test the shortest bars of an hour or more that have past enough, and propose what survives the correction.

    A series that cannot be read is left out. Nothing is proposed that an account may not trade.
    """
    offers: dict[str, Offer] = {}
    tests: tuple[Anomaly, ...] = ()
    for length, group in by_timeframe(briefing.offers).items():
        if not tests and length.nanoseconds >= HOUR:
            offers = {offer.symbol: offer for offer in group}
            tests = every_test(_read(tuple(offers.values()), curiosity.bars))
    kept = surviving(tests, curiosity.false_share)
    proposals: dict[str, Proposal] = {}
    for anomaly in kept:
        made = propose(anomaly, {symbol: offers[symbol] for symbol in anomaly.symbols}, len(tests))
        if _may(briefing, anomaly):
            proposals.setdefault(made.key, made)
    return Look(tuple(proposals.values())[: briefing.most], kept, len(tests))


def propose(anomaly: Anomaly, offers: Mapping[str, Offer], tests: int) -> Proposal:
    """The idea that lives on an anomaly; one symbol before another becomes a pair, since a spec sees one symbol."""
    side = "rises" if anomaly.effect > 0 else "falls"
    what = _TOLD[anomaly.kind](anomaly)
    numbers = f"{abs(anomaly.effect) * 1e4:.1f} basis points on {anomaly.n:,} occasions, t = {anomaly.t:.1f}"
    kept = f"p = {anomaly.adjusted:.2g} after {tests:,} tests"
    strategy: str | Mapping[str, Any] = "pairs" if anomaly.kind == "lead" else _spec(anomaly, f"{what} {side}")
    return Proposal(
        strategy=strategy,
        symbols=anomaly.symbols,
        timeframe=str(anomaly.timeframe),
        venue=offers[anomaly.symbols[0]].venue,
        hypothesis=f"{what} {side} more than usual: {numbers}, {kept}. It goes on where its cause does.",
        by=CURIOUS,
        evidence={
            "anomaly": anomaly.kind,
            "effect_bps": anomaly.effect * 1e4,
            "t": anomaly.t,
            "adjusted_p": anomaly.adjusted,
            "occasions": anomaly.n,
            "tests": tests,
            **anomaly.facts,
        },
    )


def _may(briefing: Briefing, anomaly: Anomaly) -> bool:
    return ("both" if anomaly.kind == "lead" else anomaly.direction) in briefing.directions


def _read(offers: Sequence[Offer], bars: Callable[[Offer], Bars]) -> dict[str, Bars]:
    found = {}
    for offer in offers:
        try:
            found[offer.symbol] = bars(offer)
        except QuorumError:  # one series that is damaged keeps nobody from looking at the others
            continue
    return found


def _spec(anomaly: Anomaly, summary: str) -> dict[str, Any]:
    entry, parameters = _ENTRIES[anomaly.kind](anomaly)
    last = "_".join(f"{int(value)}" for value in anomaly.facts.values() if float(value).is_integer())
    return {
        "name": f"{anomaly.kind}_{anomaly.direction}_{last}".rstrip("_").replace("-", "m")[:64],
        "summary": summary,
        "parameters": {**parameters, "hold": _whole(anomaly.hold)},
        anomaly.direction: entry,
        "hold": "hold",
    }


def _at_hour(anomaly: Anomaly) -> tuple[str, dict[str, Any]]:
    """Entered at the close before the hour, to be held from its open."""
    before = int(anomaly.facts["hour"] - 1) % 24
    return _last_of(f"hour == {before}", "hour", before, anomaly), {}


def _on_day(anomaly: Anomaly) -> tuple[str, dict[str, Any]]:
    """Entered at the last close of the day before."""
    day, length = int(anomaly.facts["before"]), anomaly.timeframe.nanoseconds
    if length == DAY:
        return f"weekday == {day}", {}
    hour = (DAY - length) // HOUR
    return _last_of(f"weekday == {day} and hour == {hour}", "hour", hour, anomaly), {}


def _last_of(condition: str, column: str, value: int, anomaly: Anomaly) -> str:
    """The condition on the last bar of an hour that has several."""
    bars = HOUR // anomaly.timeframe.nanoseconds
    return condition if bars <= 1 else f"{condition} and {column}[{bars - 1}] == {value}"


def _after_move(anomaly: Anomaly) -> tuple[str, dict[str, Any]]:
    """After a move of one standard deviation to the side that is followed by the effect's."""
    move = round(anomaly.facts["move"], 5)
    rising = (anomaly.facts["slope"] > 0) == (anomaly.direction == "long")
    entry = "close / close[1] - 1 > move" if rising else "close / close[1] - 1 < -move"
    steps = [round(move * k, 5) for k in (1.0, 1.5, 2.0, 3.0)]
    return entry, {"move": {"default": steps[2], "low": 0.0, "high": 10 * move, "search": steps}}


def _after_crowd(anomaly: Anomaly) -> tuple[str, dict[str, Any]]:
    sign = ">" if anomaly.facts["side"] > 0 else "<"
    crowd = {"default": anomaly.facts["crowd"], "low": 1.0, "high": 20.0, "search": [2.0, 3.0, 4.0, 5.0]}
    week = int(anomaly.facts["week"])
    return f"volume > crowd * mean_volume({week})[1] and close {sign} open", {"crowd": crowd}


def _whole(bars: int) -> dict[str, Any]:
    tried = sorted({max(1, bars // 2), bars, 2 * bars})
    return {"default": bars, "low": 1, "high": max(10, 5 * bars), "search": tried}


def _named(anomaly: Anomaly) -> str:
    return anomaly.symbols[0] if len(anomaly.symbols) == 1 else f"the mean of {len(anomaly.symbols)} symbols"


_ENTRIES: Mapping[str, Callable[[Anomaly], tuple[str, dict[str, Any]]]] = {
    "hour": _at_hour,
    "weekday": _on_day,
    "echo": _after_move,
    "crowd": _after_crowd,
}
_TOLD: Mapping[str, Callable[[Anomaly], str]] = {
    "hour": lambda a: f"From {int(a.facts['hour']):02}:00 to {(int(a.facts['hour']) + 1) % 24:02}:00 UTC {_named(a)}",
    "weekday": lambda a: f"On a {_DAYS[int(a.facts['weekday'])]} {_named(a)}",
    "echo": lambda a: f"After a move of its own {_named(a)}",
    "lead": lambda a: f"After a move of {a.symbols[0]}, {a.symbols[1]}",
    "crowd": lambda a: f"After a {'rising' if a.facts['side'] > 0 else 'falling'} bar with a crowd {_named(a)}",
}
