"""The book of one symbol, level by level."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from heapq import nlargest, nsmallest

from quorum.simulator.public.words import Change, Levels, Touch


@dataclass(slots=True)
class Book:
    """Sizes by price, and the number of the last update."""

    update: int = 0
    bids: dict[Decimal, Decimal] = field(default_factory=dict)
    asks: dict[Decimal, Decimal] = field(default_factory=dict)

    def apply(self, change: Change) -> bool:
        """Take a change in; False for one that is older than the book."""
        if change.whole:
            self.bids, self.asks = dict(change.bids), dict(change.asks)
        elif change.last <= self.update:
            return False
        else:
            _put(self.bids, change.bids)
            _put(self.asks, change.asks)
        self.update = change.last
        return True

    def best_bids(self, most: int) -> Levels:
        """The highest bids, best first."""
        return tuple((price, self.bids[price]) for price in nlargest(most, self.bids))

    def best_asks(self, most: int) -> Levels:
        """The lowest asks, best first."""
        return tuple((price, self.asks[price]) for price in nsmallest(most, self.asks))

    def touch(self, time: int) -> Touch | None:
        """The best of both sides; None where one is empty."""
        if not self.bids or not self.asks:
            return None
        bid, ask = max(self.bids), min(self.asks)
        return Touch(time, self.update, bid, self.bids[bid], ask, self.asks[ask])

    def copy(self) -> Book:
        """The book as it is now."""
        return Book(self.update, dict(self.bids), dict(self.asks))


@dataclass(slots=True)
class Memory:
    """The book as it was, every few seconds."""

    every: int
    kept: deque[tuple[int, Book]] = field(default_factory=lambda: deque(maxlen=64))

    def note(self, now: int, book: Book) -> None:
        """Keep the book of `now` (ns), if the last one is old enough."""
        if not self.kept or now - self.kept[-1][0] >= self.every:
            self.kept.append((now, book.copy()))

    def before(self, instant: int) -> Book | None:
        """The newest that is not younger than `instant`, else the oldest."""
        old = [book for time, book in self.kept if time <= instant]
        return old[-1] if old else (self.kept[0][1] if self.kept else None)


@dataclass(slots=True)
class Pending:
    """Changes that are told together at the next interval."""

    first: int = 0
    last: int = 0
    bids: dict[Decimal, Decimal] = field(default_factory=dict)
    asks: dict[Decimal, Decimal] = field(default_factory=dict)

    def add(self, change: Change) -> None:
        """One more."""
        self.first = self.first or change.first
        self.last = change.last
        self.bids.update(change.bids)
        self.asks.update(change.asks)

    def taken(self, time: int) -> Change | None:
        """All of them as one, and none are left; None where there was none."""
        if not self.first:
            return None
        found = Change(time, self.first, self.last, tuple(self.bids.items()), tuple(self.asks.items()))
        self.first, self.bids, self.asks = 0, {}, {}
        return found


def _put(side: dict[Decimal, Decimal], levels: Levels) -> None:
    for price, size in levels:
        if size:
            side[price] = size
        else:
            side.pop(price, None)
