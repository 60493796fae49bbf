"""Tasks of trading: the turn of deployed strategies as a workflow asks for it.

Promise: trades only where the run is for paper, and each closed bar once.
In: an assignment. Out: the turn's facts.
Neighbours: `desk.trading.turns` does it; `deployed_trading` asks for it at each closed bar.
"""

from quorum.desk.work.trading.turning import JOBS

__all__ = ["JOBS"]
