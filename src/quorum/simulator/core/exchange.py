"""The exchange: takes tickets, matches orders against the touch by price and time, and journals all of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_UP, Decimal
from typing import Any

from quorum.domain import MINUTE, ZERO, Clock, DataError, Money, Side, iso
from quorum.simulator.core.checks import Sight, admit, listing_of
from quorum.simulator.core.events import (
    Accepted,
    Adjusted,
    Declined,
    Ended,
    Event,
    Marked,
    Opened,
    Sized,
    Suspended,
    Traded,
    Trailed,
    Triggered,
)
from quorum.simulator.core.floor import Floor
from quorum.simulator.core.hours import Hours, is_awake, is_open, waits
from quorum.simulator.core.journal import Journal, replayed
from quorum.simulator.core.matching import by_priority, leaves_now, price_of, reached, taken, trailed
from quorum.simulator.core.means import Means, Terms, marks_of, means, sized
from quorum.simulator.core.words import Life, Listing, Mode, Placed, Reason, Refused, State, Ticket, Top

Listener = Callable[[Event], None]
ON_REQUEST = "cancelled on request"
_FEE_STEP = Decimal("1e-9")
_IDS = uuid.UUID("6f1c7a0e-3d0b-5a3e-9c43-7d4a1f0e2b60")


class Exchange:
    """One account at one venue. Its state is what its journal says: started on an old one, it goes on from there.

    A new account begins with `opening`; ids follow from `seed`. `hours` are those of shares. Symbols in `withheld` do
    not fill. Every event is journaled, then applied, then told to the listeners.
    """

    def __init__(
        self, listings: Iterable[Listing], journal: Journal, clock: Clock, hours: Hours, opening: Money, seed: int = 7
    ) -> None:
        self.listings: Mapping[str, Listing] = {each.symbol: each for each in listings}
        self.floor = Floor()
        self.journal = journal
        self.clock = clock
        self.hours = hours
        self.terms = Terms()
        self.withheld: set[str] = set()
        self.mode = Mode.ONLINE
        self.tops: dict[str, Top] = {}
        self._lasts: dict[str, Decimal] = {}
        self._shown: dict[tuple[str, Side], Decimal] = {}
        self._listeners: list[Listener] = []
        self._seed = seed
        self.mark = marks_of(self._lasts, self.listings, self.floor)
        if not replayed(journal, self.floor.apply):
            self.emit(Opened(clock.now(), opening.amount, opening.currency, seed))
        elif self.floor.currency != opening.currency:
            raise DataError(f"the journal is of an account in {self.floor.currency}", "give it a journal of its own")

    def listen(self, listener: Listener) -> None:
        """Tell `listener` every event from now on, after it was journaled."""
        self._listeners.append(listener)

    def emit(self, event: Event) -> int:
        """Journal an event, apply it, tell it; its number."""
        number = self.journal.append(event)
        self.floor.apply(event)
        for listener in self._listeners:
            listener(event)
        return number

    def new_id(self, kind: str, number: int) -> str:
        """The id of the exchange's `number`-th thing of a kind; the same for the same seed."""
        return str(uuid.uuid5(_IDS, f"{self._seed}:{self.floor.opened}:{kind}:{number}"))

    @property
    def means(self) -> Means:
        """What the account is worth at the last prices."""
        return means(self.floor, self.mark, self.terms)

    def trades_now(self, symbol: str, extended: bool = False) -> bool:
        """Whether `symbol` can trade now: in its session, or around it where the order is `extended`; not halted."""
        runs = is_awake if extended else is_open
        listing = self.listings[symbol]
        return symbol not in self.floor.halted and (listing.round_clock or runs(self.hours, self.clock.now()))

    def place(self, ticket: Ticket, replaces: str | None = None) -> Placed:
        """Accept a ticket; it stands, and nothing has filled before `match`. Refused with its reason."""
        now = self.clock.now()
        ticket = self._admitted(ticket, now, replaces)
        clockless = self.listings[ticket.symbol].round_clock and ticket.life is not Life.DAY
        when = (now, None) if clockless else waits(self.hours, ticket.life.value, now, ticket.extended)
        order_id = self.next_id
        self.emit(Accepted(now, order_id, ticket, *when, replaces))
        return self.floor.orders[order_id]

    def place_family(self, tickets: Sequence[Ticket]) -> list[Placed]:
        """Accept orders that belong together, or none of them; those with an `after` wait for the first.

        Refused with the reason of the first that is.
        """
        now, name = self.clock.now(), self.next_id
        tickets = [replace(each, after=each.after and name, rivals=each.rivals and name) for each in tickets]
        tickets = [replace(each, family=name) for each in tickets]
        for ticket in tickets:
            self._admitted(ticket, now, None)
        return [self.place(ticket) for ticket in tickets]

    @property
    def next_id(self) -> str:
        """The id of the order that is accepted next."""
        return self.new_id("order", len(self.floor.orders) + 1)

    def cancel(self, order_id: str, detail: str = ON_REQUEST) -> Placed:
        """Cancel an open order; Refused when there is none of that id, or it has ended."""
        self._working(order_id)
        self._end(order_id, State.CANCELED, detail)
        return self.floor.orders[order_id]

    def reject(self, order_id: str, detail: str = "rejected by the market") -> Placed:
        """Let the market reject an order that was accepted."""
        self._working(order_id)
        self._end(order_id, State.REJECTED, detail)
        return self.floor.orders[order_id]

    def fill_rest(self, order_id: str) -> Placed:
        """Fill what is open of an order at once, at its limit or the touch."""
        order = self._working(order_id)
        ticket, listing = order.ticket, self.listings[order.ticket.symbol]
        top = self.tops.get(ticket.symbol)
        price = ticket.limit or (top.price(ticket.side) if top else self.mark(ticket.symbol))
        if order.quantity is None:
            self.emit(Sized(self.clock.now(), order_id, sized(ticket.notional or ZERO, price, listing)))
        self._trade(self.floor.orders[order_id], self.floor.orders[order_id].remaining, price, listing)
        return self.floor.orders[order_id]

    def replace(self, order_id: str, ticket: Ticket) -> Placed:
        """Let `ticket` take the place of an open order; the old one stands when the new one is refused."""
        self._working(order_id)
        order = self.place(ticket, order_id)
        self.emit(Ended(self.clock.now(), order_id, State.REPLACED, "replaced on request", order.order_id))
        return order

    def order(self, name: str) -> Placed | None:
        """The order whose id, or whose client's id, is `name`."""
        return self.floor.orders.get(self.floor.by_client_id.get(name, name))

    def quote(self, symbol: str, top: Top) -> None:
        """The market of `symbol` moved: set stops off, and fill what meets the touch."""
        self.tops[symbol] = top
        self._lasts[symbol] = top.last
        self._shown[symbol, Side.BUY], self._shown[symbol, Side.SELL] = top.ask_size, top.bid_size
        known = self.floor.marks.get(symbol)
        if known is None or top.time // MINUTE > known.at // MINUTE:
            self.emit(Marked(top.time, symbol, top.bid, top.ask, top.last))
        self.match(symbol)

    def match(self, symbol: str) -> None:
        """Let the open orders of `symbol` meet the touch as it stands."""
        self.expire(symbol)
        top, listing = self.tops.get(symbol), self.listings[symbol]
        if top is None or symbol in self.withheld or not self.trades_now(symbol, extended=True):
            return
        everybody = self.trades_now(symbol)
        for order in by_priority(self.floor.open_orders(symbol)):
            now = self.floor.orders[order.order_id]  # a rival may have filled meanwhile
            if not (everybody or now.ticket.extended) or now.starts > self.clock.now():
                continue
            if not now.state.ended and not self.floor.waits(now):
                self._meet(now, top, listing)

    def expire(self, symbol: str | None = None) -> None:
        """End the orders whose time is over."""
        now = self.clock.now()
        for order in self.floor.open_orders(symbol):
            if order.expires is not None and order.expires <= now:
                state = State.CANCELED if order.ticket.life in (Life.OPG, Life.CLS) else State.EXPIRED
                if order.order_id in self.floor.working:
                    self._end(order.order_id, state, f"not filled by {iso(order.expires)}")

    def suspend(self, symbol: str, halted: bool) -> None:
        """Halt trading of a symbol, or let it go on."""
        listing_of(Ticket("", symbol, Side.BUY), self.listings)
        self.emit(Suspended(self.clock.now(), symbol, halted))
        self.match(symbol)

    def adjust(self, symbol: str | None, quantity: Decimal, detail: str) -> None:
        """Move a holding, or cash where there is no symbol, as somebody else's hand would."""
        if symbol is not None:
            listing_of(Ticket("", symbol, Side.BUY), self.listings)
        price = ZERO if symbol is None else self.mark(symbol)
        self.emit(Adjusted(self.clock.now(), symbol, quantity, price, detail))

    def _sight(self, ticket: Ticket, now: int, replaces: str | None) -> Sight:
        top = self.tops.get(ticket.symbol)
        mark = top.price(ticket.side) if top else self.mark(ticket.symbol)
        leaving = self.floor.orders[replaces] if replaces else None
        seen = (self.floor, self.listings, self.hours, self.terms, self.means)
        return Sight(now, *seen, mark, leaving, self.mode, top)

    def _admitted(self, ticket: Ticket, now: int, replaces: str | None) -> Ticket:
        """The ticket as the exchange takes it; Refused, and journaled, where it does not."""
        ticket = replace(ticket, closing=self.floor.held(ticket.symbol) * ticket.side.sign < 0 or bool(ticket.after))
        try:
            admit(ticket, self._sight(ticket, now, replaces))
        except Refused as refusal:
            self.emit(Declined(now, ticket, refusal.reason.value, refusal.found))
            raise
        return ticket

    def _end(self, order_id: str, state: State, detail: str) -> None:
        """End an order without its filling; its rivals and those that wait for it go with it."""
        self.emit(Ended(self.clock.now(), order_id, state, detail))
        order = self.floor.orders[order_id]
        for other in (*self.floor.rivals(order), *self.floor.followers(order)):
            if other.order_id in self.floor.working:
                self._end(other.order_id, State.CANCELED, f"order {order_id} has ended")

    def _working(self, order_id: str) -> Placed:
        order = self.floor.orders.get(order_id)
        if order is None:
            raise Refused(Reason.NOT_FOUND, f"order not found for {order_id}")
        if order.state.ended:
            raise Refused(Reason.ENDED, f'order is already in "{order.state.value}" state')
        return order

    def _meet(self, order: Placed, top: Top, listing: Listing) -> None:
        now, order_id = self.clock.now(), order.order_id
        best = trailed(order, top.last)
        if best is not None:
            self.emit(Trailed(now, order_id, best))
            order = self.floor.orders[order_id]
        if reached(order, top.last):
            self.emit(Triggered(now, order_id, top.last))
            order = self.floor.orders[order_id]
        price = price_of(order, top)
        if price is not None:
            if order.quantity is None:
                self.emit(Sized(now, order_id, sized(order.ticket.notional or ZERO, price, listing)))
                order = self.floor.orders[order_id]
            self._fill(order, price, listing)
        if leaves_now(order) and order_id in self.floor.working:
            self._end(order_id, State.CANCELED, "not filled at once")

    def _fill(self, order: Placed, price: Decimal, listing: Listing) -> None:
        side, symbol = order.ticket.side, order.ticket.symbol
        shown = self._shown.get((symbol, side), ZERO)
        quantity = taken(order, shown, listing.instrument.lot)
        if quantity <= 0:
            return
        self._shown[symbol, side] = shown - quantity
        self._trade(order, quantity, price, listing)

    def _trade(self, order: Placed, quantity: Decimal, price: Decimal, listing: Listing) -> None:
        """A fill; what it leaves of its rivals is what it leaves of itself."""
        side = order.ticket.side
        fee, currency = fee_of(listing, side, quantity, price)
        self.emit(
            Traded(
                at=self.clock.now(),
                fill_id=self.new_id("fill", len(self.floor.fills) + 1),
                order_id=order.order_id,
                symbol=order.ticket.symbol,
                side=side,
                quantity=quantity,
                price=price,
                fee=fee,
                fee_currency=currency,
            )
        )
        left = self.floor.orders[order.order_id].remaining
        for rival in self.floor.rivals(order):
            if left:
                self.emit(Sized(self.clock.now(), rival.order_id, rival.filled + left))
            else:
                self._end(rival.order_id, State.CANCELED, f"order {order.order_id} has filled")


def fee_of(listing: Listing, side: Side, quantity: Decimal, price: Decimal) -> tuple[Decimal, str]:
    """The fee of a fill and its currency, to 1e-9 and never less than the rate."""
    if listing.fee_in_kind and side is Side.BUY:
        fee, currency = quantity * listing.fee, listing.instrument.base
    else:
        fee, currency = quantity * price * listing.fee, listing.instrument.quote
    return fee.quantize(_FEE_STEP, ROUND_UP), currency


def changed(order: Placed, client_order_id: str, terms: Mapping[str, Decimal | Life]) -> Ticket:
    """The ticket of a replacement: the open rest of `order`, with `terms` (quantity, limit, stop, life) in place."""
    rest: dict[str, Any] = {"quantity": order.remaining, **terms, "client_order_id": client_order_id}
    return replace(order.ticket, **rest)
