"""The engine's own database: how it is opened, so that a commit is cheap and survives a kill."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dbos import DBOS

from quorum.domain import StoreError

POOL = 20
IDLE_SECONDS = 10
FULL = ("disk is full", "disk I/O error")
PATIENCE_SECONDS = 2.0


def open_system(where: Path | str, guard: Callable[[], None] | None = None) -> sa.Engine:
    """The database at a path (SQLite: WAL, synchronous=NORMAL, since effects commit elsewhere) or a PostgreSQL URL.

    `guard` is called whenever a connection is taken; a worker that lost its slot ends there and writes nothing more.
    """
    if isinstance(where, Path):
        engine = sa.create_engine(f"sqlite:///{where}", pool_size=POOL, max_overflow=POOL)
        sa.event.listen(engine, "connect", _configure)
        sa.event.listen(engine, "handle_error", _wait_for_space)
    else:
        timeouts = f"-c idle_in_transaction_session_timeout={IDLE_SECONDS * 1000}"
        connect = {"options": timeouts, "application_name": "quorum", "connect_timeout": 5}
        url = sa.make_url(where).set(drivername="postgresql+psycopg")
        engine = sa.create_engine(url, pool_size=POOL, max_overflow=0, pool_pre_ping=True, connect_args=connect)
    try:
        _make_tables(engine)
    except sa.exc.OperationalError as error:
        raise StoreError(f"the engine's store: {error.orig}", "see `quorum doctor`; nothing was written") from error
    if guard is not None:
        sa.event.listen(engine, "checkout", lambda *_: guard())
    return engine


def refusal(path: Path) -> str:
    """Why the engine's file takes no writes for two seconds now; empty where it does, or is not there yet."""
    if not path.exists():
        return ""
    try:
        with closing(sqlite3.connect(path, timeout=PATIENCE_SECONDS, isolation_level=None)) as raw:
            raw.execute("begin immediate").close()
            raw.execute("rollback").close()
    except sqlite3.Error as error:
        return f"{path.name}: {error}"
    return ""


def _make_tables(engine: sa.Engine) -> None:
    """Make the engine's tables where there are none; a worker brings them up to date when it starts."""
    schema = None if engine.dialect.name == "sqlite" else "dbos"
    if not sa.inspect(engine).has_table("dbos_migrations", schema=schema):
        DBOS.migrate(engine.url.render_as_string(hide_password=False))


def _wait_for_space(refused: sa.engine.ExceptionContext) -> Exception | None:
    """A full disk is waited for like another writer, in the words that the library waits at; else the run is lost."""
    error = refused.original_exception
    if not isinstance(error, sqlite3.OperationalError) or not any(word in str(error) for word in FULL):
        return None
    return sa.exc.OperationalError(refused.statement, None, sqlite3.OperationalError(f"database is locked: {error}"))


def _configure(raw: Any, _: Any) -> None:
    raw.isolation_level = "IMMEDIATE"
    for line in ("busy_timeout = 30000", "foreign_keys = on", "journal_mode = wal", "synchronous = normal"):
        raw.execute(f"pragma {line}").close()
