"""The task of a turn: deployed strategies trade what they have decided by the bars that are closed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quorum.desk.desk import Desk
from quorum.desk.trading.turns import Streams, beside_baseline, tell_bands, trade_turn
from quorum.desk.work.assignment import Assignment, Job, Place


def trade_deployed(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """One turn of all deployed strategies, or of `strategy_id`; a run that only notifies changes nothing.

    People are told, once a day, of a strategy that is outside of its baseline's band.
    """
    named = assignment.params.get("strategy_id")
    paper = assignment.execution == "paper"
    turn = trade_turn(desk, Streams(desk), paper=paper, strategies=(str(named),) if named else ())
    beside = beside_baseline(desk)
    if paper:
        tell_bands(desk, beside)
    return {**turn.told(), "bands": [one.told() for one in beside]}


JOBS: Mapping[str, Job] = {
    "trade_deployed": Job(trade_deployed, Place.DESK, ("standing", "orders", "trades", "errors", "bands")),
}
"""Their rows in the table of tasks."""
