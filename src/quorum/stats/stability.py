"""Do a strategy's parameters hold still: how far the chosen ones drift, and how flat the ground around them is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from quorum.stats.performance import NAN, Floats

_RANDOM_STEP = 1.0 / 3.0  # E|U - V| of two independent uniform picks
Scale = Literal["linear", "log", "categorical"]


@dataclass(frozen=True, slots=True)
class Axis:
    """The bounds of one parameter and the scale on which its steps count; a categorical one needs no bounds."""

    low: float = 0.0
    high: float = 0.0
    scale: Scale = "linear"


@dataclass(frozen=True, slots=True)
class Stability:
    """0 for choices at random or peaks, 1 for frozen parameters on a plateau; `drifts` are those of each parameter."""

    score: float
    drift: float
    plateau: float
    drifts: tuple[float, ...]


def parameter_stability(chosen: Floats, axes: Sequence[Axis], metrics: Floats) -> Stability:
    """Stability of the parameters `chosen` (w, p) in w windows, in order of time, and of the metric around them.

    `metrics` (w, 1 + m): the chosen configuration's metric in its window, then its neighbours' one grid step away, NaN
    where there is no such neighbour. drift = mean over parameters of 1 - min(1, mean step / range / (1/3)), on the
    logarithm for a log scale; 1 - min(1, 1 - share of the most frequent value) for a categorical one. plateau = mean
    over windows of the mean of clip(neighbour / chosen, 0, 1), 0 where the chosen metric is not above 0.
    score = sqrt(drift x plateau) (all ours). Without parameters everything is 1; plateau and score are NaN when no
    window has a neighbour. ValueError for fewer than 2 windows, shapes that differ, a choice that is not finite, or
    a log scale at or below 0.
    """
    _check(chosen, axes, metrics)
    if not axes:
        return Stability(1.0, 1.0, 1.0, ())
    drifts = tuple(_stillness(chosen[:, j], axis) for j, axis in enumerate(axes))
    drift, plateau = float(np.mean(drifts)), _plateau(metrics)
    return Stability(float(np.sqrt(drift * plateau)), drift, plateau, drifts)


def _check(chosen: Floats, axes: Sequence[Axis], metrics: Floats) -> None:
    windows = len(metrics)
    if metrics.ndim != 2 or chosen.shape != (windows, len(axes)) or metrics.shape[1] < 1:
        needed = f"(w, {len(axes)}) and (w, 1 + m)"
        raise ValueError(f"choices {chosen.shape} and metrics {metrics.shape}; {needed} are needed")
    if windows < 2:
        raise ValueError(f"{windows} windows; at least 2 are needed")
    if not bool(np.isfinite(chosen).all()):
        raise ValueError("a chosen parameter that is not finite; give codes for categories")


def _stillness(values: Floats, axis: Axis) -> float:
    if axis.scale == "categorical":
        return float(np.unique(values, return_counts=True)[1].max()) / len(values)
    low, high = axis.low, axis.high
    if axis.scale == "log":
        if min(low, float(values.min())) <= 0:
            raise ValueError(f"a log scale from {min(low, float(values.min()))}; values above 0 are needed")
        values, low, high = np.log(values), float(np.log(low)), float(np.log(high))
    step = float(np.abs(np.diff(values)).mean())
    if step == 0:
        return 1.0
    return 1.0 - min(1.0, step / (high - low) / _RANDOM_STEP) if high > low else 0.0


def _plateau(metrics: Floats) -> float:
    around = metrics[:, 1:]
    there = ~np.isnan(around)
    best = np.where(metrics[:, 0] > 0, metrics[:, 0], np.inf)
    kept = np.clip(np.where(there, around, 0.0) / best[:, None], 0.0, 1.0)
    counted = there.any(axis=1)
    if not counted.any():
        return NAN
    return float(np.mean(kept[counted].sum(axis=1) / there[counted].sum(axis=1)))
