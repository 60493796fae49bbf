"""The lab's commands: backtest, sweep, walkforward, and the analysts' vote.

Promise: every run is counted as a trial; --json prints the same numbers for programs.
In: a workspace's bars, a strategy, terms. Out: tables, JSON, pages.
Neighbours: `options` holds what they share; `cli.app` names them.
"""

from quorum.surfaces.cli.lab.sweep import sweep
from quorum.surfaces.cli.lab.trade import backtest
from quorum.surfaces.cli.lab.vote import consensus
from quorum.surfaces.cli.lab.walk import walkforward

__all__ = ["backtest", "consensus", "sweep", "walkforward"]
