"""What is done about a difference: an order is cancelled at the venue, a holding or cash is taken over."""

from __future__ import annotations

from typing import assert_never

from quorum.desk.desk import Accounting, Desk
from quorum.desk.trading.reconciling.looking import Look
from quorum.domain import BrokerError, BrokerUnreachable, Choice, Clock, DecisionKind, Position, plain
from quorum.execution.ledger import CASH, Entry, entry_of_adjustment
from quorum.execution.reconcile import (
    CashGap,
    ForeignOrder,
    LateFills,
    LostOrder,
    PositionGap,
    Resolution,
    Step,
    StrayOrder,
    entry_of_adoption,
)

ACTS = (Step.CANCEL, Step.ADOPT)


def act(desk: Desk, seen: Look, resolution: Resolution, clock: Clock) -> None:
    """Do it, and put it on record; what the venue refuses, or what has moved since, is there at the next look.

    BrokerUnreachable when the venue does not answer.
    """
    match resolution.difference:
        case StrayOrder() | ForeignOrder():
            if resolution.step is Step.CANCEL:
                _cancel(desk, seen, resolution, clock)
        case PositionGap() | CashGap():
            if resolution.step is Step.ADOPT:
                _adopt(desk, seen, resolution, clock)
        case LateFills() | LostOrder():
            return
        case _:
            assert_never(resolution.difference)


def _cancel(desk: Desk, seen: Look, resolution: Resolution, clock: Clock) -> None:
    difference, account = resolution.difference, seen.ours.book.account
    assert isinstance(difference, StrayOrder | ForeignOrder)
    sender = desk.sender(account, clock)
    try:
        answer = sender.broker.cancel(difference.at_venue.client_order_id)
    except BrokerUnreachable:
        raise
    except BrokerError as error:
        refused = f"{resolution.why}, and the venue refused: {error}"
        _record(desk, account, resolution, refused, clock)
        return
    if isinstance(difference, StrayOrder):
        sender.book(difference.order, answer)
    _record(desk, account, resolution, resolution.why, clock)


def _adopt(desk: Desk, seen: Look, resolution: Resolution, clock: Clock) -> None:
    """Take over what the venue has, in one transaction with its decision; not where the book has moved since."""
    account = seen.ours.book.account
    with desk.accounts.transaction(account) as transaction:
        book = transaction.book()
        difference = resolution.difference
        if isinstance(difference, PositionGap):
            held = book.positions.get(difference.symbol, Position(difference.symbol))
            if held.quantity == difference.ours:
                entry = entry_of_adoption(account, difference, resolution.price, _at(seen, difference.symbol))
                transaction.adopt(entry, held.trade(difference.gap, resolution.price))
                _record_within(transaction, account, resolution, entry, clock)
        elif isinstance(difference, CashGap):
            currency = difference.currency
            now, then = ({**one.foreign, one.currency: one.cash}.get(currency) for one in (book, seen.ours.book))
            if now == then:
                entry = entry_of_adjustment(account, CASH, currency, difference.gap, _at(seen, f"cash {currency}"))
                transaction.adopt(entry)
                _record_within(transaction, account, resolution, entry, clock)


def _at(seen: Look, what: str) -> tuple[int, str]:
    """The instant of an adoption and its reference: once for a version of the book."""
    book = seen.ours.book
    return seen.ours.now, f"adopted-{book.account}-{what}-{book.version}"


def _choice(account: str, resolution: Resolution, why: str, entry: str, clock: Clock) -> Choice:
    inputs = {"difference": str(resolution.difference), "kind": type(resolution.difference).__name__}
    outcome = {"step": resolution.step.value, "price": plain(resolution.price), "entry": entry}
    return Choice(DecisionKind.POLICY, f"account {account}", clock.now(), inputs, outcome, why)


def _record(desk: Desk, account: str, resolution: Resolution, why: str, clock: Clock) -> None:
    desk.decisions.record(_choice(account, resolution, why, "", clock))


def _record_within(transaction: Accounting, account: str, resolution: Resolution, entry: Entry, clock: Clock) -> None:
    transaction.record(_choice(account, resolution, resolution.why, entry.reference, clock))
