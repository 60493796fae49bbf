"""Capacity: how much capital a strategy can carry before its own trades eat what it earns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from quorum.domain import plain
from quorum.engine import Backtest
from quorum.engine.inputs import market_of
from quorum.engine.kernel import PRICE, QUANTITY, ROW, SYMBOL
from quorum.stats.performance import volatility

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Capacity:
    """The largest capital, in the quote currency, at which a strategy still works; NaN without volume or an edge.

    At `half_edge` impact costs half of the yearly return, at `sharpe_floor` it leaves a Sharpe ratio of `floor`. Both
    are 0 when they are not reached with any capital, infinite when the strategy never trades.
    """

    half_edge: float = NAN
    sharpe_floor: float = NAN
    floor: float = 1.0

    def told(self) -> dict[str, Any]:
        """The plain numbers."""
        return {"half_edge": plain(self.half_edge), "sharpe_floor": plain(self.sharpe_floor), "floor": self.floor}


def capacity(result: Backtest, floor: float = 1.0) -> Capacity:
    """The capacity of a backtest traded without impact, each fill moving the price by the square-root law.

    A fill of q units costs daily volatility * sqrt(q / daily volume) of its value, of the 20 days before it. Quantities
    follow the capital, so that at a capital C the yearly cost is k sqrt(C): half of the edge m at C = (m / 2k)^2, and
    a ratio of `floor` at the yearly volatility s at C = ((m - floor s) / k)^2. Returns are arithmetic.
    """
    _, returns = result.daily
    if result.bars.volume is None or len(returns) < 2 or not np.isfinite(returns).all():
        return Capacity(floor=floor)
    periods = result.performance.periods_per_year
    years = len(returns) / periods
    edge, spread = float(returns.mean()) * periods, volatility(returns, periods)
    cost = _cost(result) / years
    if not edge > 0:
        return Capacity(floor=floor)
    if cost == 0:
        return Capacity(float("inf"), float("inf") if edge >= floor * spread else 0.0, floor)
    left = max(edge - floor * spread, 0.0)
    return Capacity((edge / (2.0 * cost)) ** 2, (left / cost) ** 2, floor)


def _cost(result: Backtest) -> float:
    """What the impact of all fills costs, as fractions of equity, at a capital of 1."""
    moves = market_of(result.bars, replace(result.terms, impact=1.0)).impact
    rows = result.rows
    at, symbol = rows[:, ROW].astype(np.int64), rows[:, SYMBOL].astype(np.int64)
    units, worth = np.abs(rows[:, QUANTITY]), np.maximum(result.equity[at], 1e-300)
    return float(np.sum(units * rows[:, PRICE] / worth * moves[at, symbol] * np.sqrt(units / worth)))
