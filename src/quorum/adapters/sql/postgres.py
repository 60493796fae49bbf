"""One PostgreSQL database: how it is reached, how long a lock is held or waited for, how it refuses."""

from __future__ import annotations

import os
import weakref
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL

from quorum.domain import StoreError, UsageError

SCHEMES = ("postgresql://", "postgres://", "postgresql+psycopg://")
CONNECTIONS, MORE_CONNECTIONS = 5, 15
REACH: Mapping[str, Any] = {
    "connect_timeout": 5,
    "application_name": "quorum",
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
SECRETS = ("password", "sslpassword")
WRITE_IT = (
    "write postgresql://USER:PASSWORD@HOST:PORT/NAME; of a password with signs such as @ or / write them as %40 or %2F"
)
BY_STATE = {
    "23505": "another process wrote it first: try again",
    "25006": "name the server that takes writes, not a standby of it",
    "25P03": "its transaction stood still for too long and was undone: try again",
    "40P01": "two transactions waited for each other and this one was undone: try again",
    "42P01": "its tables are missing or old: `quorum account list` brings them up to date",
    "42501": "grant its user the right to create and change tables there",
    "53100": "free some space on the server; nothing was written",
    "53300": "raise max_connections of the server, or run fewer processes",
    "55P03": "another process holds it: try again, or see `quorum doctor`",
    "57P01": "the server was stopped: try again when it is back",
    "57P03": "the server is starting or stopping: try again soon",
}
BY_WORD = {
    "password authentication failed": "mend user and password in the URL",
    "no password supplied": "write user and password into the URL",
    "pg_hba.conf": "let its user in from this machine, in the server's pg_hba.conf",
    "Connection refused": "start PostgreSQL there, or mend host and port in the URL",
    "No such file": "start PostgreSQL there, or mend host and port in the URL",
    "could not translate host": "mend the host in the URL",
    "resolve": "mend the host in the URL",
    "timeout expired": "its machine does not answer: check the address and the network",
    "role ": "mend user and password in the URL",
    "does not exist": "create it with createdb, or mend the name in the URL",
    "too many": BY_STATE["53300"],
    "connection slots": BY_STATE["53300"],
    "idle-in-transaction": BY_STATE["25P03"],
    "administrator command": BY_STATE["57P01"],
    "starting up": BY_STATE["57P03"],
    "shutting down": BY_STATE["57P03"],
    "closed": "the server or the network broke off: try again",
    "lost": "the server or the network broke off: try again",
    "terminat": "the server or the network broke off: try again",
    "SSL": "check sslmode in the URL",
    "QueuePool": "fewer threads may write at once, or a transaction never ends: see `quorum doctor`",
}


def is_postgres(where: object) -> bool:
    """Whether `where` is the URL of a PostgreSQL database."""
    return isinstance(where, str) and where.startswith(SCHEMES)


class PostgresServer:
    """A database of a server; who waits for a lock longer than `busy_ms`, or holds still for `idle_ms`, is undone."""

    errors: tuple[type[Exception], ...]

    def __init__(self, where: str, busy_ms: int, idle_ms: int) -> None:
        self._url = _read(where)
        self.name = _named(self._url)
        limits = f"-c lock_timeout={busy_ms} -c idle_in_transaction_session_timeout={idle_ms}"
        asked = {key: value for key, value in REACH.items() if key not in self._url.query}
        asked["options"] = f"{self._url.query.get('options', '')} {limits}".strip()
        self.engine = self._open(asked, busy_ms)
        self.reader = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self.writer = self.engine
        weakref.finalize(self, _close, self.engine, os.getpid())

    def _open(self, asked: Mapping[str, Any], busy_ms: int) -> sa.Engine:
        try:
            import psycopg
        except ImportError:
            remedy = "pip install 'quorum[postgres]'"
            raise UsageError(f"database {self.name}: the driver of PostgreSQL is not installed", remedy) from None
        self.errors = (psycopg.Error,)
        return sa.create_engine(
            self._url,
            connect_args=dict(asked),
            isolation_level="READ COMMITTED",
            use_native_hstore=False,  # it would ask the server about a type at every connection
            pool_pre_ping=True,
            pool_size=CONNECTIONS,
            max_overflow=MORE_CONNECTIONS,
            pool_timeout=busy_ms / 1000,
        )

    def plain(self, error: BaseException) -> StoreError:
        """What the server refused, and what to do; no secret of the URL is in it."""
        told = getattr(getattr(error, "diag", None), "message_primary", None) or str(error)
        text = self._masked(" ".join(told.split()))
        remedy = BY_STATE.get(str(getattr(error, "sqlstate", None)))
        remedy = remedy or next((r for word, r in BY_WORD.items() if word in text), "see `quorum doctor`")
        return StoreError(f"database {self.name}: {text}", remedy)

    def _masked(self, text: str) -> str:
        for secret in (self._url.password, *(self._url.query.get(name) for name in SECRETS)):
            text = text.replace(str(secret), "***") if secret else text
        return text


def _close(engine: sa.Engine, owner: int) -> None:
    """Give the connections back, unless this is a fork of the process that they belong to."""
    if os.getpid() == owner:
        engine.dispose()


def _read(where: str) -> URL:
    try:
        url = sa.make_url(where)
    except (sa.exc.ArgumentError, ValueError):
        raise UsageError("the URL of the database cannot be read", WRITE_IT) from None
    return url.set(drivername="postgresql+psycopg")


def _named(url: URL) -> str:
    """The URL as it may be shown: without password and parameters."""
    told = url.query.get("host")
    host = url.host or (told if isinstance(told, str) else ",".join(told or ()))
    port = f":{url.port}" if url.port else ""
    user = f"{url.username}@" if url.username else ""
    return f"postgresql://{user}{host}{port}/{url.database or ''}"
