"""Columns that were read a moment ago: a segment never changes, so it is read once as long as there is room."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from quorum.lake.disk.merge import Columns

Key = tuple[str, int, int, int]


class Kept:
    """The newest read segments, up to `budget` bytes; a file that was changed behind our back is read again."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._columns: OrderedDict[Key, Columns] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, path: Path, read: Callable[[], Columns]) -> Columns:
        """What is kept of `path`, else what `read` answers."""
        key = _key(path)
        if key is None:
            return read()
        with self._lock:
            found = self._columns.get(key)
            if found is not None:
                self._columns.move_to_end(key)
                return found
        columns = read()
        with self._lock:
            self._keep(key, columns)
        return columns

    def _keep(self, key: Key, columns: Columns) -> None:
        size = _size(columns)
        if size > self._budget or key in self._columns:
            return
        self._columns[key] = columns
        self._bytes += size
        while self._bytes > self._budget:
            _, oldest = self._columns.popitem(last=False)
            self._bytes -= _size(oldest)


def _size(columns: Columns) -> int:
    return sum(column.nbytes for column in columns.values())


def _key(path: Path) -> Key | None:
    """What tells one state of a file from another; None when it cannot be looked at."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return str(path), found.st_ino, found.st_mtime_ns, found.st_size
