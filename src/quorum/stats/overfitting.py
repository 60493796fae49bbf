"""The probability of backtest overfitting: how often the best half of the past is a poor choice for the other half."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.stats.compiled import kernel
from quorum.stats.performance import NAN, Floats

MOST_BLOCKS = 20
_NO_SPREAD = 1e-12  # share of a sum of squares below which what is left of it is rounding


@dataclass(frozen=True, slots=True, eq=False)
class Overfitting:
    """What all C ways of cutting the past into two halves say, in the order of `itertools.combinations`.

    `logits` (C,) of the relative rank, in the other half, of the best of each half; `pbo` is the share at or below 0.
    `in_sample` and `out_of_sample` (C,) are that configuration's Sharpe ratios per period in both halves, and
    `slope`, `intercept`, `r2` the line of the second on the first. `probability_of_loss` is the share of the
    second below 0. `first_order`, `second_order`: choosing dominates the average configuration stochastically.
    `dropped` counts rows left out at the start.
    """

    pbo: float
    logits: Floats
    in_sample: Floats
    out_of_sample: Floats
    slope: float
    intercept: float
    r2: float
    probability_of_loss: float
    first_order: bool
    second_order: bool
    dropped: int


class _Halves(NamedTuple):
    """Block sums and sums of squares, summed over every subset of the early and of the late blocks: (2^h, N)."""

    early: Floats
    early_squares: Floats
    late: Floats
    late_squares: Floats
    subsets: NDArray[np.int64]
    rows: int


def probability_of_overfitting(returns: Floats, blocks: int = 16) -> Overfitting:
    """Combinatorially symmetric cross-validation of N configurations over T periods, returns (T, N).

    T mod `blocks` rows are dropped at the start. The metric is mean / std (ddof 1), 0 for a half without spread.
    The relative rank is rank / (N + 1), ties share the mean rank, the first of equal configurations is chosen.
    A high value can also mean that all configurations are equally good. ValueError for fewer than 2
    configurations, an odd number of blocks or more than 20, too few rows, or a return that is not finite.
    Bailey, Borwein, Lopez de Prado and Zhu (2017), The Probability of Backtest Overfitting.
    """
    returns = np.asarray(returns, dtype=np.float64)
    _check(returns, blocks)
    dropped = len(returns) % blocks
    count = comb(blocks, blocks // 2)
    best_in, best_out, average_out, ranks = _walk(_halves(returns[dropped:], blocks), count)
    share = ranks / (returns.shape[1] + 1)
    logits = np.log(share / (1.0 - share))
    slope, intercept, r2 = _line(best_in, best_out)
    first, second = _dominates(best_out, average_out)
    return Overfitting(
        pbo=float(np.mean(logits <= 0)),
        logits=logits,
        in_sample=best_in,
        out_of_sample=best_out,
        slope=slope,
        intercept=intercept,
        r2=r2,
        probability_of_loss=float(np.mean(best_out < 0)),
        first_order=first,
        second_order=second,
        dropped=dropped,
    )


def _check(returns: Floats, blocks: int) -> None:
    if returns.ndim != 2 or returns.shape[1] < 2:
        raise ValueError(f"returns of shape {returns.shape}; (periods, at least 2 configurations) is needed")
    if blocks % 2 or not 2 <= blocks <= MOST_BLOCKS:
        raise ValueError(f"{blocks} blocks; an even number in 2..{MOST_BLOCKS} is needed")
    if len(returns) < max(blocks, 4):
        raise ValueError(f"{len(returns)} periods; at least {max(blocks, 4)} are needed for {blocks} blocks")
    if not bool(np.isfinite(returns).all()):
        raise ValueError("a return that is not finite; give 0 where nothing was held")


def _halves(returns: Floats, blocks: int) -> _Halves:
    """No column is centred on its own mean: configurations that are equal in a half must tie there to the bit."""
    half = blocks // 2
    cut = returns.reshape(blocks, -1, returns.shape[1])
    sums, squares = cut.sum(axis=1), np.square(cut).sum(axis=1)
    subsets = np.array([sum(1 << b for b in chosen) for chosen in combinations(range(blocks), half)], dtype=np.int64)
    return _Halves(
        _subset_sums(sums[:half]),
        _subset_sums(squares[:half]),
        _subset_sums(sums[half:]),
        _subset_sums(squares[half:]),
        subsets,
        len(returns) // 2,
    )


def _subset_sums(parts: Floats) -> Floats:
    """Sums (2^h, N) of the rows (h, N) over every subset; bit b of a subset's number is row b."""
    sums = np.zeros((1, parts.shape[1]))
    for part in parts:
        sums = np.concatenate([sums, sums + part])
    return sums


