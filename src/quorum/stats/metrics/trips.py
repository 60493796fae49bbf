"""What round trips came to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.stats.performance import NAN, Floats, Instants, profit_factor, win_rate

_HOUR = 3_600_000_000_000


class Trips(NamedTuple):
    """Round trips as columns (k,): profit after fees, value at the entry, side 1 or -1, instants in ns UTC."""

    profit: Floats
    notional: Floats
    side: NDArray[np.int8]
    entry_time: Instants
    exit_time: Instants


class TradeFigures(NamedTuple):
    """Numbers of the `closed` round trips, in the order in which they ended; amounts in the quote currency.

    `expectancy` is the mean profit, `expectancy_of_notional` the mean of profit over the value at the entry;
    `average_loss` is negative; `payoff` is the average win over the size of the average loss. Streaks are trades in a
    row that won (profit above 0) or lost. Holding times in hours. NaN without trades of the kind.
    """

    closed: int
    hit_rate: float
    profit_factor: float
    expectancy: float
    expectancy_of_notional: float
    average_win: float
    average_loss: float
    payoff: float
    best: float
    worst: float
    longest_wins: int
    longest_losses: int
    mean_hours: float
    median_hours: float
    longest_hours: float
    longs: int
    shorts: int
    long_profit: float
    short_profit: float


def trade_figures(trips: Trips) -> TradeFigures:
    """The figures of round trips that have ended."""
    profit, side = trips.profit, trips.side
    some = len(profit) > 0
    held = (trips.exit_time - trips.entry_time) / _HOUR
    win, loss = _mean(profit[profit > 0]), _mean(profit[profit < 0])
    return TradeFigures(
        closed=len(profit),
        hit_rate=win_rate(profit),
        profit_factor=profit_factor(profit),
        expectancy=_mean(profit),
        expectancy_of_notional=_mean(profit / trips.notional),
        average_win=win,
        average_loss=loss,
        payoff=win / -loss,
        best=float(profit.max()) if some else NAN,
        worst=float(profit.min()) if some else NAN,
        longest_wins=_longest(profit > 0),
        longest_losses=_longest(profit < 0),
        mean_hours=_mean(held),
        median_hours=float(np.median(held)) if some else NAN,
        longest_hours=float(held.max()) if some else NAN,
        longs=int((side > 0).sum()),
        shorts=int((side < 0).sum()),
        long_profit=float(profit[side > 0].sum()),
        short_profit=float(profit[side < 0].sum()),
    )


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else NAN


def _longest(there: NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], there, [False]]).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max(initial=0))
