"""Two books of halts as one: what either has, stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from quorum.domain import Halt
from quorum.execution import HaltBook


class BothHalts:
    """HaltBook over a first book, whose word is enough, and a second that may be out of reach while one is raised."""

    def __init__(self, first: HaltBook, second: HaltBook) -> None:
        self._first = first
        self._second = second

    def standing(self) -> Sequence[Halt]:
        return _sorted(self._first.standing(), self._second.standing())

    @contextmanager
    def leaving(self) -> Iterator[Sequence[Halt]]:
        with self._first.leaving() as first:
            yield _sorted(first, self._second.standing())

    def raise_(self, halt: Halt) -> None:
        """See HaltBook. QuorumError when the second cannot keep it: then the first has it, and it stands."""
        self._first.raise_(halt)
        self._second.raise_(halt)

    def lift(self, halt: Halt, by: str, reason: str) -> None:
        """See HaltBook; the first goes last, so that a halt stands until both have lifted it."""
        self._second.lift(halt, by, reason)
        self._first.lift(halt, by, reason)


def _sorted(*books: Sequence[Halt]) -> Sequence[Halt]:
    found = dict.fromkeys(halt for book in books for halt in book)
    return tuple(sorted(found, key=lambda halt: halt.at))
