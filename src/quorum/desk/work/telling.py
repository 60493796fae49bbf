"""What people are told of a vote, of risk's word and of an order; once for the occasion that `key` names."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from quorum.desk.desk import Desk
from quorum.desk.notices import Concern, Event, Occurrence
from quorum.domain import OrderStatus

ENDED_BADLY = (OrderStatus.REJECTED, OrderStatus.NEVER_ARRIVED)


def tell_vote(desk: Desk, key: str, agent: str, evaluation: Mapping[str, Any]) -> None:
    """A vote that a person should look at, which `agent` has counted."""
    if evaluation["consensus"]["escalate"]:
        look = f"Look at the votes with `quorum why {evaluation['decision_id']}`; nothing was traded"
        desk.outbox.escalate(Concern(agent, Event.CONSENSUS_ESCALATED, key, evaluation["reason"], look))


def tell_verdict(desk: Desk, key: str, risk: Mapping[str, Any]) -> None:
    """A trade that risk stopped."""
    if risk["verdict"] == "vetoed":
        details = {"decision_id": risk["decision_id"], "proposal": risk["proposal"], "reasons": risk["reasons"]}
        desk.outbox.raise_(Occurrence(Event.RISK_VETO, key, risk["reason"], details))


def tell_order(desk: Desk, key: str, order: Mapping[str, Any]) -> None:
    """How an order ended; while it is open, nothing."""
    event = _ending(OrderStatus(order["status"]), Decimal(order["filled"]))
    if event is not None:
        summary = f"{order['side']} {order['filled']} of {order['quantity']} {order['symbol']}: {order['status']}"
        desk.outbox.raise_(Occurrence(event, key, summary, order))


def _ending(status: OrderStatus, filled: Decimal) -> Event | None:
    if status is OrderStatus.FILLED:
        return Event.TRADE_EXECUTED
    if status.terminal and filled:
        return Event.PARTIAL_FILL
    return Event.ORDER_REJECTED if status in ENDED_BADLY else None
