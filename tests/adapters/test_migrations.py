"""Every database that was ever released comes to the newest schema, once, whoever else tries."""

from __future__ import annotations

import ast
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import quorum.adapters.migrations
from adapters.processes import run
from adapters.stores import choice, store_at
from quorum.adapters.sql import HEAD, Database
from quorum.adapters.sql.life.tables import METADATA

STEPS = Path(quorum.adapters.migrations.__file__).parent
KILLED = """
import os, signal, sys
from pathlib import Path
from alembic import op
from quorum.adapters.sql import Database
made = op.create_table
def create(name, *columns):
    if name == "fill":
        os.kill(os.getpid(), signal.SIGKILL)
    return made(name, *columns)
op.create_table = create
Database(Path(sys.argv[1])).migrate()
"""


def schema(path: Path) -> dict[str, str]:
    """What SQLite says of each table and index, in one line each."""
    connection = sqlite3.connect(path)
    rows = connection.execute("select name, coalesce(sql, '') from sqlite_master").fetchall()
    connection.close()
    return {name: " ".join(sql.split()) for name, sql in rows if "alembic_version" not in name}


@pytest.fixture
def empty(tmp_path: Path) -> Database:
    return Database(tmp_path / "desk.db")


def test_the_steps_lead_from_nothing_to_exactly_the_tables_that_the_store_uses(empty: Database, tmp_path: Path) -> None:
    empty.migrate()
    with empty.read() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), METADATA) == []
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'made.db'}")
    METADATA.create_all(engine)
    engine.dispose()
    empty.close()
    assert schema(tmp_path / "desk.db") == schema(tmp_path / "made.db")


def test_the_comparison_would_see_a_column_that_no_step_makes(empty: Database) -> None:
    empty.migrate()
    with empty.write() as connection:
        connection.exec_driver_sql("alter table fill drop column fee_currency")
    with empty.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA)


def test_the_newest_step_is_the_one_that_the_store_asks_for() -> None:
    steps = ScriptDirectory(str(STEPS))
    assert steps.get_heads() == [HEAD]
    assert steps.get_bases() == ["0001"]


@pytest.mark.parametrize("step", sorted((STEPS / "versions").glob("v*.py")), ids=lambda path: path.stem)
def test_a_step_is_frozen_since_it_reads_nothing_that_changes(step: Path) -> None:
    tree = ast.parse(step.read_text())
    imported = [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]
    imported += [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    assert {name.partition(".")[0] for name in imported} <= {"sqlalchemy", "alembic"}


def test_a_database_that_is_up_to_date_stays_as_it_is(empty: Database, tmp_path: Path) -> None:
    empty.migrate()
    store = store_at(tmp_path)
    store.decisions.record(choice())
    before = store.rows()
    store_at(tmp_path).database.close()
    assert store.rows() == before
    assert empty.revision() == HEAD
    store.database.close()


@pytest.mark.slow
def test_processes_that_begin_with_nothing_at_once_all_succeed(tmp_path: Path) -> None:
    assert run("adapters.worker", 4, "migrate", tmp_path) == [HEAD] * 4


@pytest.mark.slow
def test_a_new_file_takes_everyone_who_opens_it_at_once(tmp_path: Path) -> None:
    """SQLite does not wait in this race, it tells the losers at once that the file is locked."""

    def enter(path: Path) -> None:
        database = Database(path)
        go.wait()
        with database.write() as connection:
            connection.exec_driver_sql("create table if not exists t (a)")
        database.close()

    go = threading.Barrier(4)
    with ThreadPoolExecutor(4) as threads:
        for number in range(60):
            list(threads.map(enter, [tmp_path / f"{number}.db"] * 4))


def test_a_migration_that_was_killed_is_done_again_from_the_start(empty: Database, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path / "desk.db"], check=False)
    assert done.returncode == -signal.SIGKILL
    assert schema(tmp_path / "desk.db") == {}
    empty.migrate()
    assert store_at(tmp_path).decisions.record(choice()).decision_id == "DEC-20240603-001"
