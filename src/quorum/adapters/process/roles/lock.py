"""A lock that one process of this machine holds, and that ends with it, however it ends."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import NamedTuple

from quorum.domain import WorkspaceError


class Held(NamedTuple):
    """Who holds a lock: process id and what it is there for."""

    pid: int
    role: str


class FileLock:
    """The lock of the file at `path`; the file stays, and tells who held it last."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def take(self, role: str) -> bool:
        """Hold it from now on; False when another process does. WorkspaceError when the folder refuses."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise WorkspaceError(f"{self._path}: {error.strerror}", "make the workspace writable for you") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        os.ftruncate(file, 0)
        os.pwrite(file, json.dumps({"pid": os.getpid(), "role": role}).encode(), 0)
        self._file = file
        return True

    def holder(self) -> Held | None:
        """Who holds it now; None when nobody does."""
        try:
            file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _told(os.pread(file, 1_000, 0))
        finally:
            os.close(file)
        return None

    def release(self) -> None:
        """Let it go."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _told(text: bytes) -> Held:
    """What the holder wrote; a holder that has not written yet is process 0."""
    try:
        found = json.loads(text)
        return Held(int(found["pid"]), str(found["role"]))
    except (ValueError, KeyError, TypeError):
        return Held(0, "worker")
