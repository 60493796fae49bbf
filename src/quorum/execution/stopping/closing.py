"""Closing every position at a venue: cancel, reduce at the market, look again, until flat or the deadline."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple, Protocol

from quorum.domain import BrokerError, Order, OrderStatus, QuorumError, iso
from quorum.execution.ports import Broker, BrokerAccount, BrokerOrder
from quorum.execution.stopping.cancelling import ALL, FIRST_PAUSE, LONGEST_PAUSE, SEEN_FLAT

UNANSWERED = (OrderStatus.SENT, OrderStatus.UNKNOWN)


class Closer(Protocol):
    """How a closing order leaves, and what becomes of it."""

    def lots(self, symbol: str, held: Decimal) -> Decimal:
        """As much of `held` as orders can close; the rest is dust."""
        ...

    def waiting(self) -> Sequence[Order]:
        """Orders of ours, of before or of others, that left and that the venue has not answered: they may fill yet."""
        ...

    def close(self, symbol: str, held: Decimal) -> Order:
        """Send a market order against `held` units, signed; QuorumError when it cannot be made."""
        ...

    def follow(self, order: Order) -> Order:
        """The order as it is now."""
        ...

    def said(self, order: Order) -> str:
        """What the venue said when it refused the order; empty when it did not."""
        ...


class Close(NamedTuple):
    """What was sold of a symbol, or bought back when negative, and in how many orders."""

    quantity: Decimal
    orders: int


class Closed(NamedTuple):
    """Ids that were cancelled, what was closed by symbol, dust that no order can close, and why the rest stands."""

    cancelled: tuple[str, ...]
    closed: Mapping[str, Close]
    dust: Mapping[str, Decimal]
    failed: Mapping[str, str]


@dataclass
class _Round:
    """An account on its way to flat."""

    broker: Broker
    closer: Closer
    sent: dict[str, Order] = field(default_factory=dict)
    done: dict[str, list[Order]] = field(default_factory=dict)
    cancelled: dict[str, None] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    strange: list[BrokerOrder] = field(default_factory=list)
    waiting: Sequence[Order] = ()
    held: dict[str, Decimal] = field(default_factory=dict)
    dust: dict[str, Decimal] = field(default_factory=dict)

    def look(self) -> bool:
        """One round: cancel what is not ours, follow what is, close what is held; whether it was flat already."""
        ended = [symbol for symbol, order in self.sent.items() if self._ended(symbol, order)]
        self.sent = {symbol: order for symbol, order in self.sent.items() if symbol not in ended}
        ours = {order.intent.client_order_id for order in self.sent.values()}
        self.strange = [o for o in self.broker.open_orders() if o.client_order_id not in ours]
        self._cancel(self.strange, everything=not ours)
        self.waiting = self.closer.waiting()  # before what is held: what fills in between is in it
        self._read(self.broker.account())
        waits = {order.symbol for order in self.strange} | set(self.sent)
        for symbol, quantity in sorted(self.held.items(), key=lambda line: (line[1] < 0, line[0])):
            if symbol not in waits and not self._closes_already(symbol, quantity):
                self._close(symbol, quantity)
        return not (self.held or self.strange or self.sent or self.waiting)

    def _closes_already(self, symbol: str, held: Decimal) -> bool:
        """Whether an order without an answer may close it: another one beside it could turn it round."""
        for order in self.waiting:
            if order.intent.symbol == symbol and order.intent.side.sign * held < 0:
                self.why[symbol] = f"{unanswered(order)}; another order beside it could turn it round"
                return True
        return False

    def _ended(self, symbol: str, order: Order) -> bool:
        """Whether a closing order of ours has ended; only then another one may leave for its symbol."""
        try:
            order = self.sent[symbol] = self.closer.follow(order)
        except QuorumError as error:
            self.why[symbol] = str(error)
            return False
        if not order.status.terminal:
            self.why[symbol] = _open(order)
            return False
        if order.filled < order.intent.quantity:
            said = self.closer.said(order)
            done = f"order {order.intent.client_order_id} was {order.status} at {order.filled} filled"
            self.why[symbol] = f"{done}: {said}" if said else done
        self.done.setdefault(symbol, []).append(order)
        return True

    def _cancel(self, strange: list[BrokerOrder], *, everything: bool) -> None:
        self.cancelled |= dict.fromkeys(order.client_order_id for order in strange)
        if strange and everything:
            self.why.update(self.broker.cancel_all())
            return
        for order in strange:
            try:
                self.broker.cancel(order.client_order_id)
            except BrokerError as error:
                self.why[order.client_order_id] = str(error)

    def _read(self, account: BrokerAccount) -> None:
        whole = {symbol: quantity for symbol, quantity in account.positions.items() if quantity}
        closable = {symbol: self.closer.lots(symbol, quantity) for symbol, quantity in whole.items()}
        self.held = {symbol: quantity for symbol, quantity in closable.items() if quantity}
        self.dust = {symbol: quantity for symbol, quantity in whole.items() if symbol not in self.held}

    def _close(self, symbol: str, quantity: Decimal) -> None:
        try:
            order = self.closer.close(symbol, quantity)
        except QuorumError as error:
            self.why[symbol] = str(error)
            return
        self.sent[symbol] = order

    def told(self, *, flat: bool) -> Closed:
        sold: dict[str, Close] = {}
        for symbol, order in self.sent.items():
            self.done.setdefault(symbol, []).append(order)
        for symbol, orders in self.done.items():
            amount = sum((-order.intent.side.sign * order.filled for order in orders), Decimal(0))
            if amount:
                sold[symbol] = Close(amount, len(orders))
        left = set() if flat else {order.client_order_id for order in self.strange}
        cancelled = tuple(name for name in self.cancelled if name not in left)
        return Closed(cancelled, sold, self.dust, {} if flat else self.left())

    def left(self) -> dict[str, str]:
        """Why it is not flat: by symbol what is held still, by id what is open still."""
        why = {**{symbol: _open(order) for symbol, order in self.sent.items()}, **self.why}
        found = {
            s: f"{q.normalize():f} still held: {why.get(s, 'no order closed it in time')}" for s, q in self.held.items()
        }
        stuck = [order.client_order_id for order in self.strange]
        found |= {name: self.why.get(name, "it was open at the last look") for name in stuck}
        found |= {s: why[s] for s in self.sent if s not in found}
        found |= {o.intent.client_order_id: unanswered(o) for o in self.waiting}
        found |= {name: said for name, said in self.why.items() if name == ALL}
        return found or {ALL: "it was not seen flat twice in time"}


def _open(order: Order) -> str:
    """What is known of an order that has not ended."""
    if order.status in UNANSWERED:
        return unanswered(order)
    return f"order {order.intent.client_order_id} is {order.status}, {order.filled} filled"


def unanswered(order: Order) -> str:
    """What is known of an order that the venue has not answered."""
    intent, since = order.intent, f" since {iso(order.sent)}" if order.sent is not None else ""
    return (
        f"order {intent.client_order_id} ({intent.side} {intent.quantity} {intent.symbol}) is without an answer"
        f"{since} and may fill yet"
    )


def close_positions(
    broker: Broker, closer: Closer, until: float, goes_on: Callable[[Mapping[str, str]], bool] = lambda left: True
) -> Closed:
    """Cancel and close until twice seen flat, or until the instant `until` of the monotonic clock.

    One closing order a symbol is under way at a time: one without an answer is asked about, and never sent again
    before the venue has said that it ended or never came. After each round `goes_on` hears what is left and why, and
    says whether there is to be another one.
    """
    account, pause, quiet = _Round(broker, closer), FIRST_PAUSE, 0
    while True:
        try:
            quiet = quiet + 1 if account.look() else 0
            account.why.pop(ALL, None)
        except QuorumError as error:
            quiet, account.why[ALL] = 0, str(error)
        stopped = not goes_on(account.left())
        if quiet == SEEN_FLAT:
            return account.told(flat=True)
        if stopped or time.monotonic() >= until:
            return account.told(flat=False)
        time.sleep(min(pause, max(0.0, until - time.monotonic())))
        pause = min(pause * 1.5, LONGEST_PAUSE)
