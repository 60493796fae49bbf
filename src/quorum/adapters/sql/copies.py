"""Copies of the databases, all as at one instant: SQLite's files by its backup, PostgreSQL's by pg_dump."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import sqlalchemy as sa

from quorum.adapters.sql.database import HEAD, Database
from quorum.domain import StoreError, UsageError, WorkspaceError

DESK, ENGINE, DUMP = "desk.db", "workflows.db", "database.dump"
PATIENCE_SECONDS = 30.0
_TURN_SECONDS = 0.2
_PAUSE = 0.01
_BINARIES = "/usr/lib/postgresql"


class SqliteCopies:
    """The workspace's own files: desk.db, and workflows.db where an engine has run."""

    kind = "sqlite"

    def __init__(self, desk: Path, engine: Path) -> None:
        self._files = {DESK: desk, ENGINE: engine}

    def take(self, folder: Path, meanwhile: Callable[[], None]) -> None:
        try:
            with ExitStack() as stack:
                found = {name: path for name, path in self._files.items() if path.exists()}
                with _nobody_writes(list(found.values())):
                    snapshots = {name: stack.enter_context(_snapshot(path)) for name, path in found.items()}
                    meanwhile()
                for name, snapshot in snapshots.items():
                    _copy(snapshot, folder / name)
        except sqlite3.Error as error:
            raise StoreError(f"backup: {error}", "try again, or see `quorum doctor`") from error

    def schema(self, folder: Path) -> str:
        for name in (DESK, ENGINE):
            if (folder / name).exists():
                _check(folder / name)
        if not (folder / DESK).exists():
            return "none yet"
        database = Database(folder / DESK)
        try:
            return database.known_revision() or "none yet"
        finally:
            database.close()
            _settle(folder / DESK)

    def put_back(self, folder: Path, home: Path) -> None:
        for name in (DESK, ENGINE):
            if (folder / name).exists():
                shutil.move(folder / name, home / name)


class PostgresCopies:
    """One database of a PostgreSQL server, which holds what the desk and the engine keep."""

    kind = "postgresql"

    def __init__(self, url: str) -> None:
        self._url = sa.make_url(url).set(drivername="postgresql+psycopg")

    def take(self, folder: Path, meanwhile: Callable[[], None]) -> None:
        dump = _binary("pg_dump")
        engine = sa.create_engine(self._url, poolclass=sa.pool.NullPool)
        try:
            with engine.connect() as kept:
                kept.execution_options(isolation_level="REPEATABLE READ")
                with engine.connect() as lock:
                    if sa.inspect(lock).has_table("intent"):
                        lock.execute(sa.text("set local lock_timeout = '10s'"))
                        lock.execute(sa.text("lock table intent in share mode"))
                    snapshot = kept.execute(sa.text("select pg_export_snapshot()")).scalar_one()
                    meanwhile()
                self._run(dump, "--format=custom", f"--snapshot={snapshot}", f"--file={folder / DUMP}")
        except sa.exc.SQLAlchemyError as error:
            raise StoreError(f"backup: {type(error).__name__} of the server", "see `quorum doctor`") from error

    def schema(self, folder: Path) -> str:
        text = self._run(
            _binary("pg_restore"), "--data-only", "--table=alembic_version", "--file=-", source=folder / DUMP
        )
        lines = text.splitlines()
        start = next((i for i, line in enumerate(lines) if line.startswith("COPY ")), None)
        return "none yet" if start is None else _known(lines[start + 1])

    def put_back(self, folder: Path, home: Path) -> None:
        engine = sa.create_engine(self._url, poolclass=sa.pool.NullPool)
        with engine.connect() as connection:
            if sa.inspect(connection).get_table_names():
                raise UsageError(
                    f"the database {self._url.database} is not empty", "name an empty one in QUORUM_DATABASE_URL"
                )
        options = ("--no-owner", "--exit-on-error", "--single-transaction")
        self._run(_binary("pg_restore"), *options, source=folder / DUMP)

    def _run(self, program: str, *options: str, source: Path | None = None) -> str:
        """Run a program of PostgreSQL; the password is in its environment, never on its command line."""
        reads_only = source is not None and "--file=-" in options
        address = self._url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
        where = () if reads_only else (f"--dbname={address}",)
        command = [program, "--no-password", *where, *options, *(() if source is None else (str(source),))]
        password = str(self._url.password or "")
        environment = {"LC_ALL": "C", **({"PGPASSWORD": password} if password else {})}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
            told = said.replace(password, "***") if password else said
            raise StoreError(f"{Path(program).name}: {told}", "see `quorum doctor`")
        return done.stdout


@contextmanager
def _nobody_writes(paths: list[Path]) -> Iterator[None]:
    """Hold every file's turn to write at once; nobody is kept waiting for one of them by who holds another."""
    until = time.monotonic() + PATIENCE_SECONDS
    with ExitStack() as stack:
        held = [stack.enter_context(_connected(path)) for path in paths]
        while not _all_held(held):
            if time.monotonic() > until:
                raise StoreError("backup: the databases were never at rest together", "try again later")
            time.sleep(_PAUSE)
        try:
            yield
        finally:
            for connection in held:
                connection.execute("rollback")


def _all_held(connections: list[sqlite3.Connection]) -> bool:
    taken: list[sqlite3.Connection] = []
    for connection in connections:
        try:
            connection.execute("begin immediate")
        except sqlite3.OperationalError as error:
            for other in taken:
                other.execute("rollback")
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            return False
        taken.append(connection)
    return True


@contextmanager
def _snapshot(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that sees the file as it is now, for as long as it is open."""
    with _connected(path) as connection:
        connection.execute("begin")
        connection.execute("select count(*) from sqlite_master").fetchone()
        yield connection


@contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, timeout=_TURN_SECONDS, isolation_level=None)) as connection:
        yield connection


def _copy(snapshot: sqlite3.Connection, to: Path) -> None:
    with _connected(to) as target:
        snapshot.backup(target)
    _settle(to)


def _settle(path: Path) -> None:
    """Make one whole file of a database and its log."""
    with _connected(path) as connection:
        connection.execute("pragma journal_mode = delete")


def _check(path: Path) -> None:
    """StoreError for a file that SQLite finds damaged."""
    try:
        with _connected(path) as connection:
            found = connection.execute("pragma quick_check").fetchone()[0]
    except sqlite3.Error as error:
        found = str(error)
    if found != "ok":
        raise StoreError(f"{path.name} of the backup is damaged: {found}", "take another backup")


def _known(revision: str) -> str:
    """The revision of a dump; WorkspaceError when this Quorum does not know it."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(Path(__file__).parents[1] / "migrations"))
    if revision not in {script.revision for script in scripts.walk_revisions()}:
        raise WorkspaceError(
            f"the backup has schema {revision}, this version of quorum knows up to {HEAD}", "upgrade quorum"
        )
    return revision


def _binary(name: str) -> str:
    """The newest program of that name; UsageError where PostgreSQL's programs are not installed."""
    installed = sorted(Path(_BINARIES).glob(f"*/bin/{name}"), key=lambda p: float(p.parts[-3]))
    found = str(installed[-1]) if installed else shutil.which(name)
    if found is None:
        raise UsageError(f"{name} is not installed", "install PostgreSQL's client programs (Debian: postgresql-client)")
    return found
