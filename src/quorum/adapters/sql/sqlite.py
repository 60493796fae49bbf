"""One SQLite file: how it commits, how writers take turns, how it refuses."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from quorum.domain import StoreError

PAUSE = 0.002
REMEDIES = {
    "locked": "another process holds it: try again, or see `quorum doctor`",
    "disk is full": "free some space; nothing was written",
    "disk I/O": "check the disk; nothing was written",
    "readonly": "make the folder and the file writable for you",
    "unable to open": "check that the folder exists and is writable for you",
    "not a database": "restore it from a backup",
    "malformed": "restore it from a backup",
}


class SqliteFile:
    """A database in one file; a writer begins when no other writes."""

    errors: tuple[type[Exception], ...] = (sqlite3.Error,)

    def __init__(self, path: Path, busy_ms: int) -> None:
        self.name = str(path)
        self.engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.pool.QueuePool, max_overflow=-1)
        self.reader = self.engine
        self.writer = self.engine.execution_options(quorum_write=True)
        sa.event.listen(self.engine, "connect", lambda raw, _: _configure(raw, path, busy_ms))
        sa.event.listen(self.engine, "begin", lambda connection: _begin(connection, busy_ms))

    def plain(self, error: BaseException) -> StoreError:
        """What the file refused, and what to do."""
        text = str(error)
        remedy = next((r for word, r in REMEDIES.items() if word in text), "see `quorum doctor`")
        return StoreError(f"database {self.name}: {text}", remedy)


def _configure(raw: Any, path: Path, busy_ms: int) -> None:
    raw.isolation_level = None
    cursor = raw.cursor()
    cursor.execute(f"pragma busy_timeout = {busy_ms}")
    _use_wal(cursor, path, busy_ms)
    cursor.execute("pragma synchronous = full")
    cursor.execute("pragma foreign_keys = on")
    cursor.close()


def _use_wal(cursor: sqlite3.Cursor, path: Path, busy_ms: int) -> None:
    """Switch a new file to WAL, one process at a time: who reads while another switches may take it for damaged.

    Whether it is new the log beside it tells. The file itself is SQLite's alone: to open and close it here would give
    up the locks that this process has on it.
    """
    if Path(f"{path}-wal").exists():
        return None
    try:
        handle = os.open(f"{path}-new", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:  # where no file can be made, SQLite says what is wrong in its own words
        return _switch(cursor, path, busy_ms)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        _switch(cursor, path, busy_ms)
    finally:
        Path(f"{path}-new").unlink(missing_ok=True)
        os.close(handle)


def _switch(cursor: sqlite3.Cursor, path: Path, busy_ms: int) -> None:
    """Use a write-ahead log; SQLite does not wait for others that still have the file open, so it is tried again."""
    until = time.monotonic() + busy_ms / 1000
    while cursor.execute("pragma journal_mode").fetchone()[0] != "wal":
        try:
            mode = cursor.execute("pragma journal_mode = wal").fetchone()[0]
        except sqlite3.OperationalError as error:
            if not _busy(error) or time.monotonic() > until:
                raise
            time.sleep(PAUSE)
        else:
            if mode != "wal":
                raise StoreError(
                    f"database {path}: its file system allows no write-ahead log",
                    "put the workspace on a local disk",
                )


def _begin(connection: sa.Connection, busy_ms: int) -> None:
    if connection.get_execution_options().get("quorum_write"):
        _take_turn(connection.connection.driver_connection, busy_ms)
    else:
        connection.exec_driver_sql("begin")


def _take_turn(raw: Any, busy_ms: int) -> None:
    """Begin to write as soon as nobody else does; left to SQLite, who has waited longest would ask least often."""
    until = time.monotonic() + busy_ms / 1000
    raw.execute("pragma busy_timeout = 0")
    try:
        while not _begun(raw, until):
            time.sleep(PAUSE)
    finally:
        raw.execute(f"pragma busy_timeout = {busy_ms}")


def _begun(raw: Any, until: float) -> bool:
    try:
        raw.execute("begin immediate")
    except sqlite3.OperationalError as error:
        if not _busy(error) or time.monotonic() > until:
            raise
        return False
    return True


def _busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
