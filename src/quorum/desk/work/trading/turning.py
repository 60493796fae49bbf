"""The task of a turn: deployed strategies trade what they have decided by the bars that are closed."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Literal

from quorum.desk.desk import Desk
from quorum.desk.trading.stepping import polls
from quorum.desk.trading.turns import Streams, beside_baseline, minutes_for, tell_bands, trade_turn
from quorum.desk.work.assignment import Assignment, Job, Place

_STREAMS: dict[str, tuple[Desk, str, Streams]] = {}
"""Those of the last turn, by its workspace: a process that goes on does not work out the past again."""
_TURN = threading.Lock()


def trade_deployed(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """One turn of all deployed strategies, or of `strategy_id`; a run that only notifies changes nothing, one on paper
    leaves accounts with real money alone.

    With `source` the newest bars are pulled from there first, with `auctions` whole shares go into a closed market's
    next opening. People are told, once a day, of a strategy that is outside of its baseline's band.
    """
    params, paper = assignment.params, assignment.execution in ("paper", "live")
    named, source = params.get("strategy_id"), str(params.get("source") or "")
    strategies, auctions = (str(named),) if named else (), bool(params.get("auctions"))
    troubles: dict[str, str] = {}
    with _TURN:
        streams = _streams(desk, source, troubles)
        how: bool | Literal["live"] = "live" if assignment.execution == "live" else paper
        turn = trade_turn(desk, streams, paper=how, strategies=strategies, auctions=auctions)
    beside = beside_baseline(desk)
    if paper:
        tell_bands(desk, beside)
    told = turn.told()
    return {**told, "errors": {**troubles, **told["errors"]}, "bands": [one.told() for one in beside]}


def _streams(desk: Desk, source: str, troubles: dict[str, str]) -> Streams:
    """The streams of the last turn where they fit; what goes wrong with the source is put into `troubles`."""
    home = str(desk.workspace.home)
    known = _STREAMS.get(home)
    if known is None or known[0] is not desk or known[1] != source:
        _STREAMS.clear()
        known = _STREAMS[home] = (desk, source, Streams(desk))
    streams = known[2]
    if source:
        streams.poll = polls(
            desk.lake,
            lambda symbol: desk.vendors(source, symbol),
            desk.clock,
            lambda series, error: troubles.update({str(series): str(error)}),
            minutes_for(desk),
        )
    return streams


JOBS: Mapping[str, Job] = {
    "trade_deployed": Job(trade_deployed, Place.DESK, ("standing", "orders", "trades", "errors", "bands")),
}
"""Their rows in the table of tasks."""
