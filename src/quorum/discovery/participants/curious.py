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
    """How the data is looked at: where past bars come from, the share of findings that may be false, what trades cost.

    `cost_bps` is that of a round trip.
    """

    bars: Callable[[Offer], Bars]
    false_share: float = 0.05
    cost_bps: float = 20.0


class Look(NamedTuple):
    """What came of it: proposals, the anomalies that survived surest first, and how many tests were made."""

    proposals: tuple[Proposal, ...]
    anomalies: tuple[Anomaly, ...]
    tests: int

    @property
    def told(self) -> tuple[str, ...]:
        """Each anomaly in words."""
        return tuple(in_words(anomaly, self.tests) for anomaly in self.anomalies)


def curious(briefing: Briefing, curiosity: Curiosity) -> Look:
    """Test the shortest bars of an hour or more that have past enough, and propose what survives the correction.

    A series that cannot be read is left out. Of an anomaly that can be traded on either side the long one is
    proposed where an account may not sell short; nothing is proposed that it may not trade.
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
        sides = _sides(briefing, anomaly)
        if sides:
            where = {symbol: offers[symbol] for symbol in anomaly.symbols}
            made = propose(anomaly, where, len(tests), sides, curiosity.cost_bps)
            proposals.setdefault(made.key, made)
    return Look(tuple(proposals.values())[: briefing.most], kept, len(tests))


def propose(
    anomaly: Anomaly,
    offers: Mapping[str, Offer],
    tests: int,
    sides: Sequence[str] | None = None,
    cost_bps: float = 20.0,
) -> Proposal:
    """The idea that lives on an anomaly, on `sides` (its own where none are named).

    What follows a move waits for one that pays twice the costs, if one of four standard deviations does. One symbol
    before another becomes the strategy `follow`, since a spec sees one symbol.
    """
    sides = sides or (anomaly.direction,)
    step = _step(anomaly, cost_bps) if anomaly.kind in _EITHER else 0.0
    strategy: str | Mapping[str, Any] = "follow"
    params: dict[str, float] = {}
    if anomaly.kind == "lead":
        turn, short = anomaly.facts["slope"] < 0, "short" in sides
        params = {"move": step, "hold": anomaly.hold, "turn": int(turn), "short": int(short)}
    else:
        strategy = _spec(anomaly, sides, step)
    return Proposal(
        strategy=strategy,
        symbols=anomaly.symbols,
        timeframe=str(anomaly.timeframe),
        venue=offers[anomaly.symbols[0]].venue,
        params=params,
        hypothesis=f"{in_words(anomaly, tests)}. It goes on where its cause does.",
        by=CURIOUS,
        evidence={
            "anomaly": anomaly.kind,
            "effect_bps": anomaly.effect * 1e4,
            "pays_bps": _pays(anomaly, step) * 1e4,
            "t": anomaly.t,
            "adjusted_p": anomaly.adjusted,
            "occasions": anomaly.n,
            "tests": tests,
            **anomaly.facts,
        },
    )


def in_words(anomaly: Anomaly, tests: int) -> str:
    """What was found, by how much, and how sure it is after so many tests."""
    side = "rises" if anomaly.effect > 0 else "falls"
    numbers = f"{abs(anomaly.effect) * 1e4:.1f} basis points on {anomaly.n:,} occasions, t = {anomaly.t:.1f}"
    sure = f"p = {anomaly.adjusted:.2g} after {tests:,} tests"
    return f"{_TOLD[anomaly.kind](anomaly)} {side} more than usual: {numbers}, {sure}"


def _sides(briefing: Briefing, anomaly: Anomaly) -> tuple[str, ...]:
    """The sides that are proposed of an anomaly; what follows moves up and down alike can be traded on both."""
    may = briefing.directions
    if anomaly.kind in _EITHER:
        return ("long", "short") if "both" in may else ("long",) if "long" in may else ()
    return (anomaly.direction,) if anomaly.direction in may else ()


def _step(anomaly: Anomaly, cost_bps: float) -> float:
    """The move that is waited for: two, three or four standard deviations of a bar's, until it pays enough."""
    move, slope = anomaly.facts["move"], abs(anomaly.facts["slope"])
    enough = 2.0 * cost_bps / 1e4
    return float(round(next((k * move for k in (2.0, 3.0) if slope * k * move >= enough), 4.0 * move), 5))


