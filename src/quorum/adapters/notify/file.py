"""Notifications appended to a file."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from quorum.domain import Clock, Severity, StoreError, canonical, iso


class FileNotifier:
    """Notifier that appends a JSON line a message to `path`."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock

    def notify(self, severity: Severity, summary: str, details: Mapping[str, Any]) -> None:
        message = {
            "timestamp": iso(self._clock.now()),
            "severity": severity.name,
            "summary": summary,
            "details": details,
        }
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab+", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                _append(file.fileno(), canonical(message) + b"\n")
        except OSError as error:
            raise StoreError(
                f"notifications {self._path}: {error.strerror}", "make the folder writable, with some space in it"
            ) from error


def _append(file: int, line: bytes) -> None:
    """Write a line whole or not at all; one that a kill cut short before it keeps its own line."""
    end = os.fstat(file).st_size
    torn = end > 0 and os.pread(file, 1, end - 1) != b"\n"
    try:
        if os.write(file, b"\n" * torn + line) != torn + len(line):
            raise OSError(errno.ENOSPC, "disk is full")
        os.fsync(file)
    except OSError:
        os.ftruncate(file, end)
        raise
