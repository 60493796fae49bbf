"""The floor: the work of one backtest as a bare compiled loop, with nothing around it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quorum.stats import kernel

FEE = 0.001
Floats = NDArray[np.float64]


@kernel
def crossover(opens: Floats, closes: Floats, fast: int, slow: int, equity: Floats) -> float:
    """Long one unit while the fast mean is above the slow one, filled at the next open; the final equity."""
    cash, held, wish = 100_000.0, 0.0, 0.0
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
