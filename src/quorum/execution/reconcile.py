"""Our books against the venue's."""

from __future__ import annotations

from quorum.domain import ZERO, Book
from quorum.execution.ports import BrokerAccount


def differences(book: Book, venue: BrokerAccount) -> tuple[str, ...]:
    """Each line of cash or holding on which `book` and `venue` disagree to the last unit."""
    found = []
    for currency in sorted({book.currency, *venue.cash}):
        here, cash = book.cash if currency == book.currency else ZERO, venue.cash.get(currency, ZERO)
        if here != cash:
            found.append(f"cash {currency}: {here} here, {cash} at the venue")
    for symbol in sorted({*book.positions, *venue.positions}):
        ours, theirs = book.quantity(symbol), venue.positions.get(symbol, ZERO)
        if ours != theirs:
            found.append(f"{symbol}: {ours} here, {theirs} at the venue")
    return tuple(found)
