"""Our books against the venue's: what differs, what explains it, and what the policy does about the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from quorum.domain import SECOND, ZERO, Book, Fill, Order, OrderStatus, Side, UsageError, split_symbol
from quorum.execution.ledger import ADJUSTMENTS, HOLDING, TRADING, Entry, Posting
from quorum.execution.ports import BrokerAccount, BrokerOrder

WITHOUT_ANSWER = (OrderStatus.SENT, OrderStatus.UNKNOWN)
_WITH_FEES, _AT_BEST = Decimal("1.01"), Decimal("1.5")


class Step(StrEnum):
    """What is done about a difference: nothing, wait, book it, cancel it at the venue, take it over, halt."""

    LEAVE = "leave"
    WAIT = "wait"
    BOOK = "book"
    CANCEL = "cancel"
    ADOPT = "adopt"
    HALT = "halt"


@dataclass(frozen=True, slots=True)
class Policy:
    """What is done about differences that nothing explains; UsageError for a step that does not fit.

    A position off by no more than `dust_lots` lots is dust, cash off by no more than `cash_tolerance` is rounding.
    An order without an answer explains a difference for `patience` nanoseconds from its sending.
    """

    foreign_orders: Step = Step.HALT
    foreign_positions: Step = Step.HALT
    cash: Step = Step.HALT
    dust_lots: Decimal = ZERO
    cash_tolerance: Decimal = ZERO
    patience: int = 120 * SECOND

    def __post_init__(self) -> None:
        fitting = {
            "foreign_orders": (Step.LEAVE, Step.CANCEL, Step.HALT),
            "foreign_positions": (Step.ADOPT, Step.HALT),
            "cash": (Step.ADOPT, Step.HALT),
        }
        for name, steps in fitting.items():
            if getattr(self, name) not in steps:
                raise UsageError(f"{name}: {getattr(self, name)} is no way to treat them", f"choose {', '.join(steps)}")


@dataclass(frozen=True, slots=True)
class Ours:
    """Our side at `now` (ns UTC): the book, the orders that have not ended here, and every one that the venue names.

    `forgotten` are orders that the venue had accepted and knows no more; `lots` the least steps of quantity; `cash` is
    what is held of other currencies than the book's.
    """

    book: Book
    now: int
    open: tuple[Order, ...] = ()
    known: Mapping[str, Order] = field(default_factory=dict)
    forgotten: frozenset[str] = frozenset()
    lots: Mapping[str, Decimal] = field(default_factory=dict)
    cash: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Theirs:
    """The venue's side: cash and holdings, and the orders that may still fill."""

    account: BrokerAccount
    orders: tuple[BrokerOrder, ...] = ()


@dataclass(frozen=True, slots=True)
class LostOrder:
    """Ours, accepted at the venue, which knows it no more."""

    order: Order

    def __str__(self) -> str:
        return f"order {self.order.intent.client_order_id} is {self.order.status} here, the venue does not know it"


@dataclass(frozen=True, slots=True)
class StrayOrder:
    """Ours, ended here, open at the venue."""

    order: Order
    at_venue: BrokerOrder

    def __str__(self) -> str:
        return f"order {self.order.intent.client_order_id} is {self.order.status} here, open at the venue"


@dataclass(frozen=True, slots=True)
class ForeignOrder:
    """Open at the venue, and never ours."""

    at_venue: BrokerOrder

    def __str__(self) -> str:
        found = self.at_venue
        return f"order {found.client_order_id} ({found.quantity} {found.symbol}) at the venue is none of ours"


@dataclass(frozen=True, slots=True)
class LateFills:
    """Fills at the venue, of an order of ours, that were not booked here."""

    order: Order
    fills: tuple[Fill, ...]

    def __str__(self) -> str:
        quantity, intent = sum((fill.quantity for fill in self.fills), ZERO), self.order.intent
        return f"order {intent.client_order_id} is {self.order.status} here, the venue filled {quantity} more of it"


