"""What a breaker does to a book's orders: entries cancelled, stops tightened, holdings closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

from quorum.desk.desk import Accounting, Desk
from quorum.desk.guarding.closing import Step, newest_attempt, send_closings, unfilled
from quorum.desk.guarding.resting import end_orders, is_looser, is_stop, put_back
from quorum.domain import BrokerError, Clock, DecisionKind, Order, Purpose
from quorum.risk import RAISED_BY, Action, tighten_stop

WHY = "a breaker of the book ends entries"
MOVED = "a breaker of the book moves it"


def tightened_now(desk: Desk, transaction: Accounting, step: Step) -> dict[str, Decimal]:
    """The stop of each holding that has one, at `stop_keep_fraction` of its distance."""
    keep, book, found = desk.limits(step.account).stop_keep_fraction, transaction.book(), {}
    for symbol, position in book.positions.items():
        stop = _stop_of(desk, step.account, symbol, position.quantity)
        if position.quantity and stop is not None and symbol in step.prices and symbol not in step.blind:
            one = step.prices[symbol]
            found[symbol] = tighten_stop(stop, one.last.price, position.quantity, keep, one.instrument)
    return found


def tightened_stops(desk: Desk, account: str) -> dict[str, Decimal]:
    """The stops that a breaker of the account has tightened and that still hold: until a person resumes it."""
    standing = [halt.at for halt in desk.halts.standing() if halt.by == RAISED_BY and halt.of in ("", account)]
    if not standing:
        return {}
    for decision in desk.decisions.recent(20, DecisionKind.HALT, account):
        stops = decision.choice.outcome.get("stops")
        if stops and decision.choice.as_of >= min(standing):  # one from before is of a fall that was resumed
            return {symbol: Decimal(level) for symbol, level in stops.items()}
    return {}


def clear_way(desk: Desk, step: Step, clock: Clock) -> tuple[list[Order], dict[str, str]]:
    """End the stops that stand in the way of closing a part: those that ended, and why others did not."""
    return end_orders(desk, step, clock, is_stop, MOVED)


def carry_out(
    desk: Desk, step: Step, clock: Clock, answer: Mapping[str, Any], ended: Sequence[Order] = ()
) -> dict[str, Any]:
    """Let it leave: entries are cancelled, holdings closed, resting stops moved nearer and put back on what is left.

    `ended` are the stops that made way. What a venue refuses is told under `failed`. Done again it does what is not
    done yet, and nothing twice.
    """
    cancelled, failed = list[Order](), dict[str, str]()
    if Action.CANCEL_ENTRIES in step.breaker.actions:
        cancelled, failed = end_orders(desk, step, clock, _enters, WHY)
    closed, left = send_closings(desk, step, clock, answer["closing"])
    levels = tightened_stops(desk, step.account)
    looser, kept = end_orders(desk, step, clock, lambda order: is_looser(order, levels), MOVED)
    moved, lost = put_back(desk, step, clock, [*ended, *looser], levels)
    return {
        **answer,
        "cancelled": [order.intent.client_order_id for order in cancelled],
        "closed": closed,
        "stops_moved": moved,
        "failed": {**failed, **left, **kept, **lost},
    }


def is_open(desk: Desk, answer: Mapping[str, Any]) -> bool:
    """Whether a closing of the breaker has not filled whole, and is tried again."""
    for name in answer["closing"]:
        with suppress(BrokerError):  # it was tried too often, which is told and keeps nobody from going on
            if unfilled(newest_attempt(desk, desk.orders.get(name))):
                return True
    return False


def _enters(order: Order) -> bool:
    return order.intent.purpose is not Purpose.REDUCTION


def _stop_of(desk: Desk, account: str, symbol: str, held: Decimal) -> Decimal | None:
    """The stop that protects a holding: one that rests at the venue, else that of its newest entry."""
    orders = desk.orders.of(account, symbol)
    resting = [o for o in orders if not o.status.terminal and o.intent.terms.kind.waits]
    if resting:
        return resting[-1].intent.terms.trigger
    entry = next((o for o in reversed(orders) if o.filled and o.intent.side.sign * held > 0), None)
    return None if entry is None else entry.intent.exit.stop
