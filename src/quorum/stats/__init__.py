"""Stats: arrays in, numbers out.

Promise: pure numerics with their convention named, and the compiler of the kernels that use them.
In: numpy arrays. Out: numbers, arrays, compiled functions.
Neighbours: any room may call it; it knows none.
"""

from quorum.stats.compiled import cache_kernels, cache_key, kernel
from quorum.stats.performance import (
    Month,
    Performance,
    max_drawdown,
    monthly_returns,
    performance,
    profit_factor,
    win_rate,
)

__all__ = [
    "Month",
    "Performance",
    "cache_kernels",
    "cache_key",
    "kernel",
    "max_drawdown",
    "monthly_returns",
    "performance",
    "profit_factor",
    "win_rate",
]
