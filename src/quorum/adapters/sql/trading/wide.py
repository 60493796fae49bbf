"""What the other accounts of a desk hold and have lost, in the money of one, in its transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import sqlalchemy as sa

from quorum.adapters.sql.trading.around import around
from quorum.domain import MINUTE, ZERO, Book
from quorum.risk import Wide


def add_up(
    connection: sa.Connection,
    books: Iterable[Book],
    limits: Mapping[str, Decimal],
    now: int,
    rates: tuple[Mapping[str, Decimal], Mapping[str, str]],
) -> Wide:
    """Books added up at `rates`: what a unit of each currency is worth, and of which nobody knows that and why."""
    known, lacking = rates
    money = dict.fromkeys(("equity", "funded", "day_equity", "week_equity", "deployed"), ZERO)
    exposures: dict[str, Decimal] = {}
    strategies: dict[str, Decimal] = {}
    orders, unrated = 0, dict(lacking)
    for book in books:
        unrated |= book.unrated
        rate = known.get(book.currency)
        if rate is None:
            continue
        seen = around(connection, book, now)
        for name in ("equity", "funded", "deployed"):
            money[name] += rate * getattr(book, name)
        for name in ("day_equity", "week_equity"):
            money[name] += rate * getattr(seen, name)
        for symbol in {*book.positions, *book.reserved}:
            if held := book.exposure(symbol):
                exposures[symbol] = exposures.get(symbol, ZERO) + rate * held
        for strategy, held in seen.strategies.items():
            strategies[strategy] = strategies.get(strategy, ZERO) + rate * held
        orders += sum(order.time >= now - MINUTE for order in seen.orders)
    return Wide(limits, **money, exposures=exposures, strategies=strategies, orders=orders, unrated=unrated)
