"""The market's tasks: data for training, the state of features, the context of a day, and its structure.

Promise: nothing after the assignment's instant is seen; every answer names its bars by their hash.
In: the lake, an assignment. Out: plain values; the two Parquet files of a training run.
Neighbours: works with `lake`, `features` and `stats`; `table` has the tasks by name.
"""

from quorum.desk.work.market.context import correlation_matrix, key_levels, volatility_regime
from quorum.desk.work.market.datasets import training_data, training_features
from quorum.desk.work.market.feature_state import combined_features
from quorum.desk.work.market.structures import higher_timeframe_bias, liquidity_levels, points_of_interest

__all__ = [
    "combined_features",
    "correlation_matrix",
    "higher_timeframe_bias",
    "key_levels",
    "liquidity_levels",
    "points_of_interest",
    "training_data",
    "training_features",
    "volatility_regime",
]
