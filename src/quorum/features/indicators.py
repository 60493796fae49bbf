"""Indicators over whole series: shapes (n,) in and out; row i looks at rows up to i, NaN before it can."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quorum.domain import DataError, UsageError
from quorum.features.atr import ATR, fill_atr, open_atr

Floats = NDArray[np.float64]


def column(values: ArrayLike) -> Floats:
    """`values` as a read-only contiguous float64 array, the one form that kernels are compiled for.

    DataError when it is not one-dimensional.
    """
    array = np.ascontiguousarray(values, dtype=np.float64).view()
    if array.ndim != 1:
        raise DataError(f"an array of shape {array.shape}", "one dimension is needed")
    array.flags.writeable = False
    return array


def sma(values: ArrayLike, window: int) -> Floats:
    """Mean of the last `window` values, in their unit; NaN before they are `window`, and while one of them is NaN.

    Each window is summed afresh, oldest first: the value does not depend on where the series starts. O(n window).
    UsageError when window < 1.
    """
    series = column(values)
    out = _empty(series, window, least=1)
    full = max(len(series) - window + 1, 0)
    total = np.zeros(full)
    for k in range(window):
        total += series[k : k + full]
    out[window - 1 :] = total / window
    return out


def rolling_volatility(returns: ArrayLike, window: int) -> Floats:
    """Sample standard deviation (ddof=1) of the last `window` returns, per bar, not annualised; NaN as in `sma`.

    Two passes over each window, so that a large mean costs no digits. O(n window). UsageError when window < 2.
    """
    series = column(returns)
    out = _empty(series, window, least=2)
    full = max(len(series) - window + 1, 0)
    mean = sma(series, window)[window - 1 :]
    total = np.zeros(full)
    for k in range(window):
        total += (series[k : k + full] - mean) ** 2
    out[window - 1 :] = np.sqrt(total / (window - 1))
    return out


def log_returns(prices: ArrayLike) -> Floats:
    """log(price / previous price), a fraction per bar; NaN at row 0 and where one of the two is not above 0."""
    series = column(prices)
    out = np.full(len(series), np.nan)
    ratio = np.full(max(len(series) - 1, 0), np.nan)
    np.divide(series[1:], series[:-1], out=ratio, where=(series[1:] > 0) & (series[:-1] > 0))
    np.log(ratio, out=out[1:])
    return out


def true_range(high: ArrayLike, low: ArrayLike, close: ArrayLike) -> Floats:
    """Largest of high - low, |high - previous close| and |low - previous close|; high - low at row 0.

    In the unit of the prices. DataError when the three differ in length. (Wilder 1978.)
    """
    highs, lows, closes = _together(high, low, close)
    out = highs - lows
    np.maximum(out[1:], np.abs(highs[1:] - closes[:-1]), out=out[1:])
    np.maximum(out[1:], np.abs(lows[1:] - closes[:-1]), out=out[1:])
    return out


def wilder_atr(high: ArrayLike, low: ArrayLike, close: ArrayLike, period: int) -> Floats:
    """Wilder's average true range over `period` bars, in the unit of the prices; NaN before its warm-up.

    The warm-up is `atr_warmup(period)` bars (373 for 14): the seed then weighs less than 1e-12, and where the
    series starts is forgotten. Rule and source: `advance_atr`. DataError when the three differ in length,
    UsageError when period < 1.
    """
    highs, lows, closes = _together(high, low, close)
    out = _empty(highs, period, least=1)
    state: np.record = np.zeros(1, ATR)[0]
    open_atr(state, period)
    fill_atr(state, highs, lows, closes, out)
    return out


def highest(values: ArrayLike, window: int) -> Floats:
    """Largest of the last `window` values, row i included; NaN as in `sma`. UsageError when window < 1."""
    return _extreme(column(values), window, np.maximum)


def lowest(values: ArrayLike, window: int) -> Floats:
    """Smallest of the last `window` values, row i included; NaN as in `sma`. UsageError when window < 1."""
    return _extreme(column(values), window, np.minimum)


def _extreme(series: Floats, window: int, choose: Callable[[Floats, Floats], Floats]) -> Floats:
    """Extremes of spans 1, 2, 4, ..., then of two overlapping spans: O(n log window), exact."""
    out = _empty(series, window, least=1)
    if window > len(series):
        return out
    best = series.copy()
    span = 1
    while span < window:
        shift = min(span, window - span)
        best[shift:] = choose(best[shift:], best[:-shift])
        span += shift
    out[window - 1 :] = best[window - 1 :]
    return out


def _empty(series: Floats, window: int, least: int) -> Floats:
    if window < least:
        raise UsageError(f"a window of {window} bars", f"give one of at least {least}")
    return np.full(len(series), np.nan)


def _together(*values: ArrayLike) -> list[Floats]:
    columns = [column(v) for v in values]
    if len({len(c) for c in columns}) > 1:
        raise DataError(f"high, low and close have {[len(c) for c in columns]} rows", "one length is needed")
    return columns
