"""What people are told of a vote, of risk's word and of an order; once for the occasion that `key` names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from quorum.desk.cycle import settle
from quorum.desk.desk import Desk
from quorum.desk.facts import order_facts
from quorum.desk.notices import Concern, Event, Occurrence, concern
from quorum.desk.work.concerns import loss_concern
from quorum.domain import Clock, Order, OrderStatus, Transaction, utc_day

ENDED_BADLY = (OrderStatus.REJECTED, OrderStatus.NEVER_ARRIVED)


def tell_vote(desk: Desk, key: str, agent: str, evaluation: Mapping[str, Any], within: Transaction) -> None:
    """A vote that a person should look at, which `agent` has counted; it commits with the vote."""
    if evaluation["consensus"]["escalate"]:
        look = f"Look at the votes with `quorum why {evaluation['decision_id']}`; nothing was traded"
        desk.outbox.escalate(Concern(agent, Event.CONSENSUS_ESCALATED, key, evaluation["reason"], look), within)


def tell_verdict(desk: Desk, key: str, risk: Mapping[str, Any], within: Transaction) -> None:
    """A trade that risk stopped; it commits with risk's word."""
    if risk["verdict"] == "vetoed":
        details = {"decision_id": risk["decision_id"], "proposal": risk["proposal"], "reasons": risk["reasons"]}
        desk.outbox.raise_(Occurrence(Event.RISK_VETO, key, risk["reason"], details), within)


def tell_loss(desk: Desk, agent: str, risk: Mapping[str, Any], as_of: int, within: Transaction) -> None:
    """A total loss that risk's own check found near its limit, or beyond; once a day for the account."""
    check = next((c for c in risk.get("checks", ()) if c["name"] == "max_total_loss"), None)
    if check is None:
        return
    account = risk["proposal"]["account"]
    most = desk.limits(account).max_total_loss
    funded = Decimal(check["limit"]) / (1 - most) if most < 1 else Decimal(0)
    lost = 1 - Decimal(check["used"]) / funded if funded > 0 else Decimal(0)
    for told in loss_concern(account, "total", float(lost), float(most), utc_day(as_of)):
        desk.outbox.escalate(concern(agent, told), within)


def follow_orders(desk: Desk, account: str, clock: Clock) -> Sequence[Order]:
    """Settle the open orders of an account; people are told of those that have ended. The orders as they are then."""
    settled = settle(desk, account, clock)
    for order in settled:
        tell_order(desk, order_facts(order, desk.orders.fills_of(order.intent.client_order_id)))
    return settled


def tell_order(desk: Desk, order: Mapping[str, Any]) -> None:
    """How an order ended, once; while it is open, nothing."""
    event = _ending(OrderStatus(order["status"]), Decimal(order["filled"]))
    if event is not None:
        summary = f"{order['side']} {order['filled']} of {order['quantity']} {order['symbol']}: {order['status']}"
        desk.outbox.raise_(Occurrence(event, order["client_order_id"], summary, order))


def _ending(status: OrderStatus, filled: Decimal) -> Event | None:
    if status is OrderStatus.FILLED:
        return Event.TRADE_EXECUTED
    if status in ENDED_BADLY and not filled:
        return Event.ORDER_REJECTED
    return Event.PARTIAL_FILL if status.terminal else None
