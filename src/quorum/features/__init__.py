"""Features: indicators and market structure, declared on bars.

Promise: causal; a row looks at its own bar and earlier ones, and says when an event was known.
In: arrays and bars. Out: arrays of one length with NaN before the window is full; events with `known_at`.
Neighbours: sits on `lake`; `signals` decides with it.
"""

from quorum.features.indicators import (
    highest,
    log_returns,
    lowest,
    rolling_volatility,
    sma,
    true_range,
    wilder_atr,
)

__all__ = ["highest", "log_returns", "lowest", "rolling_volatility", "sma", "true_range", "wilder_atr"]
