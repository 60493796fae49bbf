"""How an equity curve did: returns of UTC days, ratios with their uncertainty, drawdowns and tails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.stats.compiled import kernel

Floats = NDArray[np.float64]
Instants = NDArray[np.int64]

NAN = float("nan")
_DAY = 86_400_000_000_000
_NO_SPREAD = 1e-13  # a day's return carries rounding of about 1e-16; less spread than this is no risk at all


@dataclass(frozen=True, slots=True)
class Performance:
    """The numbers of one equity curve; fractions, NaN where undefined.

    `volatility`, `sharpe`, `sharpe_se` and `sortino` are annualised; `max_drawdown`, `value_at_risk_5` and
    `expected_shortfall_5` are negative when money was lost; `days` counts daily returns.
    """

    total_return: float
    cagr: float
    volatility: float
    sharpe: float
    sharpe_se: float
    sortino: float
    max_drawdown: float
    calmar: float
    value_at_risk_5: float
    expected_shortfall_5: float
    days: int
    periods_per_year: float
    convention: str


class Month(NamedTuple):
    """A calendar month of UTC and its simple return."""

    year: int
    month: int
    value: float


def performance(time_ns: Instants, equity: Floats, starting: float) -> Performance:
    """All numbers of an equity curve (n,) that began with `starting`, at instants (n,) in increasing order.

    The drawdown looks at every point of the curve, all else at daily returns.
    """
    returns = daily_returns(time_ns, equity, starting)
    year = periods_per_year(time_ns)
    annual, fall = cagr(returns, year), max_drawdown(equity, starting)
    return Performance(
        total_return=float(equity[-1]) / starting - 1.0 if len(equity) and starting > 0 else NAN,
        cagr=annual,
        volatility=volatility(returns, year),
        sharpe=sharpe(returns, year),
        sharpe_se=sharpe_standard_error(returns, year),
        sortino=sortino(returns, year),
        max_drawdown=fall,
        calmar=calmar(annual, fall),
        value_at_risk_5=value_at_risk(returns),
        expected_shortfall_5=expected_shortfall(returns),
        days=len(returns),
        periods_per_year=year,
        convention=_convention(time_ns, year),
    )


def daily_returns(time_ns: Instants, equity: Floats, starting: float | None = None) -> Floats:
    """Simple returns of the UTC days (d,) that occur: last equity of each day over that of the day before.

    The first day counts against `starting` (default: the first equity). A day after an equity of 0 or less is NaN.
    """
    if len(equity) == 0:
        return np.empty(0)
    return growth(equity[day_ends(time_ns)], float(equity[0]) if starting is None else starting)


def day_ends(time_ns: Instants) -> Instants:
    """The index (d,) of the last of the increasing instants (n,) in each UTC day that occurs."""
    if len(time_ns) == 0:
        return np.empty(0, np.int64)
    first, last = int(time_ns[0]) // _DAY, int(time_ns[-1]) // _DAY
    if last - first >= len(time_ns):
        return _last_of(time_ns // _DAY)
    ends = np.searchsorted(time_ns, (np.arange(first, last + 1) + 1) * _DAY, "left") - 1
    return np.asarray(ends[np.diff(ends, prepend=-1) > 0])


def monthly_returns(time_ns: Instants, equity: Floats, starting: float) -> list[Month]:
    """Simple returns of the UTC months that occur, oldest first, the first against `starting`."""
    if len(equity) == 0:
        return []
    months = time_ns.astype("datetime64[ns]").astype("datetime64[M]").astype(np.int64)
    last = _last_of(months)
    values = growth(equity[last], starting)
    return [Month(1970 + int(m) // 12, int(m) % 12 + 1, float(v)) for m, v in zip(months[last], values, strict=True)]


def periods_per_year(times_ns: Instants) -> float:
    """Daily returns a year: 365 when a weekend day of UTC occurs among the days, else 252.

    For bars longer than a day (seen in 5 days or more) it is that number over the usual distance of two days
    in `times_ns`; 365 for weeks and longer.
    """
    days = times_ns[day_ends(times_ns)] // _DAY
    apart = max(1.0, float(np.median(np.diff(days)))) if len(days) >= 5 else 1.0
    weekend = bool(np.any((days + 3) % 7 >= 5))  # day 0, 1970-01-01, was a Thursday
    return (365.0 if weekend or apart >= 7 else 252.0) / apart


def sharpe(returns: Floats, periods: float) -> float:
    """Annualised mean over standard deviation (ddof 1), no risk-free rate; NaN without spread."""
    return float(sharpes(returns.reshape(1, -1), periods)[0])


def sharpes(returns: Floats, periods: float) -> Floats:
    """`sharpe` of each row of returns (k, d), shape (k,)."""
    if returns.shape[1] < 2:
        return np.full(len(returns), NAN)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = returns.mean(axis=1) / returns.std(axis=1, ddof=1) * np.sqrt(periods)
    spread = np.isfinite(returns).all(axis=1) & (np.ptp(returns, axis=1) > _NO_SPREAD)
    return np.where(spread, ratio, NAN)


def sharpe_standard_error(returns: Floats, periods: float) -> float:
    """Annualised standard error of `sharpe`, for returns without serial correlation; NaN without spread.

    Skewness and kurtosis are the returns' own (population moments).
    """
    if not varies(returns):
        return NAN
    z = (returns - returns.mean()) / returns.std()
    each = sharpe(returns, 1.0)
    error = standard_error(each, float(np.mean(z**3)), float(np.mean(z**4)), len(returns))
    return error * float(np.sqrt(periods))


def standard_error(ratio: float, skew: float, kurtosis: float, n: int) -> float:
    """Standard error of a Sharpe ratio per period over n periods; `kurtosis` is 3 for a normal.

    Lo (2002) with the correction of Mertens (2002), over n - 1 as in Bailey and Lopez de Prado (2012).
    """
    spread = 1.0 - skew * ratio + (kurtosis - 1.0) / 4.0 * ratio**2
    return float(np.sqrt(max(spread, 0.0) / (n - 1)))


def sortino(returns: Floats, periods: float) -> float:
    """Annualised mean over downside deviation, sqrt(mean(min(r, 0)^2)) over all n; NaN when nothing fell."""
    if not varies(returns):
        return NAN
    downside = float(np.sqrt(np.mean(np.minimum(returns, 0.0) ** 2)))
    return float(returns.mean() / downside * np.sqrt(periods)) if downside > _NO_SPREAD else NAN


def volatility(returns: Floats, periods: float) -> float:
    """Annualised standard deviation (ddof 1); NaN for fewer than 2 returns."""
    return float(returns.std(ddof=1) * np.sqrt(periods)) if usable(returns) else NAN


def cagr(returns: Floats, periods: float) -> float:
    """The yearly growth that n returns amount to, -1 when all was lost; NaN for fewer than 2 returns."""
    if len(returns) >= 2 and bool(np.any(returns <= -1.0)):
        return -1.0
    if not usable(returns):
        return NAN
    with np.errstate(over="ignore"):
        return float(np.expm1(np.log1p(returns).sum() * periods / len(returns)))


def drawdowns(equity: Floats, starting: float | None = None) -> Floats:
    """Fall of each point (n,) below the highest equity so far, `starting` included: 0 or a negative fraction."""
    if len(equity) == 0:
        return np.empty(0)
    first = float(equity[0]) if starting is None else starting
    if not first > 0:
        return np.full(len(equity), NAN)
    peak = np.maximum(np.maximum.accumulate(equity), first)
    return np.asarray(equity / peak - 1.0)


def max_drawdown(equity: Floats, starting: float | None = None) -> float:
    """The deepest of `drawdowns`, as a negative fraction; NaN for no equity at all."""
    if len(equity) == 0:
        return NAN
    first = float(equity[0]) if starting is None else starting
    return float(deepest_fall(equity, first)) if first > 0 else NAN


@kernel
def deepest_fall(equity: Floats, peak: float) -> float:
    """The most negative fall of the equity (n,) below its highest so far, `peak` included; NaN with one in it."""
    deepest, lowest = 0.0, peak
    for i in range(len(equity)):
        if equity[i] > peak:
            deepest = min(deepest, lowest / peak - 1.0)
            peak = lowest = equity[i]
        elif not equity[i] >= lowest:
            if np.isnan(equity[i]):
                return np.nan
            lowest = equity[i]
    return min(deepest, lowest / peak - 1.0)


def calmar(annual: float, fall: float) -> float:
    """Yearly growth over the size of the deepest drawdown; NaN without a drawdown."""
    return annual / abs(fall) if fall < 0 else NAN


def value_at_risk(returns: Floats, level: float = 0.05) -> float:
    """The `level` quantile of the returns, linear between two of them; NaN for fewer than 2 returns."""
    return float(np.quantile(returns, level)) if usable(returns) else NAN


def expected_shortfall(returns: Floats, level: float = 0.05) -> float:
    """Mean of the worst int((n - 1) * level) + 1 returns; NaN for fewer than 2 returns."""
    if not usable(returns):
        return NAN
    worst = int((len(returns) - 1) * level)
    return float(np.partition(returns, worst)[: worst + 1].mean())


def win_rate(profits: Floats) -> float:
    """The share of trades (n,) with a profit above 0; NaN without trades."""
    return float(np.mean(profits > 0)) if len(profits) else NAN


def profit_factor(profits: Floats) -> float:
    """Sum of the profits over the size of the sum of the losses; infinite without losses, NaN without trades."""
    won, lost = float(profits[profits > 0].sum()), -float(profits[profits < 0].sum())
    if lost > 0:
        return won / lost
    return float("inf") if won > 0 else NAN


def _last_of(groups: Instants) -> Instants:
    return np.append(np.flatnonzero(groups[1:] != groups[:-1]), len(groups) - 1)


def growth(levels: Floats, starting: float) -> Floats:
    """Simple returns from `starting` to each of the levels (d,), or rows of such (k, d); NaN after one of 0 or less."""
    before = np.empty_like(levels)
    before[..., 0], before[..., 1:] = starting, levels[..., :-1]
    ratio = np.full_like(levels, NAN)
    np.divide(levels, before, out=ratio, where=before > 0)
    return ratio - 1.0


def usable(returns: Floats) -> bool:
    """Whether there are 2 returns or more, all finite."""
    return len(returns) >= 2 and bool(np.isfinite(returns).all())


def varies(returns: Floats) -> bool:
    """Whether they differ by more than rounding does."""
    return usable(returns) and float(np.ptp(returns)) > _NO_SPREAD


def _convention(time_ns: Instants, year: float) -> str:
    daily = year in (252.0, 365.0)
    unit = "daily simple returns (UTC days)" if daily else "simple returns between the UTC days that occur"
    count = f"{year:.0f} days a year" if daily else f"{year:.1f} returns a year"
    return f"{unit}, ddof 1, no risk-free rate, {count}; drawdown over every point, starting capital included"
