"""How returns are spread: a histogram whose ends hold what lies beyond."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.stats.normal import normal_cdf
from quorum.stats.performance import Floats

_FEWEST, _MOST = 25, 61


class Histogram(NamedTuple):
    """Counts (k,) of returns between `edges` (k + 1,), which are multiples of one width; the first and the last bin
    also hold what lies beyond. `normal` (k,) is what a normal of the same mean and spread would count.
    """

    edges: Floats
    counts: NDArray[np.int64]
    normal: Floats


def histogram(returns: Floats) -> Histogram:
    """Bins of a round width near that of Freedman and Diaconis (1981), from the 0.5 % to the 99.5 % quantile.

    Returns that are not finite are left out; no bins for fewer than 2 returns or for equal ones.
    """
    sound = returns[np.isfinite(returns)]
    low, q1, q3, high = np.quantile(sound, (0.005, 0.25, 0.75, 0.995)) if len(sound) > 1 else (0.0, 0.0, 0.0, 0.0)
    if not high > low:
        return Histogram(np.empty(0), np.empty(0, np.int64), np.empty(0))
    wide = 2.0 * (q3 - q1) / np.cbrt(len(sound))
    width = rounded(float(np.clip(wide, (high - low) / _MOST, (high - low) / _FEWEST)))
    edges = np.arange(np.floor(low / width), np.ceil(high / width) + 1.0) * width
    counts, _ = np.histogram(np.clip(sound, edges[0], edges[-1]), edges)
    return Histogram(edges, counts, _expected(sound, edges))


def _expected(returns: Floats, edges: Floats) -> Floats:
    below = normal_cdf((edges - returns.mean()) / returns.std(ddof=1))
    below[0], below[-1] = 0.0, 1.0
    return np.asarray(np.diff(below) * len(returns))


def rounded(width: float) -> float:
    """The least number 1, 2 or 5 times a power of ten at or above `width`."""
    power = 10.0 ** np.floor(np.log10(width))
    return float(next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= width * (1 - 1e-12)))
