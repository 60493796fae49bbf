"""What all accounts of the desk have lost and ordered together, in the money of the book that asks."""

from __future__ import annotations

from decimal import Decimal

from quorum.domain import ZERO, Book, Check
from quorum.risk.around import Around
from quorum.risk.checks.ask import Ask
from quorum.risk.checks.orders import recent_orders
from quorum.risk.checks.words import DESK
from quorum.risk.wide import LOSSES, Wide


def wide_checks(ask: Ask, around: Around) -> list[Check]:
    """The check of each desk-wide limit that an order meets or not; none where there is no such limit."""
    return [] if around.wide is None else spent(ask.book, around, around.wide, ask.asked)


def spent(book: Book, around: Around, wide: Wide, asked: Decimal = ZERO) -> list[Check]:
    """What is lost of all capital, of the day's and the week's start, and how many orders the last minute had."""
    limits, equity, money, found = wide.limits, book.equity + wide.equity, book.currency, []
    began = (book.funded + wide.funded, around.day_equity + wide.day_equity, around.week_equity + wide.week_equity)
    for name, start in zip(LOSSES, began, strict=True):
        if name in limits:
            allowed, lost = max(start, ZERO) * limits[name], start - equity
            found.append(Check(DESK + name, money, allowed, lost, asked, asked if lost < allowed else ZERO))
    most = limits.get("max_orders_per_minute")
    if most is not None:
        orders = Decimal(recent_orders(around) + wide.orders)
        name = DESK + "max_orders_per_minute"
        found.append(Check(name, "orders", most, orders, asked, asked if orders < most else ZERO))
    return found
