"""The floors: the work of a backtest as a bare compiled loop, with nothing around it."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from quorum.stats import kernel

FEE = 0.001
CASH = 1_000_000.0
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@kernel
def crossover(opens: Floats, closes: Floats, fast: int, slow: int, equity: Floats) -> float:
    """Long one unit while the fast mean is above the slow one, filled at the next open; the final equity."""
    cash, held, wish = CASH, 0.0, 0.0
    total_fast = total_slow = above = 0.0
    for i in range(len(closes)):
        if wish != held:
            cash -= (wish - held) * opens[i] + abs(wish - held) * opens[i] * FEE
            held = wish
        total_fast += closes[i] - (closes[i - fast] if i >= fast else 0.0)
        total_slow += closes[i] - (closes[i - slow] if i >= slow else 0.0)
        if i >= slow - 1:
            gap = total_fast / fast - total_slow / slow
            if i >= slow:
                if gap > 0.0 and above <= 0.0:
                    wish = 1.0
                elif gap < 0.0 and above >= 0.0:
                    wish = 0.0
            above = gap
        equity[i] = cash + held * closes[i]
    return float(equity[-1])


@kernel
def mean_of_last(closes: Floats, window: int, out: Floats) -> None:
    """The running mean of the last `window` closes, 0 before it is known."""
    total = 0.0
    for i in range(len(closes)):
        total += closes[i] - (closes[i - window] if i >= window else 0.0)
        out[i] = total / window if i >= window - 1 else 0.0


@numba.njit(parallel=True)  # type: ignore[untyped-decorator]
def all_crossovers(opens: Floats, closes: Floats, means: Floats, pairs: Ints, final: Floats) -> None:
    """The final equity of every pair (k, 3) of (row of the fast mean, row of the slow mean, slow window)."""
    for k in numba.prange(len(pairs)):
        fast, slow = means[pairs[k, 0]], means[pairs[k, 1]]
        cash, held, wish = CASH, 0.0, 0.0
        for i in range(pairs[k, 2], len(closes)):
            if wish != held:
                cash -= (wish - held) * opens[i] + abs(wish - held) * opens[i] * FEE
                held = wish
            if fast[i] > slow[i] and fast[i - 1] <= slow[i - 1]:
                wish = 1.0
            elif fast[i] < slow[i] and fast[i - 1] >= slow[i - 1]:
                wish = 0.0
        final[k] = cash + held * closes[-1]


@kernel
def monthly(opens: Floats, closes: Floats, ends: NDArray[np.bool_], top: int, lookback: int, equity: Floats) -> float:
    """Equal parts in the `top` symbols that grew most, from the open after each month's end; the final equity."""
    days, symbols = closes.shape
    held, chosen = np.zeros(symbols), np.zeros(symbols, np.bool_)
    cash, waiting = 10.0 * CASH, False
    for i in range(days):
        if waiting:
            worth = cash
            for j in range(symbols):
                worth += held[j] * opens[i, j]
            for j in range(symbols):
                change = (worth / top / opens[i, j] if chosen[j] else 0.0) - held[j]
                cash -= change * opens[i, j] + abs(change) * opens[i, j] * FEE
                held[j] += change
            waiting = False
        if ends[i] and i >= lookback:
            order = np.argsort(closes[i] / closes[i - lookback])
            chosen[:] = False
            chosen[order[symbols - top :]] = True
            waiting = True
        worth = cash
        for j in range(symbols):
            worth += held[j] * closes[i, j]
        equity[i] = worth
    return float(equity[-1])
