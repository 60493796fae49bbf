"""What a breaker does to a book's orders: entries cancelled, stops tightened, holdings closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from quorum.desk.desk import Accounting, Desk
from quorum.desk.facts import verdict_facts
from quorum.desk.guarding.prices import Priced
from quorum.domain import (
    MINUTE,
    BrokerError,
    Choice,
    Clock,
    DecisionKind,
    IllegalMove,
    Order,
    OrderStatus,
    Proposal,
    Purpose,
    Side,
    Vetoed,
    plain,
)
from quorum.engine import intend, judge
from quorum.execution import next_attempt
from quorum.risk import RAISED_BY, Action, Breaker, closings, tighten_stop

EXPIRES = 60 * MINUTE
WHY = "a breaker of the book ends entries"


class Step(NamedTuple):
    """A breaker that acts on an account at an instant, with the prices and steps of what is held."""

    account: str
    now: int
    breaker: Breaker
    prices: Mapping[str, Priced]


def tightened_now(desk: Desk, transaction: Accounting, step: Step) -> dict[str, Decimal]:
    """The stop of each holding that has one, at `stop_keep_fraction` of its distance."""
    keep, book, found = desk.limits(step.account).stop_keep_fraction, transaction.book(), {}
    for symbol, position in book.positions.items():
        stop = _stop_of(desk, step.account, symbol, position.quantity)
        if position.quantity and stop is not None and symbol in step.prices:
            one = step.prices[symbol]
            found[symbol] = tighten_stop(stop, one.last.price, position.quantity, keep, one.instrument)
    return found


def tightened_stops(desk: Desk, account: str) -> dict[str, Decimal]:
    """The stops that a breaker of the account has tightened and that still hold: until a person resumes it."""
    if not any(halt.by == RAISED_BY and halt.of in ("", account) for halt in desk.halts.standing()):
        return {}
    for decision in desk.decisions.recent(20, DecisionKind.HALT, account):
        stops = decision.choice.outcome.get("stops")
        if stops:
            return {symbol: Decimal(level) for symbol, level in stops.items()}
    return {}


def close_part(desk: Desk, transaction: Accounting, step: Step, parent: str) -> list[str]:
    """The intents that close the breaker's share of every holding, each with risk's word; client order ids."""
    if not step.breaker.close:
        return []
    book, written = transaction.book(), []
    limits = desk.limits(step.account)
    instruments = {symbol: one.instrument for symbol, one in step.prices.items()}
    for symbol, quantity in closings(book, step.breaker.close, instruments).items():
        wish = Proposal(
            purpose=Purpose.REDUCTION,
            account=step.account,
            symbol=symbol,
            side=Side.BUY if quantity > 0 else Side.SELL,
            quantity=abs(quantity),
            price=step.prices[symbol].last.price,
            as_of=step.now,
            expires=step.now + EXPIRES,
            key=f"{symbol}|breaker|{parent}",
            origin=parent,
        )
        verdict = judge(wish, book, limits, instruments[symbol])
        judged = {"proposal": plain(wish), **verdict_facts(verdict)}
        inputs = {
            "proposal": plain(wish),
            "book": plain(book),
            "limits": plain(limits),
            "instrument": plain(instruments[symbol]),
        }
        why = f"a breaker closes {step.breaker.close:.0%} of it"
        risk = transaction.record(Choice(DecisionKind.RISK, symbol, step.now, inputs, judged, why, (parent,)))
        if not isinstance(verdict, Vetoed):
            wanted = intend(wish, verdict, risk.decision_id, book, (limits, instruments[symbol]))
            written.append(transaction.intend(wanted).intent.client_order_id)
    return written


def cancel_entries(desk: Desk, step: Step, clock: Clock) -> tuple[list[str], dict[str, str]]:
    """End the open entries of the account where the breaker says so: those cancelled, and why others were not."""
    if Action.CANCEL_ENTRIES not in step.breaker.actions:
        return [], {}
    return _cancelled(desk, step, clock, lambda order: order.intent.purpose is not Purpose.REDUCTION)


def cancel_stops(desk: Desk, step: Step, clock: Clock) -> tuple[list[str], dict[str, str]]:
    """End the stops that stand in the way of closing a part; the turn that follows puts them on what is left."""
    return _cancelled(desk, step, clock, lambda order: order.intent.terms.kind.waits)


def _cancelled(desk: Desk, step: Step, clock: Clock, ends: Callable[[Order], bool]) -> tuple[list[str], dict[str, str]]:
    done, failed = list[str](), dict[str, str]()
    for order in filter(ends, desk.orders.of(step.account, only_open=True)):
        try:
            ended = desk.sender(step.account, clock).cancel(order, WHY)
            done += [order.intent.client_order_id] if ended.status is OrderStatus.CANCELLED else []
        except (BrokerError, IllegalMove) as error:
            failed[order.intent.client_order_id] = str(error)
    return done, failed


def carry_out(desk: Desk, step: Step, clock: Clock, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Let it leave: entries are cancelled, holdings closed; what a venue refuses is told under `failed`."""
    cancelled, failed = cancel_entries(desk, step, clock)
    sent = []
    for identity in answer["closing"]:
        try:
            sent.append(_sent(desk, step, desk.orders.get(identity), clock))
        except BrokerError as error:
            failed[identity] = str(error)
    return {**answer, "cancelled": cancelled, "closed": sent, "failed": failed}


def _sent(desk: Desk, step: Step, order: Order, clock: Clock) -> str:
    """The order after it left; one that never arrived is tried once more."""
    sender = desk.sender(step.account, clock)
    after = sender.send(order)
    if after.status is OrderStatus.NEVER_ARRIVED:
        with desk.accounts.transaction(step.account) as transaction:
            again = transaction.intend(next_attempt(order.intent, 2))
        after = sender.send(again)
    return after.intent.client_order_id


def _stop_of(desk: Desk, account: str, symbol: str, held: Decimal) -> Decimal | None:
    """The stop that protects a holding: one that rests at the venue, else that of its newest entry."""
    orders = desk.orders.of(account, symbol)
    resting = [o for o in orders if not o.status.terminal and o.intent.terms.kind.waits]
    if resting:
        return resting[-1].intent.terms.trigger
    entry = next((o for o in reversed(orders) if o.filled and o.intent.side.sign * held > 0), None)
    return None if entry is None else entry.intent.exit.stop