@kernel
def _walk(halves: _Halves, count: int) -> tuple[Floats, Floats, Floats, Floats]:
    """For every half: the best's ratio in it and in the other, the mean ratio in the other, the best's rank there."""
    best_in, best_out = np.empty(count), np.empty(count)
    average_out, ranks = np.empty(count), np.empty(count)
    every = halves.early.shape[0] * halves.late.shape[0] - 1
    ratios, others = np.empty(halves.early.shape[1]), np.empty(halves.early.shape[1])
    for i in range((count + 1) // 2):
        j = count - 1 - i  # in this order the other half of the i-th subset is the i-th from the end
        _ratios(halves, halves.subsets[i], ratios)
        _ratios(halves, every - halves.subsets[i], others)
        best_in[i], best_out[i], average_out[i], ranks[i] = _judge(ratios, others)
        best_in[j], best_out[j], average_out[j], ranks[j] = _judge(others, ratios)
    return best_in, best_out, average_out, ranks


@kernel
def _ratios(halves: _Halves, subset: int, out: Floats) -> None:
    """The Sharpe ratio of every configuration over the blocks of `subset`."""
    size = halves.early.shape[0]
    early, late = subset & (size - 1), subset // size
    sums, more = halves.early[early], halves.late[late]
    squares, more_squares = halves.early_squares[early], halves.late_squares[late]
    share = 1.0 / halves.rows
    scale = np.sqrt((halves.rows - 1) * share * share)
    for k in range(len(out)):
        total, square = sums[k] + more[k], squares[k] + more_squares[k]
        left = square - total * total * share
        flat = left <= _NO_SPREAD * square
        total = 0.0 if flat else total
        left = 1.0 if flat else left
        out[k] = np.divide(total * scale, np.sqrt(left))  # an operator would test for 0 and run 8 times slower


@kernel
def _judge(ratios: Floats, others: Floats) -> tuple[float, float, float, float]:
    best = np.argmax(ratios)
    mine = others[best]
    less, equal, total = 0, 0, 0.0
    for other in others:
        less += other < mine
        equal += other == mine
        total += other
    return ratios[best], mine, total / len(others), less + (equal + 1) / 2


def _line(x: Floats, y: Floats) -> tuple[float, float, float]:
    """Slope, intercept and r2 of the least-squares line of y on x; NaN when x does not vary."""
    dx, dy = x - x.mean(), y - y.mean()
    spread, other = float(dx @ dx), float(dy @ dy)
    if not spread > 0:
        return NAN, NAN, NAN
    slope = float(dx @ dy) / spread
    r2 = slope * slope * spread / other if other > 0 else NAN
    return slope, float(y.mean() - slope * x.mean()), r2


def _dominates(chosen: Floats, average: Floats) -> tuple[bool, bool]:
    """First- and second-order stochastic dominance of one sample over another of the same size."""
    lead = np.sort(chosen) - np.sort(average)
    gained = np.cumsum(lead)
    slack = 1e-12 * float(np.abs(chosen).max() + np.abs(average).max())
    first = bool(lead.min() >= -slack and lead.max() > slack)
    return first, bool(gained.min() >= -slack * len(lead) and gained.max() > slack * len(lead))
