"""Letting go: a strategy that leaves sells what it holds, and a stop of it does not stay behind."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from quorum.desk.deploying.steering import Word, retire, undeploy
from quorum.desk.desk import Desk
from quorum.desk.trading.turns.deployed import Streams
from quorum.desk.trading.turns.turn import trade_turn
from quorum.domain import Clock


def retire_and_close(
    desk: Desk, strategy_id: str, word: Word, positions: str, clock: Clock | None = None
) -> dict[str, Any]:
    """End a deployed strategy's life for good; with `close` what it holds is sold by reductions, at once.

    What the venue has not filled by then the next turns close. Errors as of `retire`.
    """
    told = retire(desk, strategy_id, word, positions)
    return {**told, **_close(desk, strategy_id, positions, clock)}


def undeploy_and_close(
    desk: Desk, strategy_id: str, word: Word, positions: str, clock: Clock | None = None
) -> dict[str, Any]:
    """Take a deployment back; with `close` what it holds is sold as above. Errors as of `undeploy`."""
    told = undeploy(desk, strategy_id, word, positions)
    return {**told, **_close(desk, strategy_id, positions, clock)}


def _close(desk: Desk, strategy_id: str, positions: str, clock: Clock | None) -> dict[str, Any]:
    if positions != "close":
        return {}
    turn = trade_turn(desk, Streams(desk), paper="live", strategies=(strategy_id,), clock=clock)
    rows = (row for row in turn.standing if row["strategy_id"] == strategy_id)
    left = {row["symbol"]: row["held"] for row in rows if Decimal(row["held"])}
    return {"orders": turn.orders, "left": left, "errors": turn.errors}
