"""Sending an intent at most once, following its order to the end, and cancelling it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from quorum.domain import (
    BrokerError,
    BrokerUnreachable,
    Clock,
    Halt,
    Order,
    OrderEvent,
    OrderStatus,
    UnitOfWork,
)
from quorum.execution.ports import Broker, BrokerOrder, Halts

_AT_THE_VENUE = frozenset({OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED})


@dataclass(frozen=True)
class Sender:
    """The one way out: an account's venue, the store in which its orders are, the clock, and the halts."""

    broker: Broker
    work: UnitOfWork
    clock: Clock
    halts: Halts

    def send(self, order: Order) -> Order:
        """Send a committed intent that was never sent, and book what the venue answers.

        SENT is committed first, by one sender alone: whoever finds it after a crash asks the venue and does not send
        again. An intent past its expiry is not sent. The halts are looked at last; one that stops it cancels it, also
        when it was raised while the order was on its way, or since. No answer leaves the order UNKNOWN with its
        exposure reserved.
        """
        if order.status is not OrderStatus.INTENDED:
            return self._recalled(self.follow(order))
        order, mine = self._claim(order)
        return self._recalled(self._let_out(order)) if mine else order

    def follow(self, order: Order) -> Order:
        """Ask the venue about an order that was sent and book what is new; an unreachable venue changes nothing.

        An order that the venue never received is NEVER_ARRIVED: its reserve is free, a new attempt is a new intent.
        BrokerError when the venue forgot an order that it had accepted.
        """
        if order.status.terminal or order.status is OrderStatus.INTENDED:
            return order
        try:
            answer = self.broker.order(order.intent.client_order_id, order.sent)
        except BrokerUnreachable:
            return order
        if answer is not None:
            return self.book(order, answer)
        if order.status in (OrderStatus.SENT, OrderStatus.UNKNOWN):
            return self._move(order, OrderStatus.NEVER_ARRIVED)
        raise BrokerError(
            f"the venue no longer knows order {order.intent.client_order_id}",
            "compare account and venue before trading on",
        )

    def cancel(self, order: Order, why: str) -> Order:
        """End what is open of an order; one that never left ends here. An unreachable venue changes nothing.

        What filled before the venue heard of it is booked. BrokerError for what the venue does not cancel.
        """
        if order.status.terminal:
            return order
        if order.status is OrderStatus.INTENDED:
            order, mine = self._withdraw(order, why)
            if mine:
                return order
        try:
            return self.book(order, self.broker.cancel(order.intent.client_order_id))
        except BrokerUnreachable:
            return order
        except BrokerError:
            followed = self.follow(order)  # it may have ended meanwhile, or never arrived
            if followed.status.terminal:
                return followed
            raise

    def book(self, order: Order, answer: BrokerOrder) -> Order:
        """Book the venue's news: every fill in a transaction of its own, then the status where no fill tells it.

        A fill that is reported after the order's end is booked, and leaves its status.
        """
        for fill in answer.fills:
            with self.work.transaction(order.intent.account) as transaction:
                order = transaction.book_fill(fill)
        if order.status is answer.status or order.status.terminal:
            return order
        return self._move(order, answer.status, answer.detail)

    def _let_out(self, order: Order) -> Order:
        """Look at the halts, and let it go; whoever halts can wait until both are done."""
        with self.halts.leaving() as standing:
            halt = _stopping(order, standing)
            if halt is not None:
                return self._move(order, OrderStatus.CANCELLED, f"it did not leave: {_said(halt)}")
            try:
                answer = self.broker.submit(order.intent)
            except BrokerUnreachable as error:
                return self._move(order, OrderStatus.UNKNOWN, str(error))
            except BrokerError as error:
                return self._move(order, OrderStatus.REJECTED, str(error))
        return self.book(order, answer)

    def _recalled(self, order: Order) -> Order:
        """An order at the venue that somebody has halted meanwhile is cancelled; one that cannot be is there still."""
        if order.status not in _AT_THE_VENUE:
            return order
        halt = _stopping(order, [halt for halt in self.halts.standing() if halt.at])
        if halt is None:
            return order
        try:
            return self.cancel(order, f"it was called back: {_said(halt)}")
        except BrokerError:
            return order

    def _claim(self, order: Order) -> tuple[Order, bool]:
        """The order, and whether it is ours to send: it still waits, and its approval holds."""
        with self.work.transaction(order.intent.account) as transaction:
            order = transaction.intend(order.intent)
            if order.status is not OrderStatus.INTENDED:
                return order, False
            identity, now = order.intent.client_order_id, self.clock.now()
            if now > order.intent.expires_at:
                late = OrderEvent(identity, OrderStatus.EXPIRED, now, "the approval expired before it was sent")
                return transaction.append(late), False
            return transaction.append(OrderEvent(identity, OrderStatus.SENT, now)), True

    def _withdraw(self, order: Order, why: str) -> tuple[Order, bool]:
        """The order, and whether it was withdrawn before anybody sent it."""
        with self.work.transaction(order.intent.account) as transaction:
            order = transaction.intend(order.intent)
            if order.status is not OrderStatus.INTENDED:
                return order, False
            withdrawn = OrderEvent(order.intent.client_order_id, OrderStatus.CANCELLED, self.clock.now(), why)
            return transaction.append(withdrawn), True

    def _move(self, order: Order, status: OrderStatus, detail: str = "") -> Order:
        """Append what happened; that an order is known or unknown is no news where another process knows more."""
        with self.work.transaction(order.intent.account) as transaction:
            order = transaction.intend(order.intent)
            if status in (OrderStatus.UNKNOWN, OrderStatus.ACCEPTED) and order.status in _AT_THE_VENUE:
                return order
            return transaction.append(OrderEvent(order.intent.client_order_id, status, self.clock.now(), detail))


def _stopping(order: Order, standing: Sequence[Halt]) -> Halt | None:
    return next((halt for halt in standing if halt.stops(order.intent)), None)


def _said(halt: Halt) -> str:
    return f"{halt.name} is halted ({halt.severity.name}): {halt.reason}"
