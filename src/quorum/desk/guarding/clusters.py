"""What moves together, by daily returns: symbols by their closes, strategies by their tests and their live days."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np

from quorum.desk.desk import Desk
from quorum.domain import DAY, Timeframe
from quorum.lake import Bars, Lake
from quorum.risk import Around
from quorum.risk.tail import History, joined, likeness, move_together

MOST_DAYS = 400
"""How far back daily returns are looked at."""
_NONE = History.of(())


def clusters_of(desk: Desk, around: Around, symbols: frozenset[str], account: str) -> dict[str, frozenset[str]]:
    """The groups of symbols, and of strategies, that correlate at the book's `correlated` or more; once a day.

    Of today and of what comes later nothing is known. A pair of which too little is known counts as alike.
    """
    threshold, day = float(desk.limits(account).correlated), around.now // DAY
    found = {f"symbols, {name}": members for name, members in _of_symbols(desk.lake, symbols, day, threshold).items()}
    names = frozenset(around.strategies) | ({around.strategy} if around.strategy else frozenset())
    if len(names) > 1:
        groups = _of_strategies(_Workspace(desk), account, names, day, threshold)
        found |= {f"strategies, {name}": members for name, members in groups.items()}
    return found


def symbol_history(lake: Lake, symbol: str, day: int) -> History:
    """Daily returns of a symbol before the UTC day `day` (days since 1970), from its longest bars up to a day."""
    until = day * DAY
    held = [
        s
        for s in lake.series()
        if s.symbol == symbol and s.timeframe.nanoseconds <= DAY and s.first + s.timeframe.nanoseconds <= until
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


class _Workspace:
    """A desk that is the same as another of its workspace, as a key of what is kept for a day."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def __hash__(self) -> int:
        return hash(self.desk.workspace.home)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Workspace) and other.desk.workspace.home == self.desk.workspace.home


@lru_cache(maxsize=64)
def _of_symbols(lake: Lake, symbols: frozenset[str], day: int, threshold: float) -> dict[str, frozenset[str]]:
    if len(symbols) < 2:
        return {}
    return move_together(likeness({symbol: _history(lake, symbol, day) for symbol in symbols}), threshold)


@lru_cache(maxsize=256)
def _history(lake: Lake, symbol: str, day: int) -> History:
    return symbol_history(lake, symbol, day)


@lru_cache(maxsize=16)
def _of_strategies(
    workspace: _Workspace, account: str, names: frozenset[str], day: int, threshold: float
) -> dict[str, frozenset[str]]:
    return move_together(likeness(strategy_histories(workspace.desk, account, names, day)), threshold)
