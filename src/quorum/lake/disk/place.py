"""Files of the lake: names that are safe in a path, writes that are whole or not there, one writer at a time."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

from quorum.domain import Timeframe, UsageError, WorkspaceError
from quorum.lake.series import Series

_TEMPORARY = ".tmp-"
_REMEDIES = {
    errno.ENOSPC: "free some space and run it again",
    errno.EDQUOT: "free some space and run it again",
    errno.EFBIG: "raise the limit on file sizes and run it again",
    errno.EROFS: "make the folder writable or choose another one",
    errno.EACCES: "make the folder writable or choose another one",
    errno.EPERM: "make the folder writable or choose another one",
    errno.ENOTDIR: "a file stands where a folder is needed; move it away",
}


def folder_of(root: Path, series: Series) -> Path:
    """Where a series lies below `root`; letters that a path could misread are percent-encoded."""
    return root / f"{safe(series.symbol)}.{quote(series.venue, safe='')}" / str(series.timeframe)


def safe(symbol: str) -> str:
    """A symbol as the first part of a folder's name, without a dot."""
    return quote(symbol, safe="").replace(".", "%2E")


def series_of(folder: Path) -> Series | None:
    """The series whose folder that is; None for another folder."""
    symbol, dot, venue = folder.parent.name.partition(".")
    try:
        timeframe = Timeframe.parse(folder.name)
    except UsageError:
        return None
    return Series(unquote(symbol), unquote(venue), timeframe) if dot else None


@contextlib.contextmanager
def storage(folder: Path) -> Iterator[None]:
    """Turns an OSError inside into a WorkspaceError that names the folder and the remedy."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        remedy = _REMEDIES.get(error.errno or 0, "check the disk and the folder's permissions")
        raise WorkspaceError(f"{folder}: the lake cannot be written ({reason})", remedy) from error


@contextlib.contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Holds the lock of `folder`, made if absent, against every other process and thread; waits for it."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in folder.glob(f"{_TEMPORARY}*"):
            left.unlink()  # of a writer that was killed
        yield


def write_whole(path: Path, content: bytes) -> None:
    """Put `content` at `path` so that nobody ever sees a part of it, and so that it survives a loss of power."""
    temporary = path.with_name(_TEMPORARY + path.name)
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync(path.parent)


def sync(folder: Path) -> None:
    """Make what stands in `folder` survive a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
