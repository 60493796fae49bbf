"""The backtest kernel: targets traded through bars, compiled.

Promise: one pass in the order of time, every rule stated in `run`; nothing is allocated for a bar.
In: Market, Wishes and Rates as columns. Out: equity at each close and a row for each fill.
Neighbours: `engine.inputs` makes what it takes, `engine.records` reads what it leaves.
"""

from quorum.engine.kernel.exits import inside, stop_level
from quorum.engine.kernel.orders import quantity_of
from quorum.engine.kernel.run import run
from quorum.engine.kernel.values import (
    ATR,
    BY_LIMIT,
    BY_STOP,
    BY_TARGET,
    CASH,
    DECIDED,
    FEE,
    PRICE,
    QUANTITY,
    REASON,
    ROW,
    STILL_OPEN,
    SYMBOL,
    UNITS,
    VOLATILITY,
    WEIGHT,
    Market,
    Rates,
    Wishes,
)

__all__ = [
    "ATR",
    "BY_LIMIT",
    "BY_STOP",
    "BY_TARGET",
    "CASH",
    "DECIDED",
    "FEE",
    "PRICE",
    "QUANTITY",
    "REASON",
    "ROW",
    "STILL_OPEN",
    "SYMBOL",
    "UNITS",
    "VOLATILITY",
    "WEIGHT",
    "Market",
    "Rates",
    "Wishes",
    "inside",
    "quantity_of",
    "run",
    "stop_level",
]