@dataclass(frozen=True, slots=True)
class PositionGap:
    """A holding on which the two do not agree; quantities are signed. `paid` is a unit's cost by the venue's word."""

    symbol: str
    ours: Decimal
    theirs: Decimal
    paid: Decimal = field(default=ZERO, compare=False)

    @property
    def gap(self) -> Decimal:
        """What the venue has more."""
        return self.theirs - self.ours

    def __str__(self) -> str:
        return f"{self.symbol}: {self.ours} here, {self.theirs} at the venue"


@dataclass(frozen=True, slots=True)
class CashGap:
    """Cash on which the two do not agree."""

    currency: str
    ours: Decimal
    theirs: Decimal

    @property
    def gap(self) -> Decimal:
        """What the venue has more."""
        return self.theirs - self.ours

    def __str__(self) -> str:
        return f"cash {self.currency}: {self.ours} here, {self.theirs} at the venue"


Difference = LostOrder | StrayOrder | ForeignOrder | LateFills | PositionGap | CashGap


@dataclass(frozen=True, slots=True)
class Resolution:
    """What is done about a difference, and why; `price` (quote currency) is what an adopted unit is counted at."""

    difference: Difference
    step: Step
    why: str
    price: Decimal = ZERO

    @property
    def explained(self) -> bool:
        """Whether books and venue may differ so without anything to do."""
        return self.step in (Step.LEAVE, Step.WAIT)


def gaps(book: Book, venue: BrokerAccount, others: Mapping[str, Decimal]) -> tuple[CashGap | PositionGap, ...]:
    """Each line of cash or holding on which the two disagree, to the last unit; `others` is cash beside the book's."""
    found: list[CashGap | PositionGap] = []
    held = {**book.foreign, **others, book.currency: book.cash}
    for currency in sorted({*held, *venue.cash}):
        here, cash = held.get(currency, ZERO), venue.cash.get(currency, ZERO)
        if here != cash:
            found.append(CashGap(currency, here, cash))
    for symbol in sorted({*book.positions, *venue.positions}):
        ours, theirs = book.quantity(symbol), venue.positions.get(symbol, ZERO)
        if ours != theirs:
            found.append(PositionGap(symbol, ours, theirs, venue.paid.get(symbol, ZERO)))
    return tuple(found)


def differences(book: Book, venue: BrokerAccount) -> tuple[str, ...]:
    """Each line of cash in the book's currency, or of holding, on which the two disagree, in words."""
    return tuple(str(gap) for gap in gaps(book, venue, {}))


def compare(ours: Ours, theirs: Theirs) -> tuple[Difference, ...]:
    """All that differs, orders first: what becomes of an order may explain a holding."""
    orders = tuple(_order_differences(ours, theirs))
    return (*orders, *gaps(ours.book, theirs.account, ours.cash))


def _order_differences(ours: Ours, theirs: Theirs) -> Iterator[LostOrder | StrayOrder | ForeignOrder]:
    for order in ours.open:
        if order.intent.client_order_id in ours.forgotten:
            yield LostOrder(order)
    for found in theirs.orders:
        known = ours.known.get(found.client_order_id)
        if known is None:
            yield ForeignOrder(found)
        elif known.status.terminal:
            yield StrayOrder(known, found)


def resolve(difference: Difference, ours: Ours, found: tuple[Difference, ...], policy: Policy) -> Resolution:
    """What is to be done about one of the differences `found`."""
    match difference:
        case LostOrder():
            return Resolution(difference, Step.HALT, "an accepted order cannot vanish: ask the venue")
        case StrayOrder():
            return Resolution(difference, Step.CANCEL, "it ended here, and nothing of it may fill")
        case LateFills():
            return Resolution(difference, Step.BOOK, "what traded has traded")
        case ForeignOrder():
            return Resolution(difference, policy.foreign_orders, f"foreign_orders: {policy.foreign_orders}")
        case PositionGap():
            return _of_position(difference, ours, found, policy)
        case CashGap():
            return _of_cash(difference, ours, found, policy)


def resolutions(ours: Ours, theirs: Theirs, policy: Policy) -> tuple[Resolution, ...]:
    """What differs, each with what is to be done about it."""
    found = compare(ours, theirs)
    return tuple(resolve(difference, ours, found, policy) for difference in found)


