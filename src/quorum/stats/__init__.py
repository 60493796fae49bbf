"""Stats: arrays in, numbers out.

Promise: pure numerics with convention and source named: performance, evidence, splits; the compiler of kernels.
In: numpy arrays. Out: numbers, arrays, compiled functions.
Neighbours: any room may call it; it knows none.
"""

from quorum.stats.bootstrap import Paths, block_length, bootstrap_paths, percentile_interval, stationary_indices
from quorum.stats.compiled import cache_kernels, cache_key, fragment, kernel
from quorum.stats.overfitting import Overfitting, probability_of_overfitting
from quorum.stats.performance import (
    Month,
    Performance,
    max_drawdown,
    monthly_returns,
    performance,
    profit_factor,
    win_rate,
)
from quorum.stats.regimes import Regime, market_regimes, regime_results
from quorum.stats.reshuffle import reshuffled_trades
from quorum.stats.selection import Superiority, model_confidence_set, superior_ability, superior_models
from quorum.stats.significance import (
    Discoveries,
    Interval,
    TrackRecord,
    deflated_sharpe,
    effective_trials,
    expected_maximum,
    expected_maximum_exact,
    false_discoveries,
    luckiest_sharpe,
    minimum_backtest_length,
    minimum_track_record,
    probabilistic_sharpe,
    track_record,
    trial_spread,
    wilson_interval,
)
from quorum.stats.splits import Span, Split, TooFewRows, WalkForward, Window, combinatorial_splits, path_count, rows_of
from quorum.stats.stability import Axis, Stability, parameter_stability

__all__ = [
    "Axis",
    "Discoveries",
    "Interval",
    "Month",
    "Overfitting",
    "Paths",
    "Performance",
    "Regime",
    "Span",
    "Split",
    "Stability",
    "Superiority",
    "TooFewRows",
    "TrackRecord",
    "WalkForward",
    "Window",
    "block_length",
    "bootstrap_paths",
    "cache_kernels",
    "cache_key",
    "combinatorial_splits",
    "deflated_sharpe",
    "effective_trials",
    "expected_maximum",
    "expected_maximum_exact",
    "false_discoveries",
    "fragment",
    "kernel",
    "luckiest_sharpe",
    "market_regimes",
    "max_drawdown",
    "minimum_backtest_length",
    "minimum_track_record",
    "model_confidence_set",
    "monthly_returns",
    "parameter_stability",
    "path_count",
    "percentile_interval",
    "performance",
    "probabilistic_sharpe",
    "probability_of_overfitting",
    "profit_factor",
    "regime_results",
    "reshuffled_trades",
    "rows_of",
    "stationary_indices",
    "superior_ability",
    "superior_models",
    "track_record",
    "trial_spread",
    "wilson_interval",
    "win_rate",
]
