"""Combinatorial purged cross-validation: many histories out of one, each proved on days that its choice did not see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from quorum.domain import plain
from quorum.stats import Span, TooFewRows, combinatorial_splits, path_count
from quorum.validation.outcomes import Inconclusive
from quorum.validation.walkforward.candidates import Candidates, Floats, Ints, span_sharpes

_NO_SPREAD = 1e-12  # share of a sum of squares below which what is left of it is rounding


@dataclass(frozen=True, slots=True)
class Groups:
    """How the days are cut: `groups` groups of which `tests` at a time are proved on.

    `purge` days before a test and after it are not learned from, nor `embargo` more after it.
    """

    groups: int = 6
    tests: int = 2
    purge: int = 1
    embargo: int = 10


@dataclass(frozen=True, slots=True, eq=False)
class CrossValidation:
    """What choosing on every part of the days and proving on the rest came to.

    `chosen` (s,) is each split's combination, `returns` (p, d) the paths: all d days once, each day from a choice that
    did not see it; `sharpes` (p,) are their annualised ratios. A change of parameters within a path costs nothing.
    """

    chosen: Ints
    returns: Floats
    sharpes: Floats

    @property
    def losing(self) -> float:
        """The share of paths with a Sharpe ratio below 0."""
        return float(np.mean(self.sharpes < 0))

    def summary(self) -> dict[str, Any]:
        """The plain numbers."""
        low, middle, high = np.quantile(self.sharpes, [0.05, 0.5, 0.95])
        numbers = {"mean": self.sharpes.mean(), "median": middle, "low": low, "high": high, "losing": self.losing}
        told = {name: plain(float(value)) for name, value in numbers.items()}
        return {
            "splits": len(self.chosen),
            "paths": len(self.sharpes),
            "combinations_chosen": len(np.unique(self.chosen)),
            **told,
            "sharpes": plain(self.sharpes.tolist()),
        }


def cross_validate(tried: Candidates, periods: float, cut: Groups = Groups()) -> CrossValidation | Inconclusive:
    """Choose by the best Sharpe ratio on the training days of every split, and prove on its test days.

    Inconclusive when no day is left to learn from; ValueError for groups that make no splits. Lopez de Prado (2018),
    chapter 12.
    """
    returns = np.nan_to_num(tried.returns, nan=0.0)
    try:
        splits = combinatorial_splits(returns.shape[1], cut.groups, cut.tests, cut.purge, cut.embargo)
    except TooFewRows as few:
        return Inconclusive("days", few.needed, few.found)
    sums = _running(returns), _running(returns**2)
    paths = np.empty((path_count(cut.groups, cut.tests), returns.shape[1]))
    chosen = np.array([int(np.argmax(_ratios(sums, split.train))) for split in splits], dtype=np.int64)
    for best, split in zip(chosen, splits, strict=True):
        for span, path in zip(split.tests, split.paths, strict=True):
            paths[path, slice(*span)] = returns[best, slice(*span)]
    return CrossValidation(chosen, paths, span_sharpes(paths, periods))


def _running(values: Floats) -> Floats:
    """Sums (k, d + 1) of the first 0, 1, ... d columns."""
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)


def _ratios(sums: tuple[Floats, Floats], spans: tuple[Span, ...]) -> Floats:
    """The Sharpe ratio per day (k,) over the days of `spans`, 0 without spread."""
    n = sum(span.size for span in spans)
    total, square = (sum((s[:, b] - s[:, a] for a, b in spans), np.zeros(len(s))) for s in sums)
    left = square - total**2 / n
    flat = (left <= _NO_SPREAD * square) | (n < 2)
    return np.asarray(np.where(flat, 0.0, total / n / np.sqrt(np.where(flat, 1.0, left) / max(n - 1, 1))))
