"""A file of log lines that several processes write, turned over when it is full."""

from __future__ import annotations

import fcntl
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MOST_BYTES = 10_000_000
KEPT = 5


class LineFile(logging.Handler):
    """Appends a line a record to `path`; at `most_bytes` it becomes PATH.1, that one PATH.2, up to `kept` of them.

    What cannot be written is told in one line on standard error, and stops nobody.
    """

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES, kept: int = KEPT) -> None:
        super().__init__()
        self._path = path
        self._most = most_bytes
        self._kept = kept

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record).encode("utf-8", "backslashreplace") + b"\n"
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._turn():
                self._append(line)
        except Exception:  # noqa: BLE001 - a log never stops what it tells of
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say that a line is lost, without the line: it may hold what nobody should read."""
        tell_lost(record)

    def _append(self, line: bytes) -> None:
        size = self._path.stat().st_size if self._path.exists() else 0
        if size and size + len(line) > self._most:
            self._turn_over()
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, line)
        finally:
            os.close(handle)

    def _turn_over(self) -> None:
        for number in range(self._kept, 0, -1):
            older = self._path if number == 1 else self._numbered(number - 1)
            if older.exists():
                older.replace(self._numbered(number))

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """The writers take turns, across processes; a fork shares no lock, since each turn opens its own."""
        handle = os.open(self._path.with_name(f".{self._path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


class Console(logging.StreamHandler):  # type: ignore[type-arg]
    """Lines for people on standard error."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say that a line is lost, without the line."""
        tell_lost(record)


def tell_lost(record: logging.LogRecord) -> None:
    """One line on standard error for a record that could not be written: where it came from, and what failed."""
    kind = sys.exc_info()[0]
    where = f"{record.name}:{record.lineno}"
    sys.stderr.write(f"a log line of {where} is lost: {kind.__name__ if kind else 'unknown'}\n")
