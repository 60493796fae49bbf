"""What a language model in a seat is told: its part, the grammar, what there is, what was tried and learnt."""

from __future__ import annotations

from collections.abc import Sequence

from quorum.desk.meeting.preflight import Warned
from quorum.discovery import CURIOUS, MAVERICK, STRATEGIST, Briefing, Known
from quorum.domain.grammar import written
from quorum.features.formulas import INDICATORS
from quorum.features.formulas.codes import COLUMNS
from quorum.signals import StrategySpec

PARTS = {
    STRATEGIST: "You are the senior strategist: look where nobody has looked yet.",
    MAVERICK: "You are the maverick: change what is known, and cross ideas of different families.",
    CURIOUS: "You are the data-curious: propose what a property of the data, that you can name, would pay for.",
}
_MOST_KNOWN, _MOST_CELLS, _WIDEST = 40, 60, 400
EXAMPLE = """\
{"hypothesis": "Dips in a rising market are bought, since holders average in.", "symbols": ["BTCUSDT"],
 "timeframe": "1h", "spec": {"name": "dip_in_trend", "summary": "buys weakness above the long mean",
 "parameters": {"trend": {"default": 200, "low": 50, "high": 800, "search": [100, 200, 400]},
                "dip": {"default": 25.0, "low": 5.0, "high": 45.0}},
 "long": "close > sma(close, trend) and rsi(close, 5) < dip", "exit_long": "rsi(close, 5) > 55", "hold": "100"}}"""


def brief(seat: str, briefing: Briefing, warned: Sequence[Warned]) -> str:
    """The text for a seat; the same for the same meeting."""
    theme = briefing.theme
    parts = (
        f"{PARTS[seat]} Put forward {briefing.most} ideas, each a rule on one symbol that is traded on every symbol "
        "listed with it.",
        f"Families of the theme {theme.name!r}: {', '.join(theme.families)}. Horizons: {', '.join(theme.horizons)}. "
        f"Directions that are possible: {', '.join(d for d in briefing.directions if d in theme.directions)}.",
        "Series:\n" + "\n".join(f"- {length}: {', '.join(names)}" for length, names in series_of(briefing).items()),
        f"Columns of a bar: {', '.join(COLUMNS)}. x[n] is the value n bars ago; and, or, not, comparisons, + - * / %. "
        "A count of bars is a whole number or a parameter, at most 5000. stop, target and trail are distances in the "
        "unit of prices, weight is 0 to 1, hold a number of bars.",
        "Functions:\n" + "\n".join(f"- {i.signature}: {i.summary}" for i in INDICATORS.values()),
        f"An idea looks like this:\n{EXAMPLE}",
        "Tested so far, by family/universe/horizon/direction:\n" + _lines(_cells(briefing), "nothing yet"),
        "Known ideas, a repetition of which is refused:\n" + _lines(_known(briefing.known), "none yet"),
        "Learnings that stop an idea:\n" + _lines([f"{w.learning_id}: {w.title}" for w in warned], "none"),
    )
    return "\n\n".join(parts)


def series_of(briefing: Briefing) -> dict[str, list[str]]:
    """The symbols of each timeframe, shortest first."""
    found: dict[str, list[str]] = {}
    for offer in sorted(briefing.offers, key=lambda o: (o.timeframe.nanoseconds, o.symbol)):
        names = found.setdefault(str(offer.timeframe), [])
        if offer.symbol not in names:
            names.append(offer.symbol)
    return found


def _cells(briefing: Briefing) -> list[str]:
    ranked = sorted(briefing.space.cells.items(), key=lambda item: (-item[1].tested, item[0]))[:_MOST_CELLS]
    return [
        f"{cell.key}: {tally.tested} tested, passed {', '.join(f'{t} {n}' for t, n in tally.passed.items()) or 'none'}"
        for cell, tally in ranked
    ]


def _known(known: Sequence[Known]) -> list[str]:
    return [
        f"{one.strategy_id}: {one.fingerprint.cell.key}, {_rule(one.spec) if one.spec else one.fingerprint.rule}"
        for one in known[-_MOST_KNOWN:]
    ]


def _rule(spec: StrategySpec) -> str:
    entries = [f"{key}: {written(rule.tree)}" for key, rule in spec.rules.items() if key in ("long", "short")]
    return "; ".join(entries)


def _lines(lines: Sequence[str], empty: str) -> str:
    """A line each, whatever is in it: titles and rules of others begin no part of their own."""
    return "\n".join(f"- {' '.join(line.split())[:_WIDEST]}" for line in lines) or f"- {empty}"
