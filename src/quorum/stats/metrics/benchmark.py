"""Returns beside those of a benchmark on the same days."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.stats.performance import NAN, Floats, cagr, max_drawdown, sharpe, usable, varies, volatility


class Against(NamedTuple):
    """How returns stand to a benchmark's of the same days; annualised where a rate, NaN where undefined.

    `alpha` and `beta` are those of the least-squares line without a risk-free rate, `alpha` times the periods of a
    year, not compounded. `tracking_error` is the volatility of the difference, `information_ratio` its Sharpe.
    `up_capture` (`down_capture`) is the geometric mean return over the benchmark's, on the days when that one rose
    (fell).
    """

    alpha: float
    beta: float
    correlation: float
    tracking_error: float
    information_ratio: float
    up_capture: float
    down_capture: float
    total_return: float
    cagr: float
    sharpe: float
    volatility: float
    max_drawdown: float


def against(returns: Floats, benchmark: Floats, periods: float) -> Against:
    """Returns (n,) beside the benchmark's (n,); the last five numbers are the benchmark's own.

    ValueError when the lengths differ.
    """
    if returns.shape != benchmark.shape:
        raise ValueError(f"returns {returns.shape} and a benchmark {benchmark.shape}; equal shapes are needed")
    alpha, beta, correlation = _line(returns, benchmark, periods)
    differs = usable(returns) and usable(benchmark)
    apart = returns - benchmark
    grown: Floats = np.cumprod(1.0 + benchmark, dtype=np.float64)
    return Against(
        alpha=alpha,
        beta=beta,
        correlation=correlation,
        tracking_error=volatility(apart, periods) if differs else NAN,
        information_ratio=sharpe(apart, periods) if differs else NAN,
        up_capture=_capture(returns, benchmark, benchmark > 0),
        down_capture=_capture(returns, benchmark, benchmark < 0),
        total_return=float(grown[-1]) - 1.0 if len(grown) else NAN,
        cagr=cagr(benchmark, periods),
        sharpe=sharpe(benchmark, periods),
        volatility=volatility(benchmark, periods),
        max_drawdown=max_drawdown(grown, 1.0),
    )


def _line(returns: Floats, benchmark: Floats, periods: float) -> tuple[float, float, float]:
    if not (usable(returns) and varies(benchmark)):
        return NAN, NAN, NAN
    own, other = returns - returns.mean(), benchmark - benchmark.mean()
    beta = float(own @ other / (other @ other))
    alpha = float(returns.mean() - beta * benchmark.mean()) * periods
    return alpha, beta, float(np.corrcoef(own, other)[0, 1]) if varies(returns) else NAN


def _capture(returns: Floats, benchmark: Floats, days: NDArray[np.bool_]) -> float:
    mine, other = cagr(returns[days], 1.0), cagr(benchmark[days], 1.0)
    return mine / other if np.isfinite(other) and other != 0.0 else NAN