def _of_position(gap: PositionGap, ours: Ours, found: tuple[Difference, ...], policy: Policy) -> Resolution:
    dust = ours.lots.get(gap.symbol, ZERO) * policy.dust_lots
    if abs(gap.gap) <= dust:
        return Resolution(gap, Step.LEAVE, f"dust: no more than {dust}")
    waiting = _without_answer(ours, policy, gap.symbol)
    if _within(gap.gap, sum((order.intent.side.sign * order.remaining for order in waiting), ZERO)):
        return Resolution(gap, Step.WAIT, f"order {waiting[0].intent.client_order_id} may be it: it has no answer yet")
    if policy.foreign_positions is Step.HALT:
        return Resolution(gap, Step.HALT, "foreign_positions: halt")
    price = _price(gap, ours.book, found)
    if price is None:
        return Resolution(gap, Step.HALT, f"foreign_positions: adopt, and no price of {gap.symbol} is known")
    return Resolution(gap, Step.ADOPT, "foreign_positions: adopt", price)


def _of_cash(gap: CashGap, ours: Ours, found: tuple[Difference, ...], policy: Policy) -> Resolution:
    if abs(gap.gap) <= policy.cash_tolerance:
        return Resolution(gap, Step.LEAVE, f"rounding: no more than {policy.cash_tolerance}")
    waiting = [o for o in _without_answer(ours, policy) if split_symbol(o.intent.symbol)[1] == gap.currency]
    if _within(gap.gap, sum((_worth(order, ours.book) for order in waiting), ZERO)):
        return Resolution(gap, Step.WAIT, f"order {waiting[0].intent.client_order_id} may be it: it has no answer yet")
    return Resolution(gap, policy.cash, f"cash: {policy.cash}")


def _without_answer(ours: Ours, policy: Policy, symbol: str | None = None) -> list[Order]:
    """Orders that may have arrived and were sent a short time ago."""
    return [
        order
        for order in ours.open
        if order.status in WITHOUT_ANSWER
        and order.sent is not None
        and ours.now - order.sent <= policy.patience
        and symbol in (None, order.intent.symbol)
    ]


def _worth(order: Order, book: Book) -> Decimal:
    """The cash that an order may have moved at most: a purchase costs no more than its reserve and the fees, a sale
    has no best price, so that it may bring half as much again as the last one."""
    intent = order.intent
    if intent.side is Side.BUY:
        return -intent.reserve * _WITH_FEES
    price = max(book.marks.get(intent.symbol, ZERO), intent.price)
    return max(intent.reserve, intent.quantity * price) * _AT_BEST


def _within(gap: Decimal, most: Decimal) -> bool:
    return 0 < gap <= most or most <= gap < 0


def _price(gap: PositionGap, book: Book, found: tuple[Difference, ...]) -> Decimal | None:
    """At what a unit is adopted: the last price seen, what ours cost, else what the venue or its cash says was paid."""
    mark, held = book.marks.get(gap.symbol), book.positions.get(gap.symbol)
    if mark is not None:
        return mark
    if held is not None and held.average_price > 0:
        return held.average_price
    if gap.paid > 0:
        return gap.paid
    quote = split_symbol(gap.symbol)[1]
    paid = [d for d in found if isinstance(d, CashGap) and d.currency == quote and d.gap * gap.gap < 0]
    alone = all(d is gap for d in found if isinstance(d, PositionGap))
    return abs(paid[0].gap / gap.gap) if paid and alone else None


def entry_of_adoption(account: str, gap: PositionGap, price: Decimal, at: tuple[int, str]) -> Entry:
    """Units that the venue has more, or less when negative, taken over at `price` against adjustments."""
    quote, worth = split_symbol(gap.symbol)[1], gap.gap * price
    postings = (
        Posting(HOLDING, gap.symbol, gap.gap),
        Posting(TRADING, gap.symbol, -gap.gap),
        Posting(TRADING, quote, worth),
        Posting(ADJUSTMENTS, quote, -worth),
    )
    return Entry(account, at[0], "adoption", at[1], postings)
