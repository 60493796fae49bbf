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
    path = _path(home, strategy_id)
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
    if not _stands(file, path):  # who had the turn has taken the file away meanwhile, and a third may have the next
        os.close(file)
        raise IllegalMove(f"{strategy_id} was being mended just now", "look with `quorum queue show`")
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()
        os.close(file)


def is_held(home: Path, strategy_id: str) -> bool:
    """Whether a process of this machine holds the turn of a strategy."""
    try:
        file = os.open(_path(home, strategy_id), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def _path(home: Path, strategy_id: str) -> Path:
    return home / "pipeline" / ".running" / f"mending-{strategy_id}"


def _stands(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except OSError:
        return False
