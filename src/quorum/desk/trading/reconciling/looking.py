"""Both sides of an account at one instant: settled orders, the book, and what the venue says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from quorum.desk.desk import Desk
from quorum.domain import (
    HOUR,
    ZERO,
    Book,
    BrokerError,
    BrokerUnreachable,
    Clock,
    NotFound,
    Order,
    OrderStatus,
    split_symbol,
)
from quorum.execution import Broker, Sender
from quorum.execution.ledger import CASH
from quorum.execution.reconcile import LateFills, Ours, PositionGap, Theirs, gaps

LOOKS = 5
ENDED_SHORT = (OrderStatus.CANCELLED, OrderStatus.EXPIRED, OrderStatus.REJECTED, OrderStatus.NEVER_ARRIVED)


@dataclass(frozen=True, slots=True)
class Look:
    """The two sides. `settled` are the orders that were open before, as they are now; `late` are fills that were found.

    Not `steady`: the account kept moving while it was looked at, so that its differences may be nothing.
    """

    ours: Ours
    theirs: Theirs
    settled: tuple[Order, ...]
    late: tuple[LateFills, ...]
    steady: bool


def look(desk: Desk, account: str, clock: Clock) -> Look:
    """Settle what is open, and read both sides until neither moves; orders that ended are asked for late fills.

    The venue is read twice: cash and holdings may come in two answers, between which something traded.

    BrokerUnreachable when the venue does not answer, BrokerError when it refuses to: then nothing is known.
    """
    sender = desk.sender(account, clock)
    settled: dict[str, Order] = {}
    late: dict[str, LateFills] = {}
    for _ in range(LOOKS):
        forgotten = _follow(desk, account, sender, settled)
        before = _book(desk, account)
        theirs = _theirs(sender.broker)
        forgotten |= _follow(desk, account, sender, settled)
        late |= _late(desk, sender, before, theirs)
        book = _book(desk, account)
        steady = book.version == before.version and sender.broker.account() == theirs.account
        if steady:
            break
    ours = Ours(
        book,
        clock.now(),
        tuple(desk.orders.of(account, only_open=True)),
        _known(desk, account, theirs),
        frozenset(forgotten),
        _lots(desk, {*book.positions, *theirs.account.positions}),
        _other_cash(desk, book),
    )
    return Look(ours, theirs, tuple(settled.values()), tuple(late.values()), steady)


def _follow(desk: Desk, account: str, sender: Sender, settled: dict[str, Order]) -> set[str]:
    """Send what never left, ask about the rest; the orders that the venue has forgotten."""
    forgotten = set()
    for order in desk.orders.of(account, only_open=True):
        name = order.intent.client_order_id
        try:
            settled[name] = sender.send(order)
        except BrokerUnreachable:
            raise
        except BrokerError:
            if sender.broker.order(name, order.sent) is not None:
                raise  # it was a refusal: the venue knows the order
            forgotten.add(name)
            settled[name] = order
    return forgotten


def _late(desk: Desk, sender: Sender, book: Book, theirs: Theirs) -> dict[str, LateFills]:
    """Where holdings differ: fills of orders that ended here before the venue was done with them; they are booked."""
    hours = desk.settings.execution.reconciliation.look_back_hours
    since = sender.clock.now() - round(hours * HOUR)
    off = {gap.symbol for gap in gaps(book, theirs.account, {}) if isinstance(gap, PositionGap)}
    found: dict[str, LateFills] = {}
    for symbol in sorted(off):
        for order in desk.orders.of(book.account, symbol):
            if order.status in ENDED_SHORT and order.sent is not None and order.intent.created_at >= since:
                found |= _late_of(desk, sender, order)
    return found


def _late_of(desk: Desk, sender: Sender, order: Order) -> dict[str, LateFills]:
    name = order.intent.client_order_id
    try:
        answer = sender.broker.order(name, order.sent)
    except BrokerUnreachable:
        return {}
    known = {fill.fill_id for fill in desk.orders.fills_of(name)}
    fills = tuple(fill for fill in answer.fills if fill.fill_id not in known) if answer else ()
    if answer is None or not fills:
        return {}
    sender.book(order, answer)
    return {name: LateFills(order, fills)}


def _theirs(broker: Broker) -> Theirs:
    orders = tuple(broker.open_orders())  # first: what fills while they are listed is in the account that follows
    return Theirs(broker.account(), orders)


def _known(desk: Desk, account: str, theirs: Theirs) -> Mapping[str, Order]:
    """The orders of ours that the venue names."""
    found: dict[str, Order] = {}
    for order in theirs.orders:
        try:
            known = desk.orders.get(order.client_order_id)
        except NotFound:
            continue
        if known.intent.account == account:
            found[order.client_order_id] = known
    return found


def _book(desk: Desk, account: str) -> Book:
    with desk.accounts.transaction(account) as transaction:
        return transaction.book()


def _lots(desk: Desk, symbols: Iterable[str]) -> Mapping[str, Decimal]:
    """The least steps of quantity, as instruments.yaml has them."""
    said = desk.settings.instruments
    found = {}
    for symbol in symbols:
        given = said.symbols.get(symbol)
        usual = said.equity_lot if split_symbol(symbol)[0] == symbol else said.crypto_lot
        found[symbol] = given.lot if given is not None and given.lot else usual
    return found


def _other_cash(desk: Desk, book: Book) -> Mapping[str, Decimal]:
    """Cash in other currencies than the book's, by currency."""
    found: dict[str, Decimal] = {}
    for row in desk.rows(("balance",))["balance"]:
        name, currency = str(row["ledger_account"]), str(row["commodity"])
        if row["account"] == book.account and (name == CASH or name.startswith(f"{CASH}:")):
            found[currency] = found.get(currency, ZERO) + Decimal(str(row["amount"]))
    return {currency: amount for currency, amount in found.items() if currency != book.currency}
