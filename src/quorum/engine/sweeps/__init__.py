"""Sweeps: many combinations of a strategy's parameters, every one of them a trial.

Promise: each equals its own backtest; what was finished is kept, and what was recorded is not run again.
In: bars, a strategy, combinations or a number of tries, terms. Out: a Sweep with the daily returns of each.
Neighbours: on `engine.kernel`; an Executor may run it in other processes; validation judges what it found.
"""

from quorum.engine.sweeps.elsewhere import Elsewhere, work
from quorum.engine.sweeps.grid import fitting, grid
from quorum.engine.sweeps.ledger import Sweep
from quorum.engine.sweeps.run import SweepOptions, sweep
from quorum.engine.sweeps.search import search

__all__ = ["Elsewhere", "Sweep", "SweepOptions", "fitting", "grid", "search", "sweep", "work"]
