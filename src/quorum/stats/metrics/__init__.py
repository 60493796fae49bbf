"""Metrics: what is asked of an equity curve beyond its headline, computed when asked.

Promise: pure numbers with their convention; losses are negative, NaN where a number has no meaning.
In: daily returns, equity, fills and trades as arrays. Out: named values.
Neighbours: `stats.performance` has the headline; engine puts these together for a backtest.
"""

from quorum.stats.metrics.activity import Activity, Exposure, activity, exposure_of
from quorum.stats.metrics.benchmark import Against, against
from quorum.stats.metrics.distribution import Histogram, histogram, rounded
from quorum.stats.metrics.falls import Fall, Underwater, deepest_falls, underwater
from quorum.stats.metrics.periods import Year, rolling_sharpe, yearly_returns
from quorum.stats.metrics.tails import (
    Tails,
    downside_risk,
    gaussian_expected_shortfall,
    gaussian_value_at_risk,
    kurtosis,
    modified_value_at_risk,
    omega,
    skewness,
    stability,
    tail_mean,
    tail_ratio,
    tails,
)
from quorum.stats.metrics.trips import TradeFigures, Trips, trade_figures

__all__ = [
    "Activity",
    "Against",
    "Exposure",
    "Fall",
    "Histogram",
    "Tails",
    "TradeFigures",
    "Trips",
    "Underwater",
    "Year",
    "activity",
    "against",
    "deepest_falls",
    "downside_risk",
    "exposure_of",
    "gaussian_expected_shortfall",
    "gaussian_value_at_risk",
    "histogram",
    "kurtosis",
    "modified_value_at_risk",
    "omega",
    "rolling_sharpe",
    "rounded",
    "skewness",
    "stability",
    "tail_mean",
    "tail_ratio",
    "tails",
    "trade_figures",
    "underwater",
    "yearly_returns",
]
