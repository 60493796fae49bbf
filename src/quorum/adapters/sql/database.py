"""Opening a database: a file or a server behind one face, its schema brought up to date, its errors in plain words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from quorum.adapters.sql.postgres import PostgresServer, is_postgres
from quorum.adapters.sql.sqlite import SqliteFile
from quorum.domain import UsageError, WorkspaceError

HEAD = "0009"
BUSY_MS = 10_000
IDLE_MS = 5_000
MIGRATION_MS = 120_000


class Database:
    """One SQLite file, or one PostgreSQL database by its URL.

    Who cannot write within `busy_ms` gets a StoreError. On PostgreSQL a transaction that stands still for `idle_ms`
    is undone by the server, so that a process that was stopped keeps nobody waiting. `fence`, when it is set, is asked
    at the beginning of each write transaction and may refuse it.
    """

    def __init__(self, where: Path | str, busy_ms: int = BUSY_MS, idle_ms: int = IDLE_MS) -> None:
        self._store = _opened(where, busy_ms, idle_ms)
        self._engine = self._store.engine
        self._refusals: tuple[type[Exception], ...] = (sa.exc.TimeoutError, *self._store.errors)
        self.fence: Callable[[sa.Connection], None] | None = None

    @property
    def name(self) -> str:
        """The path of the file, or the URL without its password."""
        return self._store.name

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A consistent view; never blocks a writer."""
        with self._plain_errors(), self._store.reader.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction, committed at the end, or rolled back.

        On SQLite no other write transaction overlaps it. On PostgreSQL others do: each statement sees what was
        committed before it, and what must not be done by two at once is done in a turn (`take_turn`), under a lock of
        the row, or by an update whose count of rows tells who was first.
        """
        with self._plain_errors(), self._store.writer.connect() as connection, connection.begin():
            if self.fence is not None:
                self.fence(connection)
            yield connection

    def migrate(self) -> None:
        """Bring the schema up to date; WorkspaceError when it was made by a newer version of Quorum."""
        if self.known_revision() == HEAD:
            return
        from alembic import command

        with self.write() as connection:
            if on_postgres(connection):
                connection.exec_driver_sql(f"set local lock_timeout = {MIGRATION_MS}")
            take_turn(connection, "migrate")
            config = _alembic()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def known_revision(self) -> str | None:
        """The schema's revision; WorkspaceError when a newer version of Quorum made it."""
        found = self.revision()
        if found is not None and found != HEAD and found not in _known():
            raise WorkspaceError(
                f"{self.name} has schema {found}, this version of quorum knows up to {HEAD}", "upgrade quorum"
            )
        return found

    def revision(self) -> str | None:
        """The schema's revision; None for an empty database."""
        with self.read() as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
                return None
            return connection.execute(sa.text("select version_num from alembic_version")).scalar()

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Every row of a table exactly as it is stored; on PostgreSQL in the order of its key."""
        return self.snapshot([table])[table]

    def snapshot(self, tables: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
        """The rows of several tables as they were at one moment, whoever writes meanwhile."""
        with self.read() as connection:
            return {table: _rows(connection, table) for table in tables}

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise self._store.plain(error.orig or error) from error
        except self._refusals as error:
            raise self._store.plain(error) from error


def take_turn(connection: sa.Connection, name: str) -> None:
    """Wait until no other write transaction has the turn of that name, and keep it to the end of this one.

    On SQLite a write transaction has every turn. Take the turns of several names in the order of their names.
    """
    if on_postgres(connection):
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.cast(number, sa.BigInteger))))


def on_postgres(connection: sa.Connection) -> bool:
    """Whether the connection leads to PostgreSQL."""
    return connection.dialect.name == "postgresql"


def _rows(connection: sa.Connection, table: str) -> list[dict[str, Any]]:
    query = sa.select(sa.text("*")).select_from(sa.table(table))
    if on_postgres(connection):
        key = sa.inspect(connection).get_pk_constraint(table)["constrained_columns"]
        query = query.order_by(*map(sa.column, key))
    return [dict(row) for row in connection.execute(query).mappings()]


def _opened(where: Path | str, busy_ms: int, idle_ms: int) -> SqliteFile | PostgresServer:
    if isinstance(where, str) and is_postgres(where):
        return PostgresServer(where, busy_ms, idle_ms)
    if isinstance(where, str) and "://" in where:
        found = f"a database of the kind {where.partition(':')[0]!r}"
        raise UsageError(found, "name the path of a SQLite file, or a URL that begins with postgresql://")
    return SqliteFile(Path(where), busy_ms)


def _alembic() -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations"))
    return config


def _known() -> set[str]:
    from alembic.script import ScriptDirectory

    return {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}
