"""Opening a database: how SQLite commits, how its schema is brought up to date, how it refuses."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from quorum.domain import StoreError, WorkspaceError

HEAD = "0006"
BUSY_MS = 10_000
PAUSE = 0.002


class Database:
    """One database file. A write transaction is serialised against every other from its first statement on."""

    def __init__(self, path: Path, busy_ms: int = BUSY_MS) -> None:
        self.path = path
        self._engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.pool.QueuePool, max_overflow=-1)
        sa.event.listen(self._engine, "connect", lambda raw, _: _configure(raw, path, busy_ms))
        sa.event.listen(self._engine, "begin", lambda connection: _begin(connection, busy_ms))

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A consistent view; never blocks a writer."""
        with self._plain_errors(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that no other write transaction overlaps; committed at the end, or rolled back."""
        with self._plain_errors(), self._engine.connect() as plain:
            connection = plain.execution_options(quorum_write=True)
            with connection.begin():
                yield connection

    def migrate(self) -> None:
        """Bring the schema up to date; WorkspaceError when it was made by a newer version of Quorum."""
        if self.known_revision() == HEAD:
            return
        from alembic import command

        with self.write() as connection:
            config = _alembic()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def known_revision(self) -> str | None:
        """The schema's revision; WorkspaceError when a newer version of Quorum made it."""
        found = self.revision()
        if found is not None and found != HEAD and found not in _known():
            raise WorkspaceError(
                f"{self.path} has schema {found}, this version of quorum knows up to {HEAD}", "upgrade quorum"
            )
        return found

    def revision(self) -> str | None:
        """The schema's revision; None for an empty database."""
        with self.read() as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
                return None
            return connection.execute(sa.text("select version_num from alembic_version")).scalar()

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Every row of a table exactly as it is stored."""
        with self.read() as connection:
            result = connection.execute(sa.select(sa.text("*")).select_from(sa.table(table)))
            return [dict(row) for row in result.mappings()]

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise _plain(self.path, str(error.orig)) from error
        except sqlite3.Error as error:
            raise _plain(self.path, str(error)) from error


def _plain(path: Path, text: str) -> StoreError:
    remedies = {
        "locked": "another process holds it: try again, or see `quorum doctor`",
        "disk is full": "free some space; nothing was written",
        "disk I/O": "check the disk; nothing was written",
        "readonly": "make the folder and the file writable for you",
        "unable to open": "check that the folder exists and is writable for you",
        "not a database": "restore it from a backup",
        "malformed": "restore it from a backup",
    }
    remedy = next((r for word, r in remedies.items() if word in text), "see `quorum doctor`")
    return StoreError(f"database {path}: {text}", remedy)


def _configure(raw: Any, path: Path, busy_ms: int) -> None:
    raw.isolation_level = None
    cursor = raw.cursor()
    cursor.execute(f"pragma busy_timeout = {busy_ms}")
    _use_wal(cursor, path, busy_ms)
    cursor.execute("pragma synchronous = full")
    cursor.execute("pragma foreign_keys = on")
    cursor.close()


def _use_wal(cursor: sqlite3.Cursor, path: Path, busy_ms: int) -> None:
    """Switch a new file to WAL; SQLite does not wait when two do so at once, so the loser tries again here."""
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


def _alembic() -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations"))
    return config


def _known() -> set[str]:
    from alembic.script import ScriptDirectory

    return {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}
