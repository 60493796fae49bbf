"""The ground truth: a line of JSON for everything that happened, written before the answer leaves."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from quorum.domain import DataError
from quorum.simulator.core.events import Event, read, written


class Journal(Protocol):
    """Where events are kept, in their order."""

    def append(self, event: Event) -> int:
        """Keep `event`; its number, from 1. It outlives the process when this returns, if the journal does."""
        ...

    def lines(self, after: int = 0) -> list[dict[str, Any]]:
        """The plain forms of what came after number `after`, each with its number `n`."""
        ...


class MemoryJournal:
    """A journal that ends with the process."""

    def __init__(self) -> None:
        self._lines: list[dict[str, Any]] = []

    def append(self, event: Event) -> int:
        """See Journal."""
        self._lines.append({"n": len(self._lines) + 1, **written(event)})
        return len(self._lines)

    def lines(self, after: int = 0) -> list[dict[str, Any]]:
        """See Journal."""
        return self._lines[after:]


class FileJournal(MemoryJournal):
    """A journal in a file of JSON lines; one that was there is read, and its last line cut off if it is torn.

    DataError, with the line's number, when an earlier line is damaged.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = _whole(path)
        self._lines = list(_numbered(path, whole))
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.ftruncate(self._file, len(whole))

    def append(self, event: Event) -> int:
        """See Journal; the line is with the operating system when this returns."""
        number = super().append(event)
        text = json.dumps(self._lines[-1], ensure_ascii=False, allow_nan=False) + "\n"
        os.write(self._file, text.encode())
        return number

    def close(self) -> None:
        """Let the file go."""
        os.close(self._file)


def _whole(path: Path) -> bytes:
    data = path.read_bytes() if path.exists() else b""
    return data[: data.rfind(b"\n") + 1]


def _numbered(path: Path, data: bytes) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(data.splitlines(), 1):
        try:
            values = json.loads(line)
            read(values)
        except (ValueError, DataError, AttributeError) as error:
            raise DataError(f"{path}:{number} is no event of a simulated venue ({error})", "move it away") from None
        yield values | {"n": number}


def replayed(journal: Journal, apply: Callable[[Event], None]) -> int:
    """Tell `apply` every event of the journal, in order; how many they were."""
    lines = journal.lines()
    for line in lines:
        apply(read(line))
    return len(lines)
