"""Doubles of this room's doors, held to the same contract as the real ones."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from quorum.domain import Halt, Trade


class MemoryJournal:
    """A Journal that lives as long as its process; `opened_again` is another caller's hold of the same events."""

    def __init__(self, beside: tuple[list[Mapping[str, Any]], AbstractContextManager[object]] | None = None) -> None:
        self._events, self._lock = beside or ([], threading.RLock())
        self._seen = 0

    def opened_again(self) -> MemoryJournal:
        return MemoryJournal((self._events, self._lock))

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        with self._lock:
            yield

    def unread(self) -> Sequence[Mapping[str, Any]]:
        fresh, self._seen = self._events[self._seen :], len(self._events)
        return fresh

    def append(self, event: Mapping[str, Any]) -> None:
        self._events.append(event)
        self._seen = len(self._events)


class NoHalts:
    """Halts of a desk where nothing was ever halted."""

    def standing(self) -> Sequence[Halt]:
        return ()

    def leaving(self) -> AbstractContextManager[Sequence[Halt]]:
        return nullcontext(())


class ListedHalts:
    """Halts from a list, which a test may change."""

    def __init__(self, *halts: Halt) -> None:
        self.halts = list(halts)

    def standing(self) -> Sequence[Halt]:
        return tuple(self.halts)

    def leaving(self) -> AbstractContextManager[Sequence[Halt]]:
        return nullcontext(self.standing())


class ListedPrices:
    """Prices from a list of trades, in order of time."""

    def __init__(self, trades: Iterable[Trade]) -> None:
        self._trades = tuple(trades)

    def prints(self, symbol: str, since: int, until: int) -> Iterable[Trade]:
        return (t for t in self._trades if t.symbol == symbol and since <= t.time <= until)