def _pays(anomaly: Anomaly, step: float) -> float:
    """What one occasion is expected to pay before costs, a fraction."""
    return abs(anomaly.facts["slope"]) * step if anomaly.kind in _EITHER else abs(anomaly.effect)


def _read(offers: Sequence[Offer], bars: Callable[[Offer], Bars]) -> dict[str, Bars]:
    found = {}
    for offer in offers:
        try:
            found[offer.symbol] = bars(offer)
        except QuorumError:  # one series that is damaged keeps nobody from looking at the others
            continue
    return found


def _spec(anomaly: Anomaly, sides: Sequence[str], step: float) -> dict[str, Any]:
    made = {side: _ENTRIES[anomaly.kind](anomaly, side, step) for side in sides}
    last = "_".join(f"{int(value)}" for value in anomaly.facts.values() if float(value).is_integer())
    parameters = next(iter(made.values()))[1]
    return {
        "name": f"{anomaly.kind}_{'_'.join(sides)}_{last}".rstrip("_").replace("-", "m")[:64],
        "summary": f"{_TOLD[anomaly.kind](anomaly)} {'rises' if anomaly.effect > 0 else 'falls'}",
        "parameters": {**parameters, "hold": _whole(anomaly.hold)},
        **{side: entry for side, (entry, _) in made.items()},
        "hold": "hold",
    }


def _at_hour(anomaly: Anomaly, *_: object) -> tuple[str, dict[str, Any]]:
    """Entered at the close before the hour, to be held from its open."""
    before = int(anomaly.facts["hour"] - 1) % 24
    return _last_of(f"hour == {before}", "hour", before, anomaly), {}


def _on_day(anomaly: Anomaly, *_: object) -> tuple[str, dict[str, Any]]:
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


def _after_move(anomaly: Anomaly, side: str, step: float) -> tuple[str, dict[str, Any]]:
    """After a move of `step` to the side that this side follows."""
    move = anomaly.facts["move"]
    rising = (anomaly.facts["slope"] > 0) == (side == "long")
    entry = "close / close[1] - 1 > move" if rising else "close / close[1] - 1 < -move"
    tried = sorted({step, *(round(move * k, 5) for k in (1.5, 2.0, 3.0))})
    return entry, {"move": {"default": step, "low": 0.0, "high": round(10 * move, 5), "search": tried}}


def _after_crowd(anomaly: Anomaly, *_: object) -> tuple[str, dict[str, Any]]:
    sign = ">" if anomaly.facts["side"] > 0 else "<"
    crowd = {"default": anomaly.facts["crowd"], "low": 1.0, "high": 20.0, "search": [2.0, 3.0, 4.0, 5.0]}
    week = int(anomaly.facts["week"])
    return f"volume > crowd * mean_volume({week})[1] and close {sign} open", {"crowd": crowd}


def _whole(bars: int) -> dict[str, Any]:
    tried = sorted({max(1, bars // 2), bars, 2 * bars})
    return {"default": bars, "low": 1, "high": max(10, 5 * bars), "search": tried}


def _named(anomaly: Anomaly) -> str:
    return anomaly.symbols[0] if len(anomaly.symbols) == 1 else f"the mean of {len(anomaly.symbols)} symbols"


_EITHER = ("echo", "lead")
_ENTRIES: Mapping[str, Callable[[Anomaly, str, float], tuple[str, dict[str, Any]]]] = {
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
