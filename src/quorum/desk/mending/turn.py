"""One at a time: a strategy is mended by one process, whose turn ends with it however it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from quorum.domain import IllegalMove, WorkspaceError


@contextmanager
def turn(home: Path, strategy_id: str) -> Iterator[None]:
    """Hold the turn of a strategy; IllegalMove when another process of this machine holds it."""
    path = home / "pipeline" / ".running" / f"mending-{strategy_id}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise WorkspaceError(f"{path}: {error.strerror}", "make the workspace writable for you") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        raise IllegalMove(f"{strategy_id} is being mended already", "wait until that has ended") from None
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()
        os.close(file)
