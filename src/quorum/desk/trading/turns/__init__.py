"""Turns: deployed strategies trade, each closed bar once.

Promise: one occasion trades once, whoever runs it; a restart finds what was decided, sent and filled.
In: a desk, its deployments, the lake's closed bars. Out: a Turn; decisions, orders, holdings by strategy.
Neighbours: `desk.deploying` deploys, `risk` judges, `execution` nets and sends; `surfaces` and a workflow ask for it.
"""

from quorum.desk.trading.turns.attribution import Attribution, attributions
from quorum.desk.trading.turns.band import Beside, beside_baseline, tell_bands
from quorum.desk.trading.turns.deployed import Deployed, Streams, Wish, deployed, kept_back, minutes_for
from quorum.desk.trading.turns.leaving import retire_and_close, undeploy_and_close
from quorum.desk.trading.turns.turn import Turn, trade_turn
from quorum.desk.trading.turns.watching import Watching, trading_accounts

__all__ = [
    "Attribution",
    "Beside",
    "Deployed",
    "Streams",
    "Turn",
    "Watching",
    "Wish",
    "attributions",
    "beside_baseline",
    "deployed",
    "kept_back",
    "minutes_for",
    "retire_and_close",
    "tell_bands",
    "trade_turn",
    "trading_accounts",
    "undeploy_and_close",
]
