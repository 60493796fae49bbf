"""The simulated venue's memory in a file: one JSON event a line, each on disk before it is acknowledged."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from quorum.domain import Money, StoreError


class FileJournal:
    """Journal over a file that several processes share; a line that a kill cut short is taken off again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._depth = 0
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            self._ended = weakref.finalize(self, os.close, self._file)
            _sync(path.parent)
        except OSError as error:
            raise StoreError(f"journal {path}: {error.strerror}", "make the folder writable for you") from error

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        with self._lock:
            if self._depth == 0:
                fcntl.flock(self._file, fcntl.LOCK_EX)
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    fcntl.flock(self._file, fcntl.LOCK_UN)

    def unread(self) -> Sequence[Mapping[str, Any]]:
        size = os.fstat(self._file).st_size
        text = os.pread(self._file, size - self._offset, self._offset)
        whole = text.rfind(b"\n") + 1
        if whole < len(text):
            os.ftruncate(self._file, self._offset + whole)
        self._offset += whole
        return [json.loads(line) for line in text[:whole].splitlines()]

    def append(self, event: Mapping[str, Any]) -> None:
        line = json.dumps(event, separators=(",", ":")).encode() + b"\n"
        try:
            if os.pwrite(self._file, line, self._offset) != len(line):
                raise OSError(errno.ENOSPC, "disk is full")
            os.fdatasync(self._file)
        except OSError as error:
            os.ftruncate(self._file, self._offset)
            raise StoreError(f"journal {self._path}: {error.strerror}", "free some space") from error
        self._offset += len(line)

    def close(self) -> None:
        """Give the file back; what drops the journal does so too."""
        self._ended()


class JournalTill:
    """Till over the journals of simulated venues: cash and units that come or go there by no order.

    `journal` is where an account's is, None for an account whose venue is none of ours; `opening` is what a new one
    begins with.
    """

    def __init__(self, journal: Callable[[str], Path | None], opening: Callable[[str], Money]) -> None:
        self._journal = journal
        self._opening = opening

    def move(
        self, account: str, reference: str, cash: Mapping[str, Decimal], units: Mapping[str, Decimal] | None = None
    ) -> None:
        path = self._journal(account)
        if path is None:
            return
        moved = {
            "kind": "moved",
            "reference": reference,
            "cash": {name: str(amount) for name, amount in cash.items()},
            "units": {name: str(amount) for name, amount in (units or {}).items()},
        }
        journal = FileJournal(path)
        try:
            with journal.exclusive():
                self._moved(journal, account, moved)
        finally:
            journal.close()

    def _moved(self, journal: FileJournal, account: str, moved: Mapping[str, Any]) -> None:
        events = journal.unread()
        known = [e for e in events if e["kind"] == "moved" and e["reference"] == moved["reference"]]
        if known and known[0] != moved:
            raise StoreError(
                f"the venue of account {account} has another {moved['reference']}: {known[0]['cash']}",
                "see `quorum broker reconcile`",
            )
        if not events:
            money = self._opening(account)
            journal.append({"kind": "funding", "currency": money.currency, "amount": str(money.amount)})
        if not known:
            journal.append(moved)


def _sync(folder: Path) -> None:
    """Put the folder itself on disk, so that a file made in it is there after a power loss."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
