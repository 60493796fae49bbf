"""What moves together, by daily returns: symbols by their closes, strategies by their tests and their live days."""

from __future__ import annotations

from functools import lru_cache

from quorum.desk.desk import Desk
from quorum.desk.guarding.histories import DeskKey, kept_history, strategy_histories
from quorum.domain import DAY
from quorum.lake import Lake
from quorum.risk import Around
from quorum.risk.tail import likeness, move_together


def clusters_of(desk: Desk, around: Around, symbols: frozenset[str], account: str) -> dict[str, frozenset[str]]:
    """The groups of symbols, and of strategies, that correlate at the book's `correlated` or more; once a day.

    Of today and of what comes later nothing is known. A pair of which too little is known counts as alike.
    """
    threshold, day = float(desk.limits(account).correlated), around.now // DAY
    found = {f"symbols, {name}": members for name, members in _of_symbols(desk.lake, symbols, day, threshold).items()}
    names = frozenset(around.strategies) | ({around.strategy} if around.strategy else frozenset())
    if len(names) > 1:
        groups = _of_strategies(DeskKey(desk), account, names, day, threshold)
        found |= {f"strategies, {name}": members for name, members in groups.items()}
    return found


@lru_cache(maxsize=64)
def _of_symbols(lake: Lake, symbols: frozenset[str], day: int, threshold: float) -> dict[str, frozenset[str]]:
    if len(symbols) < 2:
        return {}
    return move_together(likeness({symbol: kept_history(lake, symbol, day) for symbol in symbols}), threshold)


@lru_cache(maxsize=16)
def _of_strategies(
    workspace: DeskKey, account: str, names: frozenset[str], day: int, threshold: float
) -> dict[str, frozenset[str]]:
    return move_together(likeness(strategy_histories(workspace.desk, account, names, day)), threshold)
