"""Sending an intent at most once, and following its order to the end."""

from __future__ import annotations

from quorum.domain import (
    BrokerError,
    BrokerUnreachable,
    Clock,
    Order,
    OrderEvent,
    OrderStatus,
    UnitOfWork,
)
from quorum.execution.ports import Broker, BrokerOrder

_AT_THE_VENUE = frozenset({OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED})


def send(broker: Broker, work: UnitOfWork, clock: Clock, order: Order) -> Order:
    """Send a committed intent that was never sent, and book what the venue answers.

    SENT is committed first, by one sender alone: whoever finds it after a crash asks the venue and does not send
    again. An intent past its expiry is not sent. No answer leaves the order UNKNOWN with its exposure reserved.
    """
    if order.status is not OrderStatus.INTENDED:
        return follow(broker, work, clock, order)
    order, mine = _claim(work, clock, order)
    if not mine:
        return order
    try:
        answer = broker.submit(order.intent)
    except BrokerUnreachable as error:
        return _move(work, clock, order, OrderStatus.UNKNOWN, str(error))
    except BrokerError as error:
        return _move(work, clock, order, OrderStatus.REJECTED, str(error))
    return _book(work, clock, order, answer)


def follow(broker: Broker, work: UnitOfWork, clock: Clock, order: Order) -> Order:
    """Ask the venue about an order that was sent and book what is new; an unreachable venue changes nothing.

    An order that the venue never received is NEVER_ARRIVED: its reserve is free, a new attempt is a new intent.
    BrokerError when the venue forgot an order that it had accepted.
    """
    if order.status.terminal or order.status is OrderStatus.INTENDED:
        return order
    try:
        answer = broker.order(order.intent.client_order_id)
    except BrokerUnreachable:
        return order
    if answer is not None:
        return _book(work, clock, order, answer)
    if order.status in (OrderStatus.SENT, OrderStatus.UNKNOWN):
        return _move(work, clock, order, OrderStatus.NEVER_ARRIVED)
    raise BrokerError(
        f"the venue no longer knows order {order.intent.client_order_id}",
        "compare account and venue before trading on",
    )


def _book(work: UnitOfWork, clock: Clock, order: Order, answer: BrokerOrder) -> Order:
    """Book the venue's news: every fill in a transaction of its own, then the status where no fill tells it."""
    for fill in answer.fills:
        with work.transaction(order.intent.account) as transaction:
            order = transaction.book_fill(fill)
    if order.status is answer.status or order.status.terminal:
        return order
    return _move(work, clock, order, answer.status, answer.detail)


def _claim(work: UnitOfWork, clock: Clock, order: Order) -> tuple[Order, bool]:
    """The order, and whether it is ours to send: it still waits, and its approval holds."""
    with work.transaction(order.intent.account) as transaction:
        order = transaction.intend(order.intent)
        if order.status is not OrderStatus.INTENDED:
            return order, False
        identity, now = order.intent.client_order_id, clock.now()
        if now > order.intent.expires_at:
            late = OrderEvent(identity, OrderStatus.EXPIRED, now, "the approval expired before it was sent")
            return transaction.append(late), False
        return transaction.append(OrderEvent(identity, OrderStatus.SENT, now)), True


def _move(work: UnitOfWork, clock: Clock, order: Order, status: OrderStatus, detail: str = "") -> Order:
    """Append what happened; that an order is known or unknown is no news where another process knows more."""
    with work.transaction(order.intent.account) as transaction:
        order = transaction.intend(order.intent)
        if status in (OrderStatus.UNKNOWN, OrderStatus.ACCEPTED) and order.status in _AT_THE_VENUE:
            return order
        return transaction.append(OrderEvent(order.intent.client_order_id, status, clock.now(), detail))
