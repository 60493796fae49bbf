"""Stats: arrays in, numbers out.

Promise: pure numerics with their convention named, and the compiler of the kernels that use them.
In: numpy arrays. Out: numbers, arrays, compiled functions.
Neighbours: any room may call it; it knows none.
"""

from quorum.stats.compiled import cache_key, cache_kernels, kernel

__all__ = ["cache_key", "cache_kernels", "kernel"]
