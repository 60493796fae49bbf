"""The ground truth: a line of JSON for everything that happened, written before the answer leaves."""

from __future__ import annotations

import fcntl
import json
import os
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from quorum.domain import DataError, UsageError
from quorum.simulator.core.events import Event, read, written


class Happened(NamedTuple):
    """A line of a journal: its number, from 1, and the event."""

    number: int
    event: Event


class Journal(Protocol):
    """Where events are kept, in their order."""

    def append(self, event: Event) -> int:
        """Keep `event`; its number, from 1. It outlives the process when this returns, if the journal does."""
        ...

    def lines(self, after: int = 0, kinds: Collection[str] = ()) -> list[dict[str, Any]]:
        """The plain forms of what came after number `after`, of those kinds or of all, each with its number `n`."""
        ...

    @property
    def count(self) -> int:
        """The number of the last line."""
        ...


class MemoryJournal:
    """A journal that ends with the process."""

    def __init__(self) -> None:
        self._texts: list[bytes] = []

    @property
    def count(self) -> int:
        """See Journal."""
        return len(self._texts)

    def append(self, event: Event) -> int:
        """See Journal."""
        self._texts.append(_text(len(self._texts) + 1, event))
        return len(self._texts)

    def lines(self, after: int = 0, kinds: Collection[str] = ()) -> list[dict[str, Any]]:
        """See Journal."""
        return _parsed(self._texts[after:], kinds)


class FileJournal:
    """A journal in a file of JSON lines; one that was there is read, and its last line cut off if it is torn.

    DataError, with the line's number, when an earlier line is damaged; UsageError when another venue writes there, or
    nobody can.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _taken(path)
        try:
            whole = _whole(path)
            self._starts = array("Q", _starts(path, whole))
        except DataError:
            self.close()
            raise
        self._size = len(whole)
        os.ftruncate(self._file, self._size)

    @property
    def count(self) -> int:
        """See Journal."""
        return len(self._starts)

    def append(self, event: Event) -> int:
        """See Journal; the line is with the operating system when this returns."""
        text = _text(len(self._starts) + 1, event) + b"\n"
        os.write(self._file, text)
        self._starts.append(self._size)
        self._size += len(text)
        return len(self._starts)

    def lines(self, after: int = 0, kinds: Collection[str] = ()) -> list[dict[str, Any]]:
        """See Journal."""
        if after >= len(self._starts):
            return []
        with self._path.open("rb") as file:
            file.seek(self._starts[max(after, 0)])
            return _parsed(islice(file, len(self._starts) - after), kinds)

    def close(self) -> None:
        """Let the file go."""
        os.close(self._file)


def read_journal(path: Path) -> Iterator[Happened]:
    """The events of a journal's file, in order; a last line that is torn never happened.

    DataError, with the line's number, when one is damaged, and when there is no such file.
    """
    if not path.is_file():
        raise DataError(f"there is no journal {path}", "name the file that `quorum sim --journal` wrote")
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.endswith(b"\n"):
                yield Happened(number, _event(path, number, line))


def replayed(journal: Journal, apply: Callable[[Event], None]) -> int:
    """Tell `apply` every event of the journal, in order; how many they were."""
    lines = journal.lines()
    for line in lines:
        apply(read(line))
    return len(lines)


def _text(number: int, event: Event) -> bytes:
    return json.dumps({"n": number, **written(event)}, ensure_ascii=False, allow_nan=False).encode()


def _parsed(texts: Iterable[bytes], kinds: Collection[str]) -> list[dict[str, Any]]:
    marks = tuple(f'"kind": "{kind}"'.encode() for kind in kinds)
    return [json.loads(text) for text in texts if not marks or any(mark in text for mark in marks)]


def _taken(path: Path) -> int:
    """The file to append to, for one venue alone."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise UsageError(f"the journal {path} cannot be written ({error.strerror})", "name another file") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        raise UsageError(f"another venue writes to the journal {path}", "stop it, or name another file") from None
    return file


def _whole(path: Path) -> bytes:
    data = path.read_bytes() if path.exists() else b""
    return data[: data.rfind(b"\n") + 1]


def _starts(path: Path, data: bytes) -> Iterator[int]:
    """Where the lines of a journal begin, each of them read."""
    start = 0
    for number, line in enumerate(data.splitlines(keepends=True), 1):
        _event(path, number, line)
        yield start
        start += len(line)


def _event(path: Path, number: int, line: bytes) -> Event:
    try:
        return read(json.loads(line))
    except (ValueError, DataError, AttributeError) as error:
        raise DataError(f"{path}:{number} is no event of a simulated venue ({error})", "move it away") from None
