"""The market around the exchange: generated, recorded or told prices, and what has been seen of them.

Promise: the same seed makes the same path, before the run and in it; bars agree with each other at every length.
In: listings, a seed, a file of prices. Out: touches as they fall due, trades, quotes and bars.
Neighbours: `simulator.core` has the words; `simulator.serving` plays them to the exchange.
"""

from quorum.simulator.prices.columns import Columns, columns_of, grouped, joined
from quorum.simulator.prices.past import Past
from quorum.simulator.prices.ports import Prices, Quiet
from quorum.simulator.prices.recorded import Recorded
from quorum.simulator.prices.tape import Bar, Print, Tape
from quorum.simulator.prices.walk import Walk, top_at

__all__ = [
    "Bar",
    "Columns",
    "Past",
    "Prices",
    "Print",
    "Quiet",
    "Recorded",
    "Tape",
    "Walk",
    "columns_of",
    "grouped",
    "joined",
    "top_at",
]
