"""The strategies that come with Quorum, a file each.

Promise: each has bounds and values to search for every parameter, a warm-up, and the same answer streamed or at once.
In: bars of one symbol, or a panel of many. Out: targets in [-1, 1] at each close, with exits beside them.
Neighbours: written against `signals.strategy`, on `features`; `signals.registry` finds them by name.
"""

from quorum.signals.strategies.carry import CARRY
from quorum.signals.strategies.demo_ma import DEMO_MA
from quorum.signals.strategies.follow import FOLLOW
from quorum.signals.strategies.mean_reversion import MEAN_REVERSION
from quorum.signals.strategies.momentum import TIME_SERIES_MOMENTUM
from quorum.signals.strategies.pairs import PAIRS
from quorum.signals.strategies.rotation import ROTATION
from quorum.signals.strategies.trend_breakout import TREND_BREAKOUT
from quorum.signals.strategies.volatility import VOLATILITY

__all__ = [
    "CARRY",
    "DEMO_MA",
    "FOLLOW",
    "MEAN_REVERSION",
    "PAIRS",
    "ROTATION",
    "TIME_SERIES_MOMENTUM",
    "TREND_BREAKOUT",
    "VOLATILITY",
]
