"""How much a symbol moves in a year, and what Kelly would stake on a strategy, from daily returns."""

from __future__ import annotations

import numpy as np

from quorum.domain import DAY
from quorum.risk.sizing import kelly
from quorum.risk.tail.history import History, Inconclusive
from quorum.risk.tail.values import LEAST_DAYS
from quorum.stats.performance import periods_per_year

DECAYS = (0.94, 0.97)
"""Of the fast and the slow estimate."""
_BOUND = 100.0


def annual_volatility(name: str, history: History) -> float | Inconclusive:
    """The larger of a fast and a slow estimate of a symbol's volatility, a fraction a year, at the end of its history.

    Exponentially weighted mean squares of daily returns, the weights falling by 0.94 and 0.97 a day (RiskMetrics,
    1996); a year has 365 days where any is a weekend's, else 252. Inconclusive below 60 days.
    """
    days = len(history.day)
    if days < LEAST_DAYS:
        return Inconclusive(name, days, LEAST_DAYS)
    squares, age = history.returns**2, np.arange(days)[::-1]
    largest = max(float(np.average(squares, weights=decay**age)) for decay in DECAYS)
    return float(np.sqrt(largest * periods_per_year(history.day * DAY)))


def kelly_of(name: str, history: History) -> float | Inconclusive:
    """Kelly's whole fraction of what earned `history`, its mean shrunk (see `kelly`), at most 100 either way.

    Inconclusive below 60 days, and for what never moved.
    """
    days = len(history.day)
    spread = float(history.returns.std(ddof=1)) if days >= LEAST_DAYS else 0.0
    if spread <= 0.0:
        return Inconclusive(name, days, LEAST_DAYS)
    return kelly(float(history.returns.mean()), spread, days, share=1.0, most=_BOUND)
