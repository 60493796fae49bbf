"""Closing orders that leave by the Sender: risk is told of them and never stops them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, NamedTuple, Protocol

from quorum.domain import (
    MINUTE,
    ZERO,
    Book,
    BrokerError,
    Choice,
    DataError,
    DecisionKind,
    Instrument,
    NotFound,
    Order,
    OrderIntent,
    OrderStatus,
    Part,
    Proposal,
    Purpose,
    Side,
    StoreError,
    plain,
)
from quorum.execution.intent import make_intent
from quorum.execution.ports import Abilities, Broker, BrokerAccount, BrokerOrder
from quorum.execution.sender import Sender
from quorum.execution.stopping.closing import UNANSWERED

EXPIRES = 5 * MINUTE


class Quoted(NamedTuple):
    """A symbol as it can be closed: its steps, and about where it trades."""

    instrument: Instrument
    price: Decimal


class Hears:
    """A Broker that keeps the ids of orders that another was asked to place, and what it said when it refused one."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.said: dict[str, str] = {}
        self.asked: set[str] = set()

    @property
    def abilities(self) -> Abilities:
        return self._broker.abilities

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        self.asked.add(intent.client_order_id)
        try:
            return self._broker.submit(intent)
        except BrokerError as error:
            self.said[intent.client_order_id] = str(error)
            raise

    def order(self, client_order_id: str, sent: int | None = None) -> BrokerOrder | None:
        return self._broker.order(client_order_id, sent)

    def open_orders(self) -> Sequence[BrokerOrder]:
        return self._broker.open_orders()

    def cancel(self, client_order_id: str) -> BrokerOrder:
        return self._broker.cancel(client_order_id)

    def cancel_all(self) -> Mapping[str, str]:
        return self._broker.cancel_all()

    def account(self) -> BrokerAccount:
        return self._broker.account()


Word = Callable[[Proposal, Book, Instrument], Mapping[str, Any]]
"""Risk's word on a reduction as plain facts: proposal, verdict, quantity, reasons, checks, limits."""


class Ours(Protocol):
    """What the books say of the account that is closed; nothing where they are out of reach."""

    def shares(self, symbol: str) -> Mapping[str, Decimal]:
        """What each strategy holds of a symbol, signed."""
        ...

    def cross(self, symbol: str, price: Decimal) -> None:
        """Book as crossed what strategies hold of a symbol against each other."""
        ...

    def open(self) -> Sequence[Order]:
        """Orders of the account that have not ended by the books."""
        ...


