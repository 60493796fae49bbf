"""Returns by the year, and ratios that move along."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from quorum.stats.performance import NAN, Floats, Instants, max_drawdown, sharpe


class Year(NamedTuple):
    """A calendar year of UTC: its compounded return, annualised Sharpe, deepest fall of daily equity, its days."""

    year: int
    value: float
    sharpe: float
    max_drawdown: float
    days: int


def yearly_returns(days_ns: Instants, returns: Floats, periods: float) -> tuple[Year, ...]:
    """The years that occur, oldest first, of daily returns (d,) on days (d,) in ns UTC; each starts afresh."""
    years = days_ns.astype("datetime64[ns]").astype("datetime64[Y]").astype(np.int64) + 1970
    return tuple(_year(int(year), returns[years == year], periods) for year in np.unique(years))


def _year(year: int, returns: Floats, periods: float) -> Year:
    grown: Floats = np.cumprod(1.0 + returns, dtype=np.float64)
    return Year(year, float(grown[-1]) - 1.0, sharpe(returns, periods), max_drawdown(grown, 1.0), len(returns))


def rolling_sharpe(returns: Floats, window: int, periods: float) -> Floats:
    """Annualised Sharpe ratio of the last `window` returns at each (n,); NaN before there are as many, or no spread.

    ValueError for a window below 2.
    """
    if window < 2:
        raise ValueError(f"a window of {window}; at least 2 returns are needed")
    out = np.full(len(returns), NAN)
    if len(returns) >= window:
        parts = sliding_window_view(returns, window)
        spread = parts.std(axis=1, ddof=1)
        np.divide(parts.mean(axis=1) * np.sqrt(periods), spread, out=out[window - 1 :], where=spread > 1e-13)
    return out
