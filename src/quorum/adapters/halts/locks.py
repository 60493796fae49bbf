"""Locks of the file system, which end with the process that holds them."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from quorum.domain import WorkspaceError

MODE = 0o644
LOOK = 0.002


@contextmanager
def locked_until(path: Path, until: float, shared: bool = False) -> Iterator[str | None]:
    """Hold the lock that a file is, alone or with others, if it comes free before `until` of the monotonic clock.

    None then; else what its last holder has written there, a process id. WorkspaceError if it cannot be asked for.
    """
    file = _opened(path)
    try:
        while not _taken(file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX):
            if time.monotonic() >= until:
                yield os.pread(file, 100, 0).decode("utf-8", "replace").strip()
                return
            time.sleep(LOOK)
        if not shared:
            with suppress(OSError):  # a full disk does not keep who holds it, and it is held all the same
                os.ftruncate(file, 0)
                os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        yield None
    finally:
        os.close(file)


def _opened(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, MODE)
    except OSError as error:
        raise WorkspaceError(f"{path}: {error.strerror}", "make the folder writable for you") from error


def _taken(file: int, how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
