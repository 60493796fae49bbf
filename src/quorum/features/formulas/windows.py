"""Finite windows: a value is one function of its window, oldest first, the same in a batch and in a stream."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from quorum.features.formulas.codes import DEVIATION, HIGHEST, LAG, LOWEST, MEAN, MEDIAN, RANK, SUM
from quorum.stats import kernel

Floats = NDArray[np.float64]
_SPLIT = 2.0**27 + 1.0


@kernel
def window_value(code: int, x: Floats, first: int, end: int, scale: float) -> float:
    """The value of the window x[first:end], oldest first; NaN when one of its values is NaN.

    `scale` is the grid of a MEAN: its values are whole multiples of 1 / scale, 0 for values off any grid.
    """
    if code == LAG:
        return float(x[first])
    if code == MEAN:
        return exact_mean(x, first, end, scale)
    if code == SUM:
        return exact_sum(x, first, end, 0.0)[0]
    if code == DEVIATION:
        return sample_deviation(x, first, end)
    if code == HIGHEST:
        return extreme(x, first, end, 1.0)
    if code == LOWEST:
        return -extreme(x, first, end, -1.0)
    if code == MEDIAN:
        return median_of(x, first, end)
    if code == RANK:
        return rank_of_last(x, first, end)
    return least_squares_slope(x, first, end)


@kernel
def exact_sum(x: Floats, first: int, end: int, scale: float) -> tuple[float, float]:
    """The sum of x[first:end] as a float and what it lacks; of whole steps (x * scale rounded) when scale > 0.

    On a grid exact, else to about 2**-100 of the largest sum on the way, each addition's rounding error being
    kept and added up. (D. E. Knuth's two-sum; T. Ogita, S. Rump, S. Oishi, Accurate sum and dot product, 2005.)
    """
    high, low = 0.0, 0.0
    for k in range(first, end):
        value = np.rint(x[k] * scale) if scale > 0.0 else x[k]
        total = high + value
        back = total - high
        low += (high - (total - back)) + (value - back)
        high = total
    total = high + low
    return total, low - (total - high)


@kernel
def exact_mean(x: Floats, first: int, end: int, scale: float) -> float:
    """The mean of x[first:end], rounded once: equal means of windows of any lengths are equal floats."""
    high, low = exact_sum(x, first, end, scale)
    count = (end - first) * (scale if scale > 0.0 else 1.0)
    quotient = high / count
    if not math.isfinite(quotient):
        return np.nan
    left, right = _halves(quotient)
    above, below = _halves(count)
    product = quotient * count
    error = ((left * above - product) + left * below + right * above) + right * below
    return quotient + (((high - product) - error) + low) / count


@kernel
def _halves(value: float) -> tuple[float, float]:
    """Two floats of 26 digits each that add up to `value` (T. J. Dekker, 1971)."""
    spread = _SPLIT * value
    high = spread - (spread - value)
    return high, value - high


@kernel
def sample_deviation(x: Floats, first: int, end: int) -> float:
    """The sample standard deviation (ddof=1) of x[first:end], in two passes; 0 for equal values."""
    mean = exact_mean(x, first, end, 0.0)
    total = 0.0
    for k in range(first, end):
        total += (x[k] - mean) * (x[k] - mean)
    return math.sqrt(total / (end - first - 1))


@kernel
def extreme(x: Floats, first: int, end: int, side: float) -> float:
    """The largest of side * x[first:end]."""
    best = -np.inf
    for k in range(first, end):
        value = side * x[k]
        if math.isnan(value):
            return np.nan
        best = max(best, value)
    return best + 0.0


@kernel
def median_of(x: Floats, first: int, end: int) -> float:
    """The middle of x[first:end], or the mean of the two in the middle."""
    ordered = np.empty(end - first)
    for k in range(first, end):
        if math.isnan(x[k]):
            return np.nan
        insert(ordered, k - first, x[k])
    return middle(ordered, end - first)


@kernel
def insert(ordered: Floats, count: int, value: float) -> None:
    """Put `value` into its place among the first `count` of `ordered`."""
    k = count
    while k > 0 and ordered[k - 1] > value:
        ordered[k] = ordered[k - 1]
        k -= 1
    ordered[k] = value


@kernel
def take_out(ordered: Floats, count: int, value: float) -> None:
    """Take a value equal to `value` out of the first `count` of `ordered`."""
    k = 0
    while k < count - 1 and ordered[k] != value:
        k += 1
    while k < count - 1:
        ordered[k] = ordered[k + 1]
        k += 1


@kernel
def middle(ordered: Floats, count: int) -> float:
    """The median of `count` ordered values; a zero has no sign."""
    half = count // 2
    if count % 2 == 1:
        return float(ordered[half] + 0.0)
    return float((ordered[half - 1] + ordered[half]) / 2.0 + 0.0)


@kernel
def rank_of_last(x: Floats, first: int, end: int) -> float:
    """The share, 0 to 1, of the others of x[first:end] that lie below its last value; an equal one counts half."""
    last, below = x[end - 1], 0.0
    if math.isnan(last):
        return np.nan
    for k in range(first, end - 1):
        if math.isnan(x[k]):
            return np.nan
        if x[k] < last:
            below += 1.0
        elif x[k] == last:
            below += 0.5
    return below / (end - first - 1)


@kernel
def least_squares_slope(x: Floats, first: int, end: int) -> float:
    """The slope per bar of the line through x[first:end] with the least squares."""
    count = end - first
    centre, total = (count - 1) / 2.0, 0.0
    for k in range(first, end):
        total += (k - first - centre) * (x[k] - x[first])
    return total / (count * (count * count - 1.0) / 12.0)


@kernel
def fill_window(code: int, x: Floats, length: int, scale: float, out: Floats) -> None:
    """Write the value of the last `length` of x[: i + 1] into out[i], NaN before there are as many; shapes (n,)."""
    if code == MEDIAN:
        fill_median(x, length, out)
        return
    for i in range(min(length - 1, len(x))):
        out[i] = np.nan
    for i in range(length - 1, len(x)):
        out[i] = window_value(code, x, i + 1 - length, i + 1, scale)


@kernel
def fill_median(x: Floats, length: int, out: Floats) -> None:
    """What `fill_window` writes for medians, the window kept in order instead of ordered afresh."""
    ordered, count = np.empty(length), 0
    for i in range(len(x)):
        if i >= length and not math.isnan(x[i - length]):
            take_out(ordered, count, x[i - length])
            count -= 1
        if not math.isnan(x[i]):
            insert(ordered, count, x[i])
            count += 1
        out[i] = middle(ordered, count) if count == length else np.nan
