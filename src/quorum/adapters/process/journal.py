"""The simulated venue's memory in a file: one JSON event a line, each on disk before it is acknowledged."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from quorum.domain import StoreError


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


def _sync(folder: Path) -> None:
    """Put the folder itself on disk, so that a file made in it is there after a power loss."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
