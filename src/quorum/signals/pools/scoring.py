"""How good probabilities were: scores of forecasts against what came of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
NAN = float("nan")


class Murphy(NamedTuple):
    """`brier` = `reliability` - `resolution` + `uncertainty`."""

    brier: float
    reliability: float
    resolution: float
    uncertainty: float


class Bin(NamedTuple):
    """A row of the reliability table: forecasts from `low` up to `high`, what they said on average, what came true."""

    low: float
    high: float
    n: int
    said: float
    came_true: float


class Scores(NamedTuple):
    """Of n forecasts: mean squared error, mean log loss, the odds that a hit was given more than a miss, the mean
    distance between what was said and what came true; NaN without forecasts.
    """

    n: int
    brier: float
    log_loss: float
    auc: float
    calibration_error: float


def scores(probabilities: Floats, outcomes: Floats) -> Scores:
    """Scores of probabilities against outcomes (1 or 0), shapes (n,); the calibration error over ten equal bins."""
    n = len(probabilities)
    if n == 0:
        return Scores(0, NAN, NAN, NAN, NAN)
    table = reliability_table(probabilities, outcomes)
    error = sum(b.n * abs(b.said - b.came_true) for b in table) / n
    squared = float(np.mean((probabilities - outcomes) ** 2))
    return Scores(n, squared, float(log_losses(probabilities, outcomes).mean()), _auc(probabilities, outcomes), error)


def log_losses(probabilities: Floats, outcomes: Floats) -> Floats:
    """-log of what was given to the outcome that came, shape (n,); probabilities are kept 1e-15 away from 0 and 1."""
    inside = np.clip(probabilities, 1e-15, 1.0 - 1e-15)
    losses: Floats = -np.where(outcomes > 0.5, np.log(inside), np.log1p(-inside))
    return losses


def murphy(probabilities: Floats, outcomes: Floats, decimals: int = 1) -> Murphy:
    """The Brier score of probabilities rounded to `decimals`, in its parts; all NaN without forecasts (Murphy 1973)."""
    if len(probabilities) == 0:
        return Murphy(NAN, NAN, NAN, NAN)
    said, where = np.unique(np.round(probabilities, decimals), return_inverse=True)
    times = np.bincount(where)
    rate, base = np.bincount(where, weights=outcomes) / times, float(outcomes.mean())
    return Murphy(
        float(np.mean((said[where] - outcomes) ** 2)),
        float(np.average((said - rate) ** 2, weights=times)),
        float(np.average((rate - base) ** 2, weights=times)),
        base * (1.0 - base),
    )


def reliability_table(probabilities: Floats, outcomes: Floats, bins: int = 10) -> tuple[Bin, ...]:
    """The bins of equal width over 0..1 that hold forecasts; 1 belongs to the last."""
    where = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    rows = []
    for k in np.unique(where).tolist():
        mine = where == k
        said, came_true = float(probabilities[mine].mean()), float(outcomes[mine].mean())
        rows.append(Bin(k / bins, (k + 1) / bins, int(mine.sum()), said, came_true))
    return tuple(rows)


def _auc(probabilities: Floats, outcomes: Floats) -> float:
    """Mann and Whitney's statistic over its largest value, ties counting half; NaN when all came to the same."""
    hits = int((outcomes > 0.5).sum())
    misses = len(outcomes) - hits
    if hits == 0 or misses == 0:
        return NAN
    _, where, times = np.unique(probabilities, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(times) - (times - 1) / 2.0)[where]
    return float((ranks[outcomes > 0.5].sum() - hits * (hits + 1) / 2.0) / (hits * misses))
