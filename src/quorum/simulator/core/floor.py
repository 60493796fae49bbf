"""The state of the account at the exchange: the sum of its journal, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

from quorum.domain import ZERO, Fill, Position, Side
from quorum.simulator.core.events import (
    Accepted,
    Adjusted,
    Ended,
    Event,
    Marked,
    Noted,
    Opened,
    Sized,
    Suspended,
    Traded,
    Trailed,
    Triggered,
)
from quorum.simulator.core.words import Placed, State


@dataclass(slots=True)
class Floor:
    """Cash by currency, holdings by symbol, orders, fills, what other hands moved, halts, last marks, notes.

    Changed by events alone.
    """

    cash: dict[str, Decimal] = field(default_factory=dict)
    currency: str = ""
    opened: int = 0
    positions: dict[str, Position] = field(default_factory=dict)
    orders: dict[str, Placed] = field(default_factory=dict)
    by_client_id: dict[str, str] = field(default_factory=dict)
    working: dict[str, None] = field(default_factory=dict)
    fills: list[Traded] = field(default_factory=list)
    halted: set[str] = field(default_factory=set)
    marks: dict[str, Marked] = field(default_factory=dict)
    families: dict[str, list[str]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    moves: list[Adjusted] = field(default_factory=list)

    def apply(self, event: Event) -> None:
        """The state after `event`."""
        match event:
            case Opened():
                self.cash[event.currency] = self.cash.get(event.currency, ZERO) + event.cash
                self.currency, self.opened = event.currency, event.at
            case Accepted():
                self._accept(event)
            case Sized() | Triggered() | Trailed() | Ended():
                self._move(event)
            case Traded():
                self._trade(event)
            case Adjusted():
                self._adjust(event)
            case Suspended():
                (self.halted.add if event.halted else self.halted.discard)(event.symbol)
            case Marked():
                self.marks[event.symbol] = event
            case Noted():
                self.notes.pop(event.name, None)
                if event.text is not None:
                    self.notes[event.name] = event.text
            case _:
                pass

    def open_orders(self, symbol: str | None = None) -> Iterator[Placed]:
        """Orders that may still trade, of `symbol` or of all, oldest first."""
        for order_id in list(self.working):
            order = self.orders[order_id]
            if symbol is None or order.ticket.symbol == symbol:
                yield order

    def held(self, symbol: str) -> Decimal:
        """The signed quantity held."""
        return self.positions[symbol].quantity if symbol in self.positions else ZERO

    def promised(self, symbol: str, side: Side) -> Decimal:
        """What open orders of `side` may still take or bring: of rivals one, of those that wait for another none."""
        found: dict[str, Decimal] = {}
        for order in self.open_orders(symbol):
            if order.ticket.side is side and not self.waits(order):
                name = order.ticket.rivals or order.order_id
                found[name] = max(found.get(name, ZERO), order.remaining)
        return sum(found.values(), ZERO)

    def waits(self, order: Placed) -> bool:
        """Whether an order waits for another one to fill whole."""
        return order.ticket.after is not None and self.last(order.ticket.after).state is not State.FILLED

    def last(self, order_id: str) -> Placed:
        """The order of that id, or what has taken its place."""
        order = self.orders[order_id]
        while order.replaced_by is not None:
            order = self.orders[order.replaced_by]
        return order

    def rivals(self, order: Placed) -> list[Placed]:
        """The open orders that `order` takes the place of, should it fill."""
        name = order.ticket.rivals
        others = self.open_orders(order.ticket.symbol) if name else iter(())
        return [each for each in others if each.ticket.rivals == name and each.order_id != order.order_id]

    def followers(self, order: Placed) -> list[Placed]:
        """The open orders that wait for `order`."""
        others = self.open_orders(order.ticket.symbol)
        return [each for each in others if each.ticket.after and self.last(each.ticket.after) is order]

    def _accept(self, event: Accepted) -> None:
        order = Placed(
            order_id=event.order_id,
            number=len(self.orders) + 1,
            ticket=event.ticket,
            at=event.at,
            starts=event.starts,
            expires=event.expires,
            quantity=event.ticket.quantity,
            updated=event.at,
            replaces=event.replaces,
        )
        self.orders[event.order_id] = order
        self.by_client_id[event.ticket.client_order_id] = event.order_id
        self.working[event.order_id] = None
        if event.ticket.family:
            self.families.setdefault(event.ticket.family, []).append(event.order_id)

    def _move(self, event: Sized | Triggered | Trailed | Ended) -> None:
        order = replace(self.orders[event.order_id], updated=event.at)
        match event:
            case Sized():
                order = replace(order, quantity=event.quantity)
            case Triggered():
                order = replace(order, triggered=True)
            case Trailed():
                order = replace(order, best=event.best)
            case Ended():
                order = replace(
                    order, state=event.state, ended=event.at, detail=event.detail, replaced_by=event.replaced_by
                )
                del self.working[event.order_id]
        self.orders[event.order_id] = order

    def _trade(self, event: Traded) -> None:
        order = self.orders[event.order_id]
        filled = order.filled + event.quantity
        whole = filled == order.quantity
        self.orders[event.order_id] = replace(
            order,
            filled=filled,
            value=order.value + event.quantity * event.price,
            state=State.FILLED if whole else State.PARTIAL,
            updated=event.at,
            ended=event.at if whole else None,
        )
        if whole:
            del self.working[event.order_id]
        self.fills.append(event)
        self._settle(event, order.ticket.client_order_id)

    def _settle(self, event: Traded, client_order_id: str) -> None:
        fill = Fill(
            event.fill_id,
            client_order_id,
            event.symbol,
            event.side,
            event.quantity,
            event.price,
            event.fee,
            event.fee_currency,
            event.at,
        )
        held = self.positions.get(event.symbol, Position(event.symbol)).apply(fill)
        self.cash[self.currency] -= event.side.sign * fill.notional
        if event.fee_currency == self.currency:
            self.cash[self.currency] -= event.fee
        self.positions[event.symbol] = held

    def _adjust(self, event: Adjusted) -> None:
        self.moves.append(event)
        if event.symbol is None:
            self.cash[self.currency] += event.quantity
            return
        side = Side.BUY if event.quantity > 0 else Side.SELL
        moved = Fill("", "", event.symbol, side, abs(event.quantity), event.price, ZERO, self.currency, event.at)
        self.positions[event.symbol] = self.positions.get(event.symbol, Position(event.symbol)).apply(moved)
