"""The stationary block bootstrap: a past drawn again in blocks of random length, and the range of what it may give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.stats.compiled import kernel
from quorum.stats.performance import Floats
from quorum.stats.significance import Interval

Rows = NDArray[np.int64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))
_TO_FLOAT = np.uint64(11)
_SEED_MASK = (1 << 64) - 1
_NO_SPREAD = 1e-12  # share of a sum of squares below which what is left of it is rounding


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """What m drawn paths came to, each array (m,), all beginning with a wealth of 1.

    `sharpe` is per period, ddof 1, 0 for a path without spread; `max_drawdown` 0 or negative; `wealth` at the end;
    `lowest` wealth on the way. `exact` means every possible path is there once.
    """

    sharpe: Floats
    max_drawdown: Floats
    wealth: Floats
    lowest: Floats
    exact: bool = False

    def ruin(self, level: float) -> float:
        """The probability that wealth falls to `level` of the start or below on the way."""
        return float(np.mean(self.lowest <= level))


class Curve(NamedTuple):
    """A path so far: wealth, its highest and lowest, and the deepest fall below the highest, 0 or negative."""

    wealth: float
    peak: float
    lowest: float
    fall: float


def bootstrap_paths(
    returns: Floats, paths: int = 1000, block: float | None = None, length: int | None = None, seed: int = 0
) -> Paths:
    """`paths` paths of `length` periods (default n) from returns (n,), drawn in blocks of mean length `block`.

    `block` defaults to `block_length`. Path k is the same however many are drawn. ValueError for fewer than 2
    returns or periods, one that is not finite, no path, or a block below 1. Politis and Romano (1994).
    """
    returns = _usable(returns)
    length = len(returns) if length is None else length
    _need(paths >= 1 and length >= 2, f"{paths} paths of {length} periods", "at least 1 of 2 is")
    out = np.empty((4, paths))
    stay = log_stay(block_length(returns) if block is None else block)
    _walk_paths(returns, stay, length, stream_seed(seed), out)
    return Paths(*out)


def stationary_indices(n: int, block: float, paths: int, length: int | None = None, seed: int = 0) -> Rows:
    """Rows (paths, length) of a sample of n in the order in which the stationary bootstrap draws them.

    Blocks begin anywhere with equal probability, have geometric lengths of mean `block` and wrap around the end.
    The draws of `bootstrap_paths` and of the tests of superiority, for the same seed. ValueError for a block below 1.
    Politis and Romano (1994), The Stationary Bootstrap.
    """
    _need(n >= 1 and paths >= 0, f"{paths} paths of {n} rows", "at least 1 row is")
    out = np.empty((paths, n if length is None else length), dtype=np.int64)
    _fill_indices(n, log_stay(block), stream_seed(seed), out)
    return out


def block_length(values: Floats) -> float:
    """The mean block of the stationary bootstrap that suits `values` (n,), from 1 to ceil(min(3 sqrt n, n / 3)).

    Politis and White (2004) with the correction of Patton, Politis and White (2009). As in the package arch the band
    begins at the first of five autocorrelations within +-2 sqrt(log10(n) / n). 1 without spread or below 4 values.
    ValueError for a value that is not finite.
    """
    _need(bool(np.isfinite(values).all()), "a value that is not finite", "finite values are")
    n = len(values)
    if n < 4 or not float(np.ptp(values)) > 0:
        return 1.0
    quiet = max(5, int(np.sqrt(np.log10(n))))
    last = min(int(np.ceil(np.sqrt(n))) + quiet, n - 1)
    away = values - values.mean()
    away = away / np.abs(away).max()
    covariance = np.array([away[k:] @ away[: n - k] for k in range(last + 1)])
    correlation = covariance / covariance[0]
    m = _band(correlation, 2.0 * np.sqrt(np.log10(n) / n), quiet)
    lags = np.arange(1, m + 1)
    weight = 2.0 * np.minimum(1.0, 2.0 * (1.0 - lags / m))
    slope = float(np.sum(weight * lags * correlation[1 : m + 1]))
    level = 1.0 + float(np.sum(weight * correlation[1 : m + 1]))
    longest = np.ceil(min(3.0 * np.sqrt(n), n / 3.0))
    if level == 0:
        return float(longest)
    return float(np.clip(abs(slope / level) ** (2.0 / 3.0) * n ** (1.0 / 3.0), 1.0, longest))


def percentile_interval(values: Floats, confidence: float = 0.95) -> Interval:
    """The middle `confidence` of the drawn `values` (m,); ValueError without values."""
    _need(len(values) > 0, "no values", "at least 1 is")
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(values, [tail, 1.0 - tail])
    return Interval(float(low), float(high))


def stream_seed(seed: int) -> np.uint64:
    """`seed`, any whole number, as the 64 bits that the kernels take."""
    return np.uint64(seed & _SEED_MASK)


def log_stay(block: float) -> float:
    """Logarithm of the probability that a block of mean length `block` goes on, -inf for 1; ValueError below 1."""
    _need(1.0 <= block < np.inf, f"blocks of {block}", "a finite mean length of at least 1 is")
    return float(np.log1p(-1.0 / block)) if block > 1.0 else -np.inf


def _band(correlation: Floats, limit: float, quiet: int) -> int:
    """Twice the first lag from which `quiet` correlations in a row are small, within the lags that are there."""
    last = len(correlation) - 1
    small = np.abs(correlation) < limit
    runs = (lag for lag in range(last - quiet + 1) if small[lag : lag + quiet].all())
    return min(2 * max(next(runs, last), 1), last)


def _usable(returns: Floats) -> Floats:
    flat = np.ascontiguousarray(returns, dtype=np.float64)
    _need(flat.ndim == 1 and len(flat) >= 2, f"returns of shape {flat.shape}", "at least 2 in one row are")
    _need(bool(np.isfinite(flat).all()), "a return that is not finite", "finite returns are")
    return flat


def _need(held: bool, found: str, needed: str) -> None:
    if not held:
        raise ValueError(f"{found}; {needed} needed")


@kernel
def scramble(state: np.uint64) -> np.uint64:
    """A well mixed number of a counter. Steele, Lea and Flood (2014), SplitMix64."""
    z = (state ^ (state >> _SHIFTS[0])) * _FIRST
    z = (z ^ (z >> _SHIFTS[1])) * _SECOND
    return z ^ (z >> _SHIFTS[2])


@kernel
def open_stream(seed: np.uint64, number: int) -> np.uint64:
    """The counter at which the `number`-th stream of `seed` begins."""
    return scramble(scramble(seed + _GOLDEN) ^ np.uint64(number))


@kernel
def advance(state: np.uint64) -> np.uint64:
    """The next counter of a stream."""
    return state + _GOLDEN


@kernel
def fraction(state: np.uint64) -> float:
    """A uniform number in [0, 1) of a counter."""
    return np.float64(scramble(state) >> _TO_FLOAT) * 2.0**-53


@kernel
def next_block(state: np.uint64, n: int, log_stay: float) -> tuple[np.uint64, int, int]:
    """The counter afterwards, and where among n rows the next block begins and how long it is."""
    state = advance(state)
    start = int(fraction(state) * n)
    state = advance(state)
    return state, start, 1 + int(np.log(1.0 - fraction(state)) / log_stay)


@kernel
def grow(curve: Curve, gain: float) -> Curve:
    """The curve after one more period; nothing grows again after all was lost."""
    wealth = curve.wealth * max(1.0 + gain, 0.0)
    peak = max(curve.peak, wealth)
    return Curve(wealth, peak, min(curve.lowest, wealth), min(curve.fall, wealth / peak - 1.0))


@kernel
def _fill_indices(n: int, log_stay: float, seed: np.uint64, out: Rows) -> None:
    for path in range(out.shape[0]):
        state = open_stream(seed, path)
        row, left = 0, 0
        for t in range(out.shape[1]):
            if left == 0:
                state, row, left = next_block(state, n, log_stay)
            out[path, t] = row
            row = row + 1 if row + 1 < n else 0
            left -= 1


@kernel
def _walk_paths(returns: Floats, log_stay: float, length: int, seed: np.uint64, out: Floats) -> None:
    n = len(returns)
    centre = returns.mean()
    for path in range(out.shape[1]):
        state = open_stream(seed, path)
        row, left = 0, 0
        total, square = 0.0, 0.0
        curve = Curve(1.0, 1.0, 1.0, 0.0)
        for _ in range(length):
            if left == 0:
                state, row, left = next_block(state, n, log_stay)
            gain = returns[row]
            row = row + 1 if row + 1 < n else 0
            left -= 1
            away = gain - centre
            total += away
            square += away * away
            curve = grow(curve, gain)
        spread = square - total * total / length
        flat = spread <= _NO_SPREAD * square
        out[0, path] = 0.0 if flat else (centre + total / length) / np.sqrt(spread / (length - 1))
        out[1, path], out[2, path], out[3, path] = curve.fall, curve.wealth, curve.lowest
