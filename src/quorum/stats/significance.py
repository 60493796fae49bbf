"""How much a Sharpe ratio proves: its odds, what luck among many trials reaches, and how long a record it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.stats.normal import log_normal_cdf, normal_cdf, normal_quantile
from quorum.stats.performance import NAN, Floats, sharpe, standard_error

FEWEST_TRIALS = 10
EULER = float(np.euler_gamma)


class Interval(NamedTuple):
    """A confidence interval, both ends included."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """What the odds of a Sharpe ratio need to know of n returns.

    `sharpe` is per period, never annualised: an annual one is that times the root of the periods a year.
    `kurtosis` is 3 for a normal.
    """

    sharpe: float
    n: int
    skew: float = 0.0
    kurtosis: float = 3.0


class Discoveries(NamedTuple):
    """Adjusted p-values (m,) and which hypotheses are rejected (m,), both in the order they came in."""

    adjusted: Floats
    rejected: NDArray[np.bool_]


def track_record(returns: Floats) -> TrackRecord:
    """The record of returns (n,): Sharpe with ddof 1, population moments; all NaN without spread."""
    ratio = sharpe(returns, 1.0)
    if not np.isfinite(ratio):
        return TrackRecord(NAN, len(returns), NAN, NAN)
    z = (returns - returns.mean()) / returns.std()
    return TrackRecord(ratio, len(returns), float(np.mean(z**3)), float(np.mean(z**4)))


def probabilistic_sharpe(record: TrackRecord, benchmark: float = 0.0) -> float:
    """The probability, 0..1, that the true Sharpe ratio is above `benchmark`, both per period.

    NaN for a record without spread, of moments that no sample has, or shorter than 2. Bailey and Lopez de Prado
    (2012), The Sharpe Ratio Efficient Frontier.
    """
    if record.n < 2:
        return NAN
    error = standard_error(record.sharpe, record.skew, record.kurtosis, record.n)
    return float(normal_cdf((record.sharpe - benchmark) / error)) if error > 0 else NAN


def deflated_sharpe(record: TrackRecord, sharpes: Floats, trials: int | None = None, ddof: int = 1) -> float:
    """The probability, 0..1, that the best of many trials has skill: `probabilistic_sharpe` over the luckiest's Sharpe.

    `sharpes` (m,) are the trials' Sharpe ratios per period, the selected one among them, NaN for a trial without
    one; `trials` counts every configuration ever run (default m, never less). The spread of the trials is
    `trial_spread`. ValueError without trials. Bailey and Lopez de Prado (2014), The Deflated Sharpe Ratio.
    """
    count = max(len(sharpes), trials or 0)
    return probabilistic_sharpe(record, luckiest_sharpe(count, trial_spread(sharpes, record.n, ddof)))


def luckiest_sharpe(trials: int, spread: float) -> float:
    """The Sharpe ratio that the best of `trials` without skill is expected to show, in the units of `spread`.

    ValueError for fewer than 1 trial. Bailey and Lopez de Prado (2014), with their approximation of the maximum.
    """
    return spread * expected_maximum(trials)


def trial_spread(sharpes: Floats, n: int, ddof: int = 1) -> float:
    """Standard deviation of the trials' Sharpe ratios (m,) per period, NaN ones left out.

    Fewer than 10 trials say little about their own spread: theirs is at least 1 / sqrt(n - 1), which equal trials
    of n periods without skill would have (ours). NaN for n below 2.
    """
    known = sharpes[np.isfinite(sharpes)]
    found = float(known.std(ddof=ddof)) if len(known) > ddof else 0.0
    if n < 2:
        return NAN
    return found if len(known) >= FEWEST_TRIALS else max(found, (n - 1) ** -0.5)


def expected_maximum(trials: int) -> float:
    """The expected largest of `trials` standard normals, by the approximation that the deflated Sharpe ratio uses.

    0.9 % too high for 100, 2.6 % for 5; 0 for one trial. ValueError for fewer than 1. Bailey and Lopez de Prado (2014).
    """
    _need_trials(trials)
    if trials == 1:
        return 0.0
    tails = -normal_quantile([1.0 / trials, 1.0 / (trials * np.e)])
    return float((1.0 - EULER) * tails[0] + EULER * tails[1])


def expected_maximum_exact(trials: int) -> float:
    """The expected largest of `trials` independent standard normals, by quadrature; ValueError for fewer than 1."""
    _need_trials(trials)

    def above(x: float) -> float:
        return float(-np.expm1(trials * log_normal_cdf(x)))

    def below(x: float) -> float:
        return float(normal_cdf(x) ** trials)

    from scipy import integrate

    middle = expected_maximum(trials)
    parts = [(above, 0.0, middle), (above, middle, middle + 2), (above, middle + 2, 40.0)]
    over = sum(integrate.quad(f, a, b, epsabs=1e-13, epsrel=1e-12)[0] for f, a, b in parts)
    return float(over - integrate.quad(below, -40.0, 0.0, epsabs=1e-13)[0])


def minimum_track_record(record: TrackRecord, benchmark: float = 0.0, confidence: float = 0.95) -> float:
    """Periods after which this Sharpe ratio is above `benchmark` with `confidence`; its `n` does not matter.

    Both per period. Infinite when the ratio is not above the benchmark, NaN without one. Bailey and Lopez de Prado
    (2012).
    """
    lead = record.sharpe - benchmark
    if np.isnan(lead) or lead <= 0:
        return NAN if np.isnan(lead) else float("inf")
    error = standard_error(record.sharpe, record.skew, record.kurtosis, 2)
    return float(1.0 + (error * max(0.0, float(normal_quantile(confidence))) / lead) ** 2)


def minimum_backtest_length(trials: int, annual_sharpe: float) -> float:
    """Years below which the best of `trials` without skill is expected to show `annual_sharpe`.

    ValueError for fewer than 1 trial or a ratio of 0 or less. Bailey, Borwein, Lopez de Prado and Zhu (2014),
    Pseudo-Mathematics and Financial Charlatanism; their simpler bound is 2 ln(trials) / annual_sharpe^2.
    """
    if not annual_sharpe > 0:
        raise ValueError(f"an annual Sharpe ratio of {annual_sharpe}; one above 0 is needed")
    return (expected_maximum(trials) / annual_sharpe) ** 2


def effective_trials(returns: Floats, correlation: float = 0.8) -> int:
    """How many of the trials, returns (T, N), are really different: clusters that correlate above `correlation`.

    Average linkage on 1 - correlation (ours); a lower bound of the count, N the upper one, and gates use N.
    Trials without spread make one cluster.
    """
    from scipy.cluster import hierarchy

    flat = np.ptp(returns, axis=0) <= 0
    moving = returns[:, ~flat]
    if moving.shape[1] < 2:
        return int(moving.shape[1]) + int(flat.any())
    distance = np.clip(1.0 - np.corrcoef(moving, rowvar=False), 0.0, 2.0)
    tree = hierarchy.linkage(distance[np.triu_indices(len(distance), 1)], "average")
    clusters: Any = hierarchy.fcluster(tree, 1.0 - correlation, "distance")
    return int(clusters.max()) + int(flat.any())


def false_discoveries(p: Floats, size: float = 0.05, independent: bool = True) -> Discoveries:
    """Which of the p-values (m,) to believe when at most a share `size` of the believed may be false.

    Benjamini and Hochberg (1995); with `independent` False Benjamini and Yekutieli (2001), which holds under any
    dependence. ValueError for a p-value outside 0..1.
    """
    from scipy import stats

    if not bool(np.all((p >= 0) & (p <= 1))):
        raise ValueError("p-values outside 0..1 or NaN; each within 0..1 is needed")
    adjusted = np.asarray(stats.false_discovery_control(p, method="bh" if independent else "by"), dtype=np.float64)
    return Discoveries(adjusted, adjusted <= size)


def wilson_interval(hits: int, n: int, confidence: float = 0.95) -> Interval:
    """The confidence interval of a share, `hits` of `n`; 0..1 for n = 0. ValueError unless 0 <= hits <= n.

    Wilson (1927), without correction for continuity.
    """
    if not 0 <= hits <= n:
        raise ValueError(f"{hits} hits of {n}; 0 <= hits <= n is needed")
    if n == 0:
        return Interval(0.0, 1.0)
    z = float(normal_quantile(0.5 + confidence / 2.0))
    share, shrink = hits / n, 1.0 + z * z / n
    centre = (share + z * z / (2 * n)) / shrink
    half = z / shrink * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    return Interval(max(0.0, centre - half) if hits else 0.0, min(1.0, centre + half) if hits < n else 1.0)


def _need_trials(trials: int) -> None:
    if trials < 1:
        raise ValueError(f"{trials} trials; at least 1 is needed")
