"""Price and time: who meets the touch first, at what price and how much."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from quorum.domain import ZERO, Side
from quorum.simulator.core.words import Kind, Life, Placed, Top


def reached(order: Placed, last: Decimal) -> bool:
    """Whether a trade at `last` sets off the stop of an order that has one."""
    stop = order.stop
    if stop is None or order.triggered:
        return False
    return last >= stop if order.ticket.side is Side.BUY else last <= stop


def trailed(order: Placed, last: Decimal) -> Decimal | None:
    """The best price that a trailing stop has now seen; None where it has seen a better one."""
    if order.ticket.kind is not Kind.TRAILING or order.triggered:
        return None
    if order.best is not None and (last - order.best) * order.ticket.side.sign >= 0:
        return None
    return last


def price_of(order: Placed, top: Top) -> Decimal | None:
    """What the order trades at now, the touch of its other side; None while it has to wait."""
    if order.ticket.kind.stopped and not order.triggered:
        return None
    touch = top.price(order.ticket.side)
    if order.ticket.kind.limited:
        limit = order.ticket.limit
        if limit is None or (touch - limit) * order.ticket.side.sign > 0:
            return None
    return touch


def by_priority(orders: Iterable[Placed]) -> list[Placed]:
    """Orders as the exchange serves them: those at the market first, then by price, then by time."""
    return sorted(orders, key=_rank)


def _rank(order: Placed) -> tuple[bool, Decimal, int]:
    limit = order.ticket.limit if order.ticket.kind.limited else None
    return limit is not None, -order.ticket.side.sign * (limit or ZERO), order.number


def taken(order: Placed, shown: Decimal, lot: Decimal) -> Decimal:
    """How much of `shown` the order takes: in lots unless that is its whole rest, all or nothing for FOK."""
    if order.remaining <= shown:
        return order.remaining
    if order.ticket.life is Life.FOK:
        return ZERO
    return shown // lot * lot


def leaves_now(order: Placed) -> bool:
    """Whether what did not fill at once is cancelled."""
    return order.ticket.life in (Life.IOC, Life.FOK)