@dataclass(frozen=True)
class Leaving:
    """Closer of one account: an intent on record with risk's word, then the Sender.

    Of `senders` the first takes it whose store answers; one that did not is not asked again. `at` names the occasion,
    `quote` and `ours` say where a symbol trades, whose it is, and which orders may fill yet; an order fills no worse
    than `width` (a fraction) from that price, and may leave for `EXPIRES` only, so that none that nobody remembers
    goes out later.
    """

    account: str
    senders: tuple[Sender, ...]
    occasion: tuple[int, str]
    quote: Callable[[str], Quoted]
    word: Word
    ours: Ours
    width: Decimal = Decimal("0.1")
    _mine: dict[str, Sender] = field(default_factory=dict)
    _away: set[int] = field(default_factory=set)

    def lots(self, symbol: str, held: Decimal) -> Decimal:
        """See Closer; a symbol whose steps nobody knows is closed as it is held."""
        try:
            return self.quote(symbol).instrument.quantity(held)
        except DataError:
            return held

    def waiting(self) -> Sequence[Order]:
        """See Closer; one that was only meant to leave is withdrawn, what became of the others is booked."""
        mine = [order for order in self.ours.open() if order.intent.client_order_id not in self._mine]
        return [left for order in mine if (left := self._asked(order)).status in UNANSWERED]

    def _asked(self, order: Order) -> Order:
        withdrawn = order.status is OrderStatus.INTENDED
        for sender in self.senders:
            with suppress(StoreError, NotFound, BrokerError):  # it may be on record with the next one only
                return sender.cancel(order, self.occasion[1]) if withdrawn else sender.follow(order)
        return order

    def close(self, symbol: str, held: Decimal) -> Order:
        """See Closer; what strategies hold leaves as their parts, before the desk's own, and what some hold against
        the others is crossed first.
        """
        quoted = self.quote(symbol)
        self.ours.cross(symbol, quoted.price)
        parts = self._parts(quoted.instrument, held)
        quantity = sum((abs(part.quantity) for part in parts), ZERO) or abs(held)
        order, sender = self._taken(self._wish(quoted, Side.SELL if held > 0 else Side.BUY, quantity), quoted, parts)
        self._mine[order.intent.client_order_id] = sender
        try:
            return sender.send(order)
        except StoreError:  # what became of one that left, the venue knows
            left = not isinstance(sender.broker, Hears) or order.intent.client_order_id in sender.broker.asked
            status = OrderStatus.UNKNOWN if left else OrderStatus.NEVER_ARRIVED
            return replace(order, status=status, sent=order.intent.created_at)

    def follow(self, order: Order) -> Order:
        """See Closer; where the store does not answer, by the venue alone."""
        sender = self._mine[order.intent.client_order_id]
        try:
            return sender.follow(order)
        except StoreError:
            answer = sender.broker.order(order.intent.client_order_id, order.sent)
        if answer is None:
            return replace(order, status=OrderStatus.NEVER_ARRIVED)
        return replace(order, status=answer.status, filled=sum((fill.quantity for fill in answer.fills), ZERO))

    def said(self, order: Order) -> str:
        """See Closer; known where the sender's broker is one that Hears."""
        broker = self._mine[order.intent.client_order_id].broker
        return broker.said.get(order.intent.client_order_id, "") if isinstance(broker, Hears) else ""

    def _wish(self, quoted: Quoted, side: Side, quantity: Decimal) -> Proposal:
        now, (at, why) = self.senders[0].clock.now(), self.occasion
        instrument = quoted.instrument
        return Proposal(
            purpose=Purpose.REDUCTION,
            account=self.account,
            symbol=instrument.symbol,
            side=side,
            quantity=quantity,
            price=instrument.price(quoted.price) or instrument.tick,
            as_of=now,
            expires=now + EXPIRES,
            key=f"close-all/{at}/{instrument.symbol}/{now}|{why}",
            origin="",
        )

    def _taken(self, wish: Proposal, quoted: Quoted, parts: tuple[Part, ...]) -> tuple[Order, Sender]:
        """The committed intent, and who committed it; StoreError when nobody can keep it."""
        for number, sender in enumerate(self.senders):
            last = number == len(self.senders) - 1
            if number in self._away and not last:
                continue
            try:
                return self._intended(sender, wish, quoted.instrument, parts), sender
            except StoreError:
                if last:
                    raise
                self._away.add(number)
        raise StoreError("no place takes an order of an emergency", "free some space")

    def _intended(self, sender: Sender, wish: Proposal, instrument: Instrument, parts: tuple[Part, ...]) -> Order:
        """The committed intent, and risk's decision in the same transaction."""
        with sender.work.transaction(self.account) as transaction:
            book = transaction.book()
            told = dict(self.word(wish, book, instrument))
            inputs = {
                "proposal": plain(wish),
                "book": plain(book),
                "limits": told.pop("limits"),
                "instrument": plain(instrument),
            }
            why = f"the account is closed: {self.occasion[1]}"
            decided = transaction.record(Choice(DecisionKind.RISK, wish.symbol, wish.as_of, inputs, told, why))
            worst = self._worst(wish, instrument)
            intent = make_intent(wish, wish.quantity, worst, decided.decision_id, book.version, wish.as_of)
            return transaction.intend(replace(intent, parts=parts))

    def _worst(self, wish: Proposal, instrument: Instrument) -> Decimal:
        rounding = ROUND_CEILING if wish.side is Side.BUY else ROUND_FLOOR
        limit = wish.price * (1 + wish.side.sign * self.width)
        return max(instrument.tick, (limit / instrument.tick).to_integral_value(rounding) * instrument.tick)

    def _parts(self, instrument: Instrument, held: Decimal) -> tuple[Part, ...]:
        """What strategies hold on the same side, in lots, if it is not more than is held."""
        theirs = {name: instrument.quantity(quantity) for name, quantity in self.ours.shares(instrument.symbol).items()}
        theirs = {name: quantity for name, quantity in theirs.items() if quantity * held > 0}
        if not theirs or abs(sum(theirs.values(), ZERO)) > abs(held):
            return ()
        return tuple(Part(name, -quantity) for name, quantity in theirs.items())
