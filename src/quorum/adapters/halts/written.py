"""Orders that leave while the store is out of reach: written into a file first, taken into the books later."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from quorum.domain import (
    Book,
    Choice,
    Clock,
    Decision,
    Fill,
    NotFound,
    Order,
    OrderEvent,
    OrderIntent,
    QuorumError,
    StoreError,
    plain,
)
from quorum.execution.stopping.written import Told

MODE = 0o600


class WrittenOrders:
    """UnitOfWork over lines of JSON, for the one process that closes positions without the store.

    It knows its own orders only, keeps no ledger, and gives its decisions ids of their own: `EMG-` and a number.
    """

    def __init__(self, path: Path, clock: Clock, book: Callable[[str], Book]) -> None:
        self._path = path
        self._clock = clock
        self._book = book
        self._told = Told()
        self._turn = threading.RLock()

    def of(self, account: str) -> Sequence[Order]:
        """The orders of an account in the file, of earlier processes too; StoreError for a damaged file."""
        with self._turn:
            if not self._told.orders:
                self._recall()
            return [order for order in self._told.orders.values() if order.intent.account == account]

    def _recall(self) -> None:
        """Take in what the file says."""
        try:
            lines = self._path.read_bytes().splitlines(keepends=True)
            for line in lines:
                if line.endswith(b"\n") and line.strip():
                    self._told.take(json.loads(line))
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, QuorumError) as error:
            raise StoreError(
                f"{self._path}: cannot be read ({error})", "mend the line, or move the file away"
            ) from error

    @contextmanager
    def transaction(self, account: str) -> Iterator[WrittenTransaction]:
        with self._turn:
            yield WrittenTransaction(account, self._told, self._append, self._clock, self._book)

    def _append(self, line: Mapping[str, Any]) -> None:
        """Write a line; when this returns, it survives a kill."""
        body = json.dumps({"at": self._clock.now(), **line}, separators=(",", ":")).encode() + b"\n"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, MODE)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                size = _whole(file)
                if os.write(file, body) != len(body):
                    os.ftruncate(file, size)
                    raise OSError(errno.ENOSPC, "disk is full")
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as error:
            raise StoreError(f"{self._path}: {error.strerror}", "free some space, or make it writable") from error


def _whole(file: int) -> int:
    """The size of a file up to the end of its last line; a line that a kill cut short is taken off."""
    size = os.fstat(file).st_size
    whole = os.pread(file, size, 0).rfind(b"\n") + 1
    if whole < size:
        os.ftruncate(file, whole)
    return whole


class WrittenTransaction:
    """Transaction over the file: what an order needs on its way, each line on disk before it counts."""

    def __init__(
        self,
        account: str,
        told: Told,
        write: Callable[[Mapping[str, Any]], None],
        clock: Clock,
        book: Callable[[str], Book],
    ) -> None:
        self._account, self._told, self._write, self._clock, self._read = account, told, write, clock, book

    def book(self, marks: Mapping[str, Decimal] | None = None, at: int | None = None) -> Book:
        """The account as the venue has it, since the books are out of reach."""
        found = self._read(self._account)
        return replace(found, marks={**found.marks, **(marks or {})})

    def record(self, choice: Choice) -> Decision:
        """Written beside the orders; it gets an id of the store when they are taken into the books."""
        at = self._clock.now()
        line = {"kind": "decision", "decision_id": f"EMG-{at}-{len(self._told.choices) + 1}", "choice": plain(choice)}
        self._write(line)
        self._told.take(line)
        return Decision(str(line["decision_id"]), at, choice, "", {})

    def intend(self, intent: OrderIntent) -> Order:
        known = self._told.orders.get(intent.client_order_id)
        return self._taken({"kind": "intent", "intent": plain(intent)}) if known is None else known

    def append(self, event: OrderEvent) -> Order:
        order = self._known(event.client_order_id)
        if order.status.terminal:
            return order
        order.move(event.status)
        return self._taken({"kind": "event", "event": plain(event)})

    def book_fill(self, fill: Fill) -> Order:
        order = self._known(fill.client_order_id)
        if fill.fill_id in self._told.fills:
            return order
        order.fill(fill.quantity)
        return self._taken({"kind": "fill", "fill": plain(fill)})

    def once(self, key: str, act: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        return act()

    def _known(self, client_order_id: str) -> Order:
        if client_order_id not in self._told.orders:
            raise NotFound(f"the file has no order {client_order_id}")
        return self._told.orders[client_order_id]

    def _taken(self, line: Mapping[str, Any]) -> Order:
        self._write({"account": self._account, **line})
        moved = self._told.take(line)
        assert moved is not None
        return moved
