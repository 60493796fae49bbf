"""The simulated venue: orders of ours filled at prices of the market, in backtest and paper by the same rules.

Promise: a fill depends on the order, the prices and the costs alone; what is journaled is what happened.
In: intents, prints and ranges of bars, costs, a journal. Out: broker orders, fills, cash and holdings.
Neighbours: `engine.events` and `desk` trade with it; `adapters.process` keeps its journal and its process.
"""

from quorum.execution.simulated.broker import ABILITIES, SimulatedBroker
from quorum.execution.simulated.costs import Costs, VenueCosts
from quorum.execution.simulated.journal import NoJournal
from quorum.execution.simulated.matching import Range, goal_of
from quorum.execution.simulated.prices import Chart, ChartedPrices, MarkedPrices
from quorum.execution.simulated.venue import check_sound

__all__ = [
    "ABILITIES",
    "Chart",
    "ChartedPrices",
    "Costs",
    "MarkedPrices",
    "NoJournal",
    "Range",
    "SimulatedBroker",
    "VenueCosts",
    "check_sound",
    "goal_of",
]
