"""Taking turns at the files of a workspace: of two desks one reads and writes them, and then the other."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from quorum.desk.workspace import Workspace


@contextmanager
def turn(workspace: Workspace) -> Iterator[None]:
    """Wait until no other process, and no other thread, is at the files; not to be taken within itself.

    The lock is the folder's own and leaves no file. Where there is no folder yet, nobody is at its files.
    """
    held = None
    with suppress(OSError):
        held = os.open(workspace.home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(held, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if held is not None:
            with suppress(OSError):
                fcntl.flock(held, fcntl.LOCK_UN)  # a worker that was forked meanwhile has the lock too
            os.close(held)
