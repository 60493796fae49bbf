"""What an account is worth and what it may still buy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from quorum.domain import ZERO, Side
from quorum.simulator.core.floor import Floor
from quorum.simulator.core.words import Listing, Placed, Ticket

_EXACT = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class Terms:
    """What the venue lends: `multiplier` times the equity, 1 for none; whether it lends shares to sell."""

    multiplier: Decimal = Decimal(2)
    shorting: bool = True


@dataclass(frozen=True, slots=True)
class Means:
    """Worth of an account in its currency: `long` and `short` are values of holdings, `reserved` of open orders.

    `buying_power` counts what may be borrowed, `free` does not: pairs that trade round the clock are paid in cash.
    """

    cash: Decimal
    long: Decimal
    short: Decimal
    reserved: Decimal
    buying_power: Decimal
    free: Decimal

    @property
    def equity(self) -> Decimal:
        return self.cash + self.long + self.short


def means(floor: Floor, mark: Callable[[str], Decimal], terms: Terms) -> Means:
    """What the account of `floor` is worth at the prices that `mark` tells."""
    cash = floor.cash.get(floor.currency, ZERO)
    values = [p.quantity * mark(p.symbol) for p in floor.positions.values() if p.quantity]
    long, short = (sum((v for v in values if (v > 0) is up), ZERO) for up in (True, False))
    reserved = sum((reserve(floor, order, mark) for order in floor.open_orders()), ZERO)
    lent = terms.multiplier * (cash + long + short) - long + short - reserved
    free = cash - reserved
    power = free if terms.multiplier == 1 else lent
    return Means(cash, long, short, reserved, max(power, ZERO), max(free, ZERO))


def reserve(floor: Floor, order: Placed, mark: Callable[[str], Decimal]) -> Decimal:
    """What an open order may still cost: nothing where it takes off a holding, or waits for another order."""
    ticket = order.ticket
    if floor.waits(order):
        return ZERO
    price = worst(ticket, mark(ticket.symbol))
    if order.quantity is None:
        return ticket.notional or ZERO
    held = floor.held(ticket.symbol) * ticket.side.sign
    return max(order.remaining - max(-held, ZERO), ZERO) * price


def worst(ticket: Ticket, mark: Decimal) -> Decimal:
    """The price at which an order is counted: its limit, its stop, or what the market asks."""
    named = ticket.limit or ticket.stop
    if named is None:
        return mark
    return named if ticket.side is Side.BUY else max(named, mark)


def sized(notional: Decimal, price: Decimal, listing: Listing) -> Decimal:
    """The quantity that `notional` buys at `price`, rounded down to the lot, or to 1e-9 where parts are traded."""
    step = _EXACT if listing.fractional else listing.instrument.lot
    return notional / price // step * step


def marks_of(tops: Mapping[str, Decimal], listings: Mapping[str, Listing], floor: Floor) -> Callable[[str], Decimal]:
    """The last price of a symbol: of the market, else as the journal left it, else as it is listed."""

    def mark(symbol: str) -> Decimal:
        if symbol in tops:
            return tops[symbol]
        if symbol in floor.marks:
            return floor.marks[symbol].last
        return listings[symbol].price if symbol in listings else ZERO

    return mark
