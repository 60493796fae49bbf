"""One combination traded, with what all of them share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DAY
from quorum.engine.backtest import wishes_for
from quorum.engine.inputs import market_of, rates_of, wishes_of
from quorum.engine.kernel import QUANTITY, ROW, Market, Rates, Wishes, run
from quorum.engine.sweeps.grid import Combination
from quorum.engine.terms import Terms
from quorum.lake import Bars, Panel
from quorum.signals import AnyStrategy, Sharing
from quorum.stats import kernel
from quorum.stats.performance import day_ends, deepest_fall, periods_per_year

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Outcome(NamedTuple):
    """What one combination came to: `levels` is the equity at the end of each UTC day, shape (d,)."""

    levels: Floats
    max_drawdown: float
    fills: int


class Workbench:
    """What all combinations share: prices, rates, the days, and what the strategy computes once for all."""

    def __init__(self, bars: Bars | Panel, strategy: AnyStrategy, terms: Terms) -> None:
        self.bars = bars
        self.strategy = strategy
        self.terms = terms
        self.market: Market = market_of(bars, terms)
        self.rates: Rates = rates_of(bars, terms)
        self.ends = day_ends(bars.time)
        self.periods = periods_per_year(bars.time)
        pays = self.market.funding.size or self.market.borrow.size
        self._still = isinstance(bars, Bars) and not pays  # equity moves while a position is held, and only then
        self._over = None
        if isinstance(strategy, Sharing) and isinstance(bars, Bars):
            self._over = strategy.over(bars)

    @property
    def day(self) -> Ints:
        """The UTC days (d,) as ns at midnight."""
        return self.bars.time[self.ends] // DAY * DAY

    def try_out(self, parameters: Combination, equity: Floats) -> Outcome:
        """One combination traded; `equity` (n,) is overwritten."""
        rows, _ = run(self.market, self._wishes(parameters), self.rates, equity)
        fall = fall_while_held if self._still else whole_fall
        return Outcome(equity[self.ends], float(fall(equity, rows, self.terms.starting_equity)), len(rows))

    def _wishes(self, parameters: Combination) -> Wishes:
        if self._over is None:
            return wishes_for(self.bars, self.strategy, parameters, self.terms)
        return wishes_of(self.strategy, self.bars, self._over(parameters), parameters, self.terms)


def whole_fall(equity: Floats, rows: Floats, peak: float) -> float:
    """The deepest fall of the equity (n,), `peak` included, as a negative fraction."""
    return float(deepest_fall(equity, peak))


@kernel
def fall_while_held(equity: Floats, rows: Floats, peak: float) -> float:
    """`whole_fall` of one symbol's equity, which does not move while nothing is held, as its fills (k, 7) say."""
    deepest, lowest, held = 0.0, peak, 0.0
    for k in range(len(rows)):
        held += rows[k, QUANTITY]
        start = int(rows[k, ROW])
        stop = int(rows[k + 1, ROW]) if k + 1 < len(rows) else len(equity)
        if abs(held) <= 1e-12 * abs(rows[k, QUANTITY]):
            held, stop = 0.0, start + 1
        for i in range(start, stop):
            if equity[i] > peak:
                deepest = min(deepest, lowest / peak - 1.0)
                peak = lowest = equity[i]
            elif equity[i] < lowest:
                lowest = equity[i]
    return min(deepest, lowest / peak - 1.0)
