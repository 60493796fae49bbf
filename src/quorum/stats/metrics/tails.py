"""The shape of returns: skewness, kurtosis, tails and what lies in them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from quorum.stats.normal import normal_quantile
from quorum.stats.performance import NAN, Floats, expected_shortfall, usable, value_at_risk, varies


class Tails(NamedTuple):
    """The shape of returns per period; fractions, losses negative, `kurtosis` 3 for a normal, NaN where undefined.

    `value_at_risk_1` is the 1 % quantile, `expected_shortfall_1` the mean of the returns at or below it; `omega` is
    against 0. `stability` is the fit (R squared) of the compounded log returns to a straight line.
    """

    skew: float
    kurtosis: float
    omega: float
    tail_ratio: float
    value_at_risk_5: float
    expected_shortfall_5: float
    value_at_risk_1: float
    expected_shortfall_1: float
    modified_value_at_risk_5: float
    downside_risk: float
    stability: float
    best: float
    worst: float


def tails(returns: Floats, periods: float) -> Tails:
    """All of it for returns (n,), `periods` of which make a year (for `downside_risk` alone)."""
    sound = usable(returns)
    return Tails(
        skew=skewness(returns),
        kurtosis=kurtosis(returns),
        omega=omega(returns),
        tail_ratio=tail_ratio(returns),
        value_at_risk_5=value_at_risk(returns),
        expected_shortfall_5=expected_shortfall(returns),
        value_at_risk_1=value_at_risk(returns, 0.01),
        expected_shortfall_1=expected_shortfall(returns, 0.01),
        modified_value_at_risk_5=modified_value_at_risk(returns),
        downside_risk=downside_risk(returns, periods),
        stability=stability(returns),
        best=float(returns.max()) if sound else NAN,
        worst=float(returns.min()) if sound else NAN,
    )


def skewness(returns: Floats) -> float:
    """Third standardised moment of the population; NaN without spread."""
    return _moment(returns, 3)


def kurtosis(returns: Floats) -> float:
    """Fourth standardised moment of the population, 3 for a normal; NaN without spread."""
    return _moment(returns, 4)


def omega(returns: Floats, threshold: float = 0.0) -> float:
    """Sum of what lies above `threshold` over the sum of what lies below (Keating and Shadwick 2002).

    Infinite when nothing lies below, NaN when nothing lies on either side.
    """
    if not usable(returns):
        return NAN
    above = returns - threshold
    won, lost = float(above[above > 0].sum()), -float(above[above < 0].sum())
    if lost > 0:
        return won / lost
    return float("inf") if won > 0 else NAN


def tail_ratio(returns: Floats) -> float:
    """Size of the 95 % quantile over the size of the 5 % quantile; NaN when the latter is 0."""
    low, high = (value_at_risk(returns, level) for level in (0.05, 0.95))
    return abs(high) / abs(low) if low != 0.0 else NAN


def downside_risk(returns: Floats, periods: float) -> float:
    """Annualised downside deviation, sqrt(mean(min(r, 0)^2)) over all n: what the Sortino ratio divides by."""
    return float(np.sqrt(np.mean(np.minimum(returns, 0.0) ** 2) * periods)) if usable(returns) else NAN


def stability(returns: Floats) -> float:
    """R squared of the cumulated log returns on time; NaN without spread or when all was lost."""
    if not varies(returns) or len(returns) < 3 or bool(np.any(returns <= -1.0)):
        return NAN
    grown = np.cumsum(np.log1p(returns))
    return float(np.corrcoef(np.arange(len(grown)), grown)[0, 1] ** 2) if np.ptp(grown) > 0 else NAN


def tail_mean(returns: Floats, level: float = 0.05) -> float:
    """Mean of the worst n * level returns, the last of them by its fraction (Rockafellar and Uryasev 2002).

    `expected_shortfall` takes whole returns instead; the two differ by a hundredth or so.
    """
    if not usable(returns):
        return NAN
    share = len(returns) * level
    whole = min(int(share), len(returns) - 1)
    worst = np.partition(returns, whole)
    return float((worst[:whole].sum() + (share - whole) * worst[whole]) / share)


def gaussian_value_at_risk(returns: Floats, level: float = 0.05) -> float:
    """The quantile of a normal with the mean and standard deviation (ddof 1) of the returns."""
    return float(returns.mean() + normal_quantile(level) * returns.std(ddof=1)) if usable(returns) else NAN


def gaussian_expected_shortfall(returns: Floats, level: float = 0.05) -> float:
    """The mean below `gaussian_value_at_risk` of that normal."""
    if not usable(returns):
        return NAN
    density = np.exp(-0.5 * normal_quantile(level) ** 2) / np.sqrt(2.0 * np.pi)
    return float(returns.mean() - returns.std(ddof=1) * density / level)


def modified_value_at_risk(returns: Floats, level: float = 0.05) -> float:
    """The normal's quantile corrected for skewness and kurtosis (Cornish and Fisher 1938; Zangari 1996).

    Population moments throughout. Without sense for returns far from normal, as all such expansions.
    """
    if not varies(returns):
        return NAN
    z, skew, excess = float(normal_quantile(level)), skewness(returns), kurtosis(returns) - 3.0
    z += (z**2 - 1) * skew / 6 + (z**3 - 3 * z) * excess / 24 - (2 * z**3 - 5 * z) * skew**2 / 36
    return float(returns.mean() + z * returns.std())


def _moment(returns: Floats, power: int) -> float:
    if not varies(returns):
        return NAN
    return float(np.mean(((returns - returns.mean()) / returns.std()) ** power))
