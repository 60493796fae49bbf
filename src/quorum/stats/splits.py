"""What may be learned from what: windows that walk forward, and groups combined with what leaks between them purged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Marks = NDArray[np.bool_]

MOST_SPLITS = 100_000


class TooFewRows(ValueError):
    """There are `found` rows and `needed` are needed; never is anything smaller made of them in silence."""

    def __init__(self, needed: int, found: int, purpose: str) -> None:
        super().__init__(f"{found} rows; {needed} are needed for {purpose}")
        self.needed = needed
        self.found = found


class Span(NamedTuple):
    """Rows `start` up to, not including, `stop`."""

    start: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.start


class Window(NamedTuple):
    """Learn on `train`, prove on `test`, which comes later."""

    train: Span
    test: Span


class Split(NamedTuple):
    """Learn on all spans of `train`, prove on each of `tests`; the j-th of them belongs to path `paths[j]`."""

    train: tuple[Span, ...]
    tests: tuple[Span, ...]
    paths: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WalkForward:
    """`windows` windows of `train` rows, a gap of `purge` + `embargo`, and `test` rows; each begins `test` rows later.

    `windows` None means as many as fit. `anchored` windows all begin with row 0 and grow. ValueError for a size
    below 1 or a negative gap.
    """

    windows: int | None = 12
    train: int = 252
    test: int = 63
    purge: int = 0
    embargo: int = 0
    anchored: bool = False

    def __post_init__(self) -> None:
        sizes = (self.train, self.test, 1 if self.windows is None else self.windows)
        if min(sizes) < 1 or min(self.purge, self.embargo) < 0:
            raise ValueError(f"{self}; sizes of at least 1 and gaps of at least 0 are needed")

    @property
    def rows_needed(self) -> int:
        """Rows that all windows take, one window when `windows` is None."""
        return self.train + self.purge + self.embargo + self.test * (self.windows or 1)

    def split(self, n: int) -> tuple[Window, ...]:
        """The windows over n rows, from row 0; what is left at the end is not used. TooFewRows when they do not fit."""
        if n < self.rows_needed:
            raise TooFewRows(self.rows_needed, n, f"{self.windows or 1} windows of {self.train} and {self.test}")
        gap = self.train + self.purge + self.embargo
        count = (n - gap) // self.test if self.windows is None else self.windows
        return tuple(self._window(k * self.test, gap) for k in range(count))

    def _window(self, first: int, gap: int) -> Window:
        train = Span(0 if self.anchored else first, first + self.train)
        return Window(train, Span(first + gap, first + gap + self.test))


def combinatorial_splits(
    n: int, groups: int = 6, tests: int = 2, purge: int | Rows = 0, embargo: int = 0
) -> tuple[Split, ...]:
    """Combinatorial purged cross-validation: every choice of `tests` out of `groups` groups of n rows, in order.

    `groups` = 6 and `tests` = 2 give 15 splits and 5 paths (`path_count`), on each of which every row is proved once.
    The last group takes the remainder. `purge` says how far a row's label reaches: that many rows ahead, or (n,) the
    last row that each label uses. A row is not learned from when its label reaches into a test group, when it lies
    where the labels of the group reach, or within `embargo` rows after that. TooFewRows when nothing is left to
    learn from; ValueError unless 1 <= tests < groups, for more than 100,000 splits or a label that ends before its row.
    Lopez de Prado (2018), Advances in Financial Machine Learning, chapters 7 and 12.
    """
    edges = _edges(n, groups, tests)
    spans = [Span(a, b) for a, b in pairwise(edges)]
    ends = _label_ends(n, purge)
    if embargo < 0:
        raise ValueError(f"an embargo of {embargo} rows; at least 0 is needed")
    kept = [~_touched(span, ends, embargo) for span in spans]
    seen = [0] * groups
    splits = []
    for chosen in combinations(range(groups), tests):
        train = _spans(np.logical_and.reduce([kept[g] for g in chosen]))
        if not train:
            needed = groups * (2 * int((ends - np.arange(n)).max()) + embargo + 1)
            raise TooFewRows(needed, n, f"a row to learn from beside the groups {chosen}")
        splits.append(Split(train, tuple(spans[g] for g in chosen), tuple(seen[g] for g in chosen)))
        for g in chosen:
            seen[g] += 1
    return tuple(splits)


def path_count(groups: int, tests: int) -> int:
    """Paths that the splits of `combinatorial_splits` make: how often each group is proved."""
    return comb(groups - 1, tests - 1)


def rows_of(spans: Iterable[Span]) -> Rows:
    """The rows of `spans`, one after the other."""
    parts = [np.arange(start, stop, dtype=np.int64) for start, stop in spans]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)


def _edges(n: int, groups: int, tests: int) -> list[int]:
    if not 1 <= tests < groups:
        raise ValueError(f"{tests} test groups of {groups}; 1 <= tests < groups is needed")
    if comb(groups, tests) > MOST_SPLITS:
        raise ValueError(f"{comb(groups, tests)} splits; at most {MOST_SPLITS} are allowed")
    if n < groups:
        raise TooFewRows(groups, n, f"{groups} groups")
    return [g * (n // groups) for g in range(groups)] + [n]


def _label_ends(n: int, purge: int | Rows) -> Rows:
    rows = np.arange(n, dtype=np.int64)
    ends = np.asarray(rows + purge if np.ndim(purge) == 0 else purge, dtype=np.int64)
    if ends.shape != (n,) or bool(np.any(ends < rows)):
        raise ValueError(f"label ends of shape {ends.shape}; {(n,)} are needed, none before its own row")
    return ends


def _touched(span: Span, ends: Rows, embargo: int) -> Marks:
    """Rows that are tested in `span`, or that know of it, or that come too soon after it."""
    touched = np.zeros(len(ends), dtype=np.bool_)
    np.greater_equal(ends[: span.start], span.start, out=touched[: span.start])
    touched[span.start : int(ends[span.start : span.stop].max()) + 1 + embargo] = True
    return touched


def _spans(marks: Marks) -> tuple[Span, ...]:
    """The runs of True in `marks` (n,)."""
    turns = np.flatnonzero(marks[1:] != marks[:-1]) + 1
    edges = [0, *turns.tolist(), len(marks)]
    first = 0 if marks[0] else 1
    return tuple(Span(a, b) for a, b in zip(edges[first:-1:2], edges[first + 1 :: 2], strict=False))
