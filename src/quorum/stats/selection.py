"""Was the best of many only lucky: tests of superiority over a benchmark that know how many were tried."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quorum.stats.bootstrap import block_length, log_stay, next_block, open_stream, stream_seed
from quorum.stats.compiled import kernel
from quorum.stats.performance import Floats

MOST_PAIRED = 100
_NO_SPREAD = 1e-12  # share of the largest excess below which a column's long-run deviation is rounding


@dataclass(frozen=True, slots=True)
class Superiority:
    """P-values that no model beats the benchmark: small ones speak for the best model.

    `statistic` is Hansen's studentised one; `lower`, `consistent`, `upper` his p-values, `reality_check` White's,
    not studentised. `block` is the mean block length that was drawn.
    """

    statistic: float
    lower: float
    consistent: float
    upper: float
    reality_check: float
    block: float


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """Mean excess (k,), its long-run deviation (k,), inf where there is none, and drawn means less the mean (b, k)."""

    mean: Floats
    deviation: Floats
    noise: Floats
    n: int
    block: float


def superior_ability(excess: Floats, block: float | None = None, draws: int = 2000, seed: int = 0) -> Superiority:
    """Does any of k models beat the benchmark, `excess` (n, k) being return less the benchmark's, period by period?

    `block` defaults to the `block_length` of the best model. A model whose excess never varies does not count; when
    none is better the statistic is 0 and Hansen's p-values are 1. ValueError for fewer than 4 periods, no
    model or no draw, or an excess that is not finite. White (2000), A Reality Check for Data Snooping; Hansen
    (2005), A Test for Superior Predictive Ability.
    """
    drawn = _draw(excess, block, draws, seed)
    root, moving = np.sqrt(drawn.n), np.isfinite(drawn.deviation)
    score = root * drawn.mean / drawn.deviation
    noise = root * drawn.noise / drawn.deviation
    statistic = max(0.0, float(score.max()))
    hopeless = -np.sqrt(2.0 * np.log(np.log(drawn.n)))
    kept = np.where(score >= hopeless, 0.0, score)  # a model far below the benchmark stays there
    return Superiority(
        statistic=statistic,
        lower=_p_value(noise + np.minimum(score, 0.0), statistic),
        consistent=_p_value(noise + kept, statistic),
        upper=_p_value(noise, statistic),
        reality_check=_reality_check(drawn.noise[:, moving], drawn.mean[moving]),
        block=drawn.block,
    )


def superior_models(
    excess: Floats,
    size: float = 0.05,
    block: float | None = None,
    draws: int = 2000,
    seed: int = 0,
    studentised: bool = True,
) -> NDArray[np.int64]:
    """The columns of `excess` (n, k) that beat the benchmark, wrong about any of them with probability `size` at most.

    Best first. Arguments and errors of `superior_ability`. Romano and Wolf (2005), Stepwise Multiple Testing as
    Formalized Data Snooping.
    """
    drawn = _draw(excess, block, draws, seed)
    flat = ~np.isfinite(drawn.deviation)
    scale = drawn.deviation if studentised else np.where(flat, np.inf, 1.0)
    score, noise = drawn.mean / scale, drawn.noise / scale
    left, found = ~flat, np.zeros(len(score), dtype=np.bool_)
    while left.any():
        beaten = left & (score > np.quantile(noise[:, left].max(axis=1), 1.0 - size))
        if not beaten.any():
            break
        left, found = left & ~beaten, found | beaten
    chosen = np.flatnonzero(found)
    return chosen[np.argsort(-score[chosen], kind="stable")]


def model_confidence_set(returns: Floats, block: float | None = None, draws: int = 2000, seed: int = 0) -> Floats:
    """P-values (k,) of being among the best of k models: at a size s the set keeps the models with p > s.

    `returns` (n, k), higher is better; by the range statistic. Other arguments and errors are those of
    `superior_ability`; ValueError too for more than 100 models. Hansen, Lunde and Nason (2011), The Model Confidence
    Set.
    """
    if returns.ndim == 2 and returns.shape[1] > MOST_PAIRED:
        raise ValueError(f"{returns.shape[1]} models; at most {MOST_PAIRED} can be compared pair by pair")
    drawn = _draw(returns, block, draws, seed)
    products = drawn.noise.T @ drawn.noise / draws
    own = np.diag(products)
    variance = own[:, None] + own - 2.0 * products
    apart = variance > _NO_SPREAD * (own[:, None] + own)
    precision = np.zeros_like(variance)
    np.power(variance, -0.5, out=precision, where=apart)
    worse = (drawn.mean - drawn.mean[:, None]) * precision
    left, p = np.arange(len(drawn.mean)), np.ones(len(drawn.mean))
    reached = 0.0
    while len(left) > 1:
        inside = worse[np.ix_(left, left)]
        reached = max(reached, float(np.mean(_widest(drawn.noise, precision, left) > inside.max())))
        if not inside.max() > 0:
            break  # those left cannot be told apart
        out = int(inside.max(axis=1).argmax())
        p[left[out]] = reached
        left = np.delete(left, out)
    return p


def _p_value(drawn: Floats, statistic: float) -> float:
    return float(np.mean(drawn.max(axis=1) > statistic)) if statistic > 0 else 1.0


def _reality_check(noise: Floats, mean: Floats) -> float:
    return float(np.mean(noise.max(axis=1) > mean.max())) if len(mean) else 1.0


def _draw(excess: Floats, block: float | None, draws: int, seed: int) -> _Drawn:
    values = np.ascontiguousarray(excess, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] == 0 or len(values) < 4:
        raise ValueError(f"an excess of shape {values.shape}; at least 4 periods of 1 model are needed")
    if draws < 1 or not bool(np.isfinite(values).all()):
        raise ValueError(f"{draws} draws of an excess; at least 1 draw and finite values are needed")
    mean = values.mean(axis=0)
    mean_block = block_length(values[:, int(mean.argmax())]) if block is None else float(block)
    away = values - mean
    sums = np.zeros((2 * len(values) + 1, len(mean)))
    np.cumsum(np.concatenate([away, away]), axis=0, out=sums[1:])
    noise = np.zeros((draws, len(mean)))
    _draw_means(sums, log_stay(mean_block), stream_seed(seed), noise)
    deviation = _long_run_deviation(away, mean_block)
    flat = deviation <= _NO_SPREAD * np.abs(values).max(axis=0)
    return _Drawn(mean, np.where(flat, np.inf, deviation), noise, len(values), mean_block)


def _long_run_deviation(away: Floats, block: float) -> Floats:
    """Root of the variance that the stationary bootstrap gives to sqrt(n) times the mean: Politis and Romano (1994)."""
    n, stay = len(away), 1.0 - 1.0 / block
    variance = np.einsum("tk,tk->k", away, away) / n
    for lag in range(1, n):
        weight = (n - lag) / n * stay**lag + lag / n * stay ** (n - lag)
        if weight > 1e-12:
            variance += 2.0 * weight * np.einsum("tk,tk->k", away[lag:], away[:-lag]) / n
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)))


@kernel
def _draw_means(sums: Floats, log_stay: float, seed: np.uint64, out: Floats) -> None:
    """Means (draws, k) of samples drawn from n rows, by `sums` (2n + 1, k), the running sums of the rows twice over."""
    n = sums.shape[0] // 2
    for draw in range(out.shape[0]):
        state, left = open_stream(seed, draw), n
        while left > 0:
            state, start, length = next_block(state, n, log_stay)
            length = min(length, left)
            left -= length
            for k in range(out.shape[1]):
                out[draw, k] += sums[start + length, k] - sums[start, k]
        for k in range(out.shape[1]):
            out[draw, k] /= n


@kernel
def _widest(noise: Floats, precision: Floats, left: NDArray[np.int64]) -> Floats:
    """The largest standardised distance between two of the columns `left`, draw by draw (b,)."""
    out = np.zeros(noise.shape[0])
    for draw in range(noise.shape[0]):
        for a in range(len(left)):
            for b in range(a):
                i, j = left[a], left[b]
                out[draw] = max(out[draw], abs(noise[draw, i] - noise[draw, j]) * precision[i, j])
    return out
