"""Reading the log: what was written, by level, run and time, and what is being written."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from quorum.domain import Timeframe, UsageError, parse_instant

FILE = "quorum.jsonl"
LEVELS = ("debug", "info", "warning", "error", "critical")
POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines: of at least that level, of one run, from an instant (ns UTC) on. UsageError for an unknown level."""

    level: str = "debug"
    workflow: str | None = None
    since: int | None = None

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise UsageError(f"there is no log level {self.level!r}", f"choose one of {', '.join(LEVELS)}")

    def takes(self, line: Mapping[str, Any]) -> bool:
        """Whether the line is wanted; one that says nothing of its level or time always is, where that is asked."""
        level = line.get("level")
        if level in LEVELS and LEVELS.index(level) < LEVELS.index(self.level):
            return False
        if self.workflow is not None and line.get("workflow_id") != self.workflow:
            return False
        return self.since is None or _at(line, self.since) >= self.since


def read_logs(folder: Path, wanted: Wanted) -> Iterator[Mapping[str, Any]]:
    """The wanted lines of the log in `folder`, oldest first; a line that is no JSON is an event by itself."""
    for path in (*_older(folder), folder / FILE):
        if path.exists():
            with path.open("rb") as file:
                yield from filter(wanted.takes, map(_line, file))


def follow_logs(folder: Path, wanted: Wanted) -> Iterator[Mapping[str, Any]]:
    """The wanted lines of the log, then each as it is written, without end."""
    path = folder / FILE
    file, rest = _opened(path), b""
    try:
        for older in _older(folder):
            if file is None or not _is_same(older, file):
                with older.open("rb") as lines:
                    yield from filter(wanted.takes, map(_line, lines))
        while True:
            text = b"" if file is None else file.read()
            *whole, rest = (rest + text).split(b"\n")
            yield from filter(wanted.takes, map(_line, whole))
            if not text:
                file = _next(path, file)
                time.sleep(POLL_SECONDS)
    finally:
        if file is not None:
            file.close()


def since(text: str, now: int) -> int:
    """An instant (ns UTC) given as one, or as how long before `now`: 1h, 30m, 2d. UsageError for neither."""
    try:
        return now - Timeframe.parse(text).nanoseconds
    except UsageError:
        return parse_instant(text)


def _older(folder: Path) -> list[Path]:
    """The files that were turned over, oldest first."""
    found = (path for path in folder.glob(f"{FILE}.*") if path.suffix[1:].isdigit())
    return sorted(found, key=lambda path: -int(path.suffix[1:]))


def _opened(path: Path) -> BinaryIO | None:
    return path.open("rb") if path.exists() else None


def _next(path: Path, file: BinaryIO | None) -> BinaryIO | None:
    """The file to read on: another one when `file`, which has been read to its end, was turned over."""
    if file is not None and (_is_same(path, file) or not path.exists()):
        return file
    if file is not None:
        file.close()
    return _opened(path)


def _is_same(path: Path, file: BinaryIO) -> bool:
    return path.exists() and os.path.samestat(path.stat(), os.fstat(file.fileno()))


def _line(text: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"event": text.decode("utf-8", "replace").rstrip("\n")}


def _at(line: Mapping[str, Any], default: int) -> int:
    try:
        return parse_instant(str(line["timestamp"]))
    except (KeyError, UsageError):
        return default
