"""A result by symbol: what each one held and earned."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.stats import win_rate

if TYPE_CHECKING:
    from quorum.engine.backtest import Backtest

Floats = NDArray[np.float64]


class Contribution(NamedTuple):
    """What one symbol came to: profit after fees (quote currency), its round trips, their hit rate, and its value
    held as a fraction of equity (mean of the size over all closes, NaN without equity).
    """

    symbol: str
    profit: float
    trades: int
    hit_rate: float
    fees: float
    mean_gross: float


def contributions(result: Backtest) -> tuple[Contribution, ...]:
    """Every symbol's part, the best first; an open trade counts as at the last close, without funding or borrow."""
    trades = result.trades
    share = np.abs(weights_held(result)).mean(axis=0)
    order = np.argsort(trades.symbol, kind="stable")
    names = trades.symbol[order]
    found = []
    for j, symbol in enumerate(result.symbols):
        mine = order[np.searchsorted(names, symbol, "left") : np.searchsorted(names, symbol, "right")]
        profit, fees = trades.profit[mine], trades.fees[mine]
        ended = profit[trades.closed[mine]]
        figures = (float(profit.sum()), len(mine), win_rate(ended), float(fees.sum()))
        found.append(Contribution(symbol, *figures, float(share[j])))
    return tuple(sorted(found, key=lambda c: (-c.profit, c.symbol)))


def values_held(result: Backtest) -> Floats:
    """Value of each position at each close, shape (n, m), signed; at the newest known price where a bar is missing."""
    held = result.position.reshape(len(result.time), -1)
    return held * carried(result.bars.close.reshape(held.shape))


def weights_held(result: Backtest) -> Floats:
    """`values_held` as fractions of equity; NaN where equity is not above 0."""
    return values_held(result) / np.where(result.equity > 0, result.equity, np.nan)[:, None]


def carried(close: Floats) -> Floats:
    """Closes (n, m) with the newest known one where a bar is missing, 0 before the first."""
    there = ~np.isnan(close)
    if there.all():
        return close
    rows = np.maximum.accumulate(np.where(there, np.arange(len(close))[:, None], 0), axis=0)
    return np.nan_to_num(np.take_along_axis(close, rows, axis=0))
