"""Candidates: parameter sets of one strategy with returns of the same days, and the grid on which the sets stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from quorum.signals import Number
from quorum.stats import Axis

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Combination = Mapping[str, Number]

_NO_SPREAD = 1e-13  # what stats.sharpe takes for no risk at all


class Candidates(Protocol):
    """k combinations and the simple returns (k, d) of the same days (d,), UTC midnights in ns; a Sweep is one."""

    @property
    def combinations(self) -> Sequence[Combination]: ...

    @property
    def day(self) -> Ints: ...

    @property
    def returns(self) -> Floats: ...


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """Candidates that come from anywhere, shapes as in `Candidates`."""

    combinations: tuple[Combination, ...]
    day: Ints
    returns: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The parameters that vary, the axis of each, the values (k, p), and each combination's neighbours (k, 2 p).

    A neighbour is one step away on one axis, all else equal; -1 where there is none.
    """

    names: tuple[str, ...]
    axes: tuple[Axis, ...]
    values: Floats
    neighbours: Ints


def grid_of(combinations: Sequence[Combination]) -> Grid:
    """The grid of at least one combination, all of the same parameters; a combination twice counts where it is first.

    An axis reaches from its smallest to its largest value, on a logarithmic scale when its values are more evenly
    spaced there.
    """
    names = tuple(name for name in combinations[0] if len({c[name] for c in combinations}) > 1)
    values = np.array([[float(c[name]) for name in names] for c in combinations]).reshape(len(combinations), -1)
    levels = [np.unique(values[:, j]) for j in range(len(names))]
    steps = np.stack([np.searchsorted(level, values[:, j]) for j, level in enumerate(levels)], 1) if names else values
    place: dict[tuple[int, ...], int] = {}
    for i, step in enumerate(steps.astype(np.int64).tolist()):
        place.setdefault(tuple(step), i)
    around = [[place.get(near, -1) for near in _near(tuple(s))] for s in steps.astype(np.int64).tolist()]
    neighbours = np.array(around, dtype=np.int64).reshape(len(combinations), 2 * len(names))
    return Grid(names, tuple(_axis(level) for level in levels), values, neighbours)


def span_sharpes(returns: Floats, periods: float) -> Floats:
    """Annualised Sharpe ratio (ddof 1) of each row of `returns` (k, t); 0 without spread, where nothing was risked.

    A return that is NaN, after a ruin, counts as 0.
    """
    held = np.nan_to_num(returns, nan=0.0)
    spread = held.std(axis=1, ddof=1) if held.shape[1] > 1 else np.zeros(len(held))
    flat = np.ptp(held, axis=1) <= _NO_SPREAD if held.shape[1] else np.ones(len(held), np.bool_)
    return np.asarray(np.where(flat, 0.0, held.mean(axis=1) / np.where(flat, 1.0, spread) * np.sqrt(periods)))


def wealth_of(returns: Floats) -> Floats:
    """What 1 has become after each of the returns (t,)."""
    return np.asarray(np.cumprod(1.0 + returns), dtype=np.float64)


def _near(step: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [(*step[:j], step[j] + way, *step[j + 1 :]) for j in range(len(step)) for way in (-1, 1)]


def _axis(levels: Floats) -> Axis:
    low, high = float(levels[0]), float(levels[-1])
    if low > 0 and len(levels) > 2 and _unevenness(np.log(levels)) < _unevenness(levels):
        return Axis(low, high, "log")
    return Axis(low, high)


def _unevenness(levels: Floats) -> float:
    apart = np.diff(levels)
    return float(apart.std() / apart.mean())
