"""Daily returns of symbols and of deployed strategies, and what they say of the size of each; once a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np

from quorum.desk.desk import Desk
from quorum.domain import DAY, Timeframe
from quorum.lake import Bars, Lake
from quorum.risk.tail import History, Inconclusive, annual_volatility, joined, kelly_of

MOST_DAYS = 400
"""How far back daily returns are looked at."""
_NONE = History.of(())
_DIGITS = 9


def symbol_history(lake: Lake, symbol: str, day: int) -> History:
    """Daily returns of a symbol before the UTC day `day` (days since 1970), from its longest bars up to a day."""
    until = day * DAY
    held = [
        s for s in lake.series(symbol) if s.timeframe.nanoseconds <= DAY and s.first + s.timeframe.nanoseconds <= until
    ]
    if not held:
        return _NONE
    best = max(held, key=lambda s: (s.timeframe.nanoseconds, s.last))
    bars = lake.bars(symbol, Timeframe.parse(str(best.timeframe)), best.venue, funding_revision=0).as_of(until)
    return daily(bars.between(until - MOST_DAYS * DAY))


def daily(bars: Bars) -> History:
    """Returns from each UTC day's last close to the next one's."""
    if len(bars) < 2:
        return _NONE
    day = (bars.time + bars.timeframe.nanoseconds - 1) // DAY
    last = np.flatnonzero(np.append(np.diff(day) > 0, [True]))
    close = bars.close[last]
    return History(day[last][1:].astype(np.int64), np.maximum(close[1:] / close[:-1] - 1.0, -1.0))


def strategy_histories(desk: Desk, account: str, names: frozenset[str], day: int) -> dict[str, History]:
    """Daily returns of deployed strategies before a day: of the test, and of what was traded in its place."""
    records = {r["strategy_id"]: r for r in desk.life.books.deployments.listed() if r["strategy_id"] in names}
    rows = [row for row in desk.rows(("worth",))["worth"] if row["account"] == account and row["day"] < day]
    found = {}
    for name in names:
        record = records.get(name)
        if record is None:
            found[name] = _NONE
            continue
        found[name] = joined(_tested(record["baseline"]), _live(rows, name, record["allocation"]))
    return found


def _tested(baseline: Mapping[str, Any]) -> History:
    first = baseline["first"] // DAY
    return History.of(zip((first + day for day in baseline["days"]), baseline["returns"], strict=True))


def _live(rows: list[Mapping[str, Any]], strategy_id: str, allocation: float) -> History:
    """What a strategy earned each day, as a fraction of its part of the capital."""
    funded = {row["day"]: float(row["funded"]) for row in rows if not row["strategy_id"]}
    mine = [row for row in rows if row["strategy_id"] == strategy_id]
    days = {
        row["day"]: float(Decimal(row["latest"]) - Decimal(row["opened"])) / (funded[row["day"]] * allocation)
        for row in mine
        if funded.get(row["day"], 0.0) * allocation > 0
    }
    return History.of({day: max(value, -1.0) for day, value in days.items()})


class DeskKey:
    """A desk that is the same as another of its workspace, as a key of what is kept for a day."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def __hash__(self) -> int:
        return hash(self.desk.workspace.home)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DeskKey) and other.desk.workspace.home == self.desk.workspace.home


@lru_cache(maxsize=256)
def kept_history(lake: Lake, symbol: str, day: int) -> History:
    """That of a symbol, read once a day."""
    return symbol_history(lake, symbol, day)


def volatilities(desk: Desk, symbols: Iterable[str], now: int) -> dict[str, Decimal]:
    """What each symbol moves in a year, as far as it is known at `now` (ns UTC), today left out; fractions."""
    found = {one: annual_volatility(one, kept_history(desk.lake, one, now // DAY)) for one in symbols}
    return _known(found)


def kelly_fractions(desk: Desk, account: str, names: Iterable[str], now: int) -> dict[str, Decimal]:
    """Kelly's fraction of each deployed strategy, of its test and of its live days, as far as it is known at `now`."""
    return _known(_kelly(DeskKey(desk), account, frozenset(names), now // DAY))


@lru_cache(maxsize=256)
def _kelly(workspace: DeskKey, account: str, names: frozenset[str], day: int) -> dict[str, float | Inconclusive]:
    histories = strategy_histories(workspace.desk, account, names, day)
    return {name: kelly_of(name, history) for name, history in histories.items()}


def _known(found: Mapping[str, float | Inconclusive]) -> dict[str, Decimal]:
    known = {name: value for name, value in found.items() if not isinstance(value, Inconclusive)}
    return {name: Decimal(repr(round(value, _DIGITS))) for name, value in known.items()}
