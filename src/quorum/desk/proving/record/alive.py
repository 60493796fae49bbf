"""Whether a run of the validation is still at work: its lock on this machine, else its last sign of life."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from quorum.domain import SECOND, WorkspaceError

SILENT_BEATS = 6
SILENT_AT_LEAST = 60 * SECOND


class Lock:
    """The lock of a run of this machine: it ends with the process that holds it, however that ends."""

    def __init__(self, home: Path, run_id: str) -> None:
        self._path = _path(home, run_id)
        self._file: int | None = None

    def __enter__(self) -> Self:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise WorkspaceError(f"{self._path}: {error.strerror}", "make the workspace writable for you") from error
        fcntl.flock(self._file, fcntl.LOCK_EX)
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(OSError):
            self._path.unlink()
        if self._file is not None:
            os.close(self._file)
            self._file = None


def lives(home: Path, run: Mapping[str, Any], now: int) -> bool:
    """Whether the run is at work at `now` (ns UTC).

    Its lock tells where it is of this machine; of a run elsewhere its signs of life do, until they stay away.
    """
    if run["status"] != "running":
        return False
    try:
        file = os.open(_path(home, run["run_id"]), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        if run.get("host") == host():
            return False
        silent = max(SILENT_AT_LEAST, round(SILENT_BEATS * run.get("beat_seconds", 0.0) * SECOND))
        return bool(now - run.get("beat_at", run["at"]) <= silent)
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def host() -> str:
    """The name of this machine."""
    return os.uname().nodename


def _path(home: Path, run_id: str) -> Path:
    return home / "pipeline" / ".running" / run_id
