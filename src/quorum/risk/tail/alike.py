"""What moves together: correlations of daily returns, and the groups that a limit counts as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import UsageError
from quorum.risk.tail.history import History

Floats = NDArray[np.float64]
LEAST_DAYS = 60


class Likeness(NamedTuple):
    """Correlations of daily returns (n, n) of sorted `names`, and the common days (n, n) behind each.

    NaN where fewer than `needed` days are common, or one of two does not move; 1 on the diagonal.
    """

    names: tuple[str, ...]
    correlation: Floats
    days: NDArray[np.int64]
    needed: int

    @property
    def unsure(self) -> tuple[tuple[str, str, int], ...]:
        """The pairs of which nothing can be said, with the days that they have in common."""
        pairs = zip(*np.triu_indices(len(self.names), 1), strict=True)
        return tuple(
            (self.names[i], self.names[j], int(self.days[i, j])) for i, j in pairs if np.isnan(self.correlation[i, j])
        )


def likeness(histories: Mapping[str, History], needed: int = LEAST_DAYS) -> Likeness:
    """Pearson's correlation of every two on the days that both have. UsageError for less than 3 days needed."""
    if needed < 3:
        raise UsageError(f"a correlation of {needed} days makes no sense", "take 3 at least, 60 is the default")
    names = tuple(sorted(histories))
    correlation, days = np.eye(len(names)), np.zeros((len(names), len(names)), dtype=np.int64)
    for i, one in enumerate(names):
        days[i, i] = len(histories[one].day)
        for j in range(i + 1, len(names)):
            correlation[i, j], days[i, j] = _pair(histories[one], histories[names[j]], needed)
            correlation[j, i], days[j, i] = correlation[i, j], days[i, j]
    return Likeness(names, correlation, days, needed)


def _pair(one: History, other: History, needed: int) -> tuple[float, int]:
    _, mine, theirs = np.intersect1d(one.day, other.day, assume_unique=True, return_indices=True)
    x, y = one.returns[mine], other.returns[theirs]
    if len(x) < needed or np.ptp(x) <= 0 or np.ptp(y) <= 0:
        return float("nan"), len(x)
    return float(np.clip(np.corrcoef(x, y)[0, 1], -1.0, 1.0)), len(x)


def move_together(alike: Likeness, threshold: float = 0.7, unsure_alike: bool = True) -> dict[str, frozenset[str]]:
    """The clusters, by name, that a limit on what correlates at `threshold` or more counts as one.

    Single linkage: two of a cluster are joined by a chain of pairs that correlate, so that no pair above the threshold
    is ever counted apart (average linkage may part it). A pair of which nothing can be said counts as alike, in a
    cluster of its own beside the others, unless `unsure_alike` is off. What is alone is no cluster.
    UsageError for a threshold outside 0..1.
    """
    if not 0.0 < threshold <= 1.0:
        raise UsageError(f"a correlation of {threshold} is no threshold", "it is above 0 and at most 1")
    n = len(alike.names)
    joined = np.nan_to_num(alike.correlation, nan=-1.0) >= threshold
    left, groups = set(range(n)), list[frozenset[str]]()
    while left:
        group = _reached(min(left), joined)
        left -= group
        groups.append(frozenset(alike.names[i] for i in group))
    if unsure_alike:
        groups += _unsure(alike)
    told = sorted({group for group in groups if len(group) > 1}, key=sorted)
    return {f"cluster {number}": group for number, group in enumerate(told, 1)}


def _reached(start: int, joined: NDArray[np.bool_]) -> set[int]:
    """All that a chain of pairs joins to `start`, itself included."""
    seen, front = {start}, [start]
    while front:
        for other in np.flatnonzero(joined[front.pop()]).tolist():
            if other not in seen:
                seen.add(other)
                front.append(other)
    return seen


def _unsure(alike: Likeness) -> list[frozenset[str]]:
    """For each name of which something is unknown: it and all that it may be like."""
    unknown = np.isnan(alike.correlation)
    return [
        frozenset({name, *(alike.names[j] for j in np.flatnonzero(unknown[i]))})
        for i, name in enumerate(alike.names)
        if unknown[i].any()
    ]
