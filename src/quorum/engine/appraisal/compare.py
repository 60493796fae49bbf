"""What a result is compared with: holding the same symbols, or another series."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DataError, UsageError, iso
from quorum.lake import Bars, Panel

Floats = NDArray[np.float64]


class Benchmark(NamedTuple):
    """A name and a level (n,) above 0 at each close of the bars."""

    name: str
    level: Floats


def buy_and_hold(bars: Bars | Panel) -> Benchmark:
    """Equal parts of the capital put into each symbol at its first close and held without costs; level 1 at first.

    The part of a symbol that begins later waits as cash; what ends early keeps its last price.
    """
    if isinstance(bars, Bars):
        return Benchmark("Buy and hold", bars.close / bars.close[0])
    close = bars.close
    growth = np.ones(close.shape)
    for j in range(close.shape[1]):
        there = np.flatnonzero(~np.isnan(close[:, j]))
        if len(there):
            known = there[np.maximum(np.searchsorted(there, np.arange(len(close)), "right") - 1, 0)]
            growth[:, j] = close[known, j] / close[there[0], j]
    return Benchmark("Buy and hold, equal parts", growth.mean(axis=1))


def levels_of(series: Bars, bars: Bars | Panel) -> Benchmark:
    """The newest close of `series` that is known at each close of `bars`, over the first of them.

    DataError when `series` has none at the first of them, or one that is no price.
    """
    known = series.time + series.timeframe.nanoseconds
    at = np.searchsorted(known, bars.time + bars.timeframe.nanoseconds, "right") - 1
    if len(series) == 0 or at[0] < 0:
        begins = iso(int(series.time[0])) if len(series) else "nowhere"
        raise DataError(
            f"the benchmark {series.symbol} begins {begins}, the backtest {iso(int(bars.time[0]))}",
            "choose a benchmark that reaches back as far, or a later --since",
        )
    if series.flaw is not None:
        raise DataError(f"the benchmark {series.symbol} has a {series.flaw[0]} that is no price")
    close = series.close[at]
    return Benchmark(series.symbol, close / close[0])


def checked(benchmark: Benchmark, n: int) -> Benchmark:
    """The benchmark when it has a level above 0 for each of n closes; UsageError when not."""
    level = benchmark.level
    if level.shape != (n,) or not bool(np.all(np.isfinite(level) & (level > 0))):
        raise UsageError(
            f"the benchmark {benchmark.name} has levels of shape {level.shape}", f"give {n} finite ones above 0"
        )
    return benchmark
