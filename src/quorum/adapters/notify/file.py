"""Notifications appended to a file."""

from __future__ import annotations

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
            with self._path.open("ab") as file:
                file.write(canonical(message) + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(f"notifications {self._path}: {error.strerror}", "make the folder writable") from error
