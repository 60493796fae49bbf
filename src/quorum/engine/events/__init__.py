"""The event path: a strategy driven bar by bar through proposals, limits, orders and the simulated broker.

Promise: the kernel's trades by another road, that of paper and live; one step a bar, every check counted.
In: bars or a panel, a strategy, terms, limits. Out: a Driven: the Backtest, risk's counts, the orders.
Neighbours: `risk` judges, `execution` fills, `engine.backtest` must agree.
"""

from quorum.engine.events.drive import drive
from quorum.engine.events.driven import Driven

__all__ = ["Driven", "drive"]
