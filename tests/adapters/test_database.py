"""The database commits or refuses: nothing in between, in one line, whatever the disk and the neighbours do."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import pytest
import sqlalchemy as sa

from adapters.processes import run
from adapters.stores import ACCOUNT, NOW, Store, choice, funded, ordered, store_at
from quorum.adapters.dbos import open_system
from quorum.adapters.notify import FileNotifier
from quorum.adapters.process import FileJournal
from quorum.adapters.sql import HEAD, Database, tables
from quorum.domain import Severity, StoreError, VirtualClock, WorkspaceError


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = funded(tmp_path)
    yield store
    store.database.close()


def pragma(connection: sa.Connection, name: str) -> object:
    return connection.exec_driver_sql(f"pragma {name}").scalar()


def test_every_connection_syncs_each_commit_and_checks_foreign_keys(store: Store) -> None:
    with store.database.read() as first, store.database.read() as second, store.database.write() as third:
        for connection in (first, second, third):
            assert pragma(connection, "journal_mode") == "wal"
            assert pragma(connection, "synchronous") == 2
            assert pragma(connection, "foreign_keys") == 1
            assert pragma(connection, "busy_timeout") == 5_000


def test_an_exception_rolls_everything_back(store: Store) -> None:
    def order_and_fail() -> None:
        with store.accounts.transaction(ACCOUNT) as transaction:
            ordered(transaction, 1)
            raise ZeroDivisionError

    before = store.rows()
    with pytest.raises(ZeroDivisionError):
        order_and_fail()
    assert store.rows() == before


def test_a_row_that_nothing_stands_behind_is_refused(store: Store) -> None:
    lonely = {"client_order_id": "none", "status": "sent", "time": NOW, "detail": ""}
    with pytest.raises(StoreError, match="FOREIGN KEY"), store.database.write() as connection:
        connection.execute(tables.order_event.insert().values(**lonely))
    assert not store.database.rows("order_event")


def test_a_reader_sees_one_state_and_waits_for_nobody(store: Store) -> None:
    with store.database.read() as reader:
        count = sa.select(sa.func.count()).select_from(tables.decision)
        assert reader.execute(count).scalar() == 0
        with store.database.write() as writer:
            store.database.rows("decision")  # while another one writes
            writer.execute(tables.counter.insert().values(name="x", value=1))
        store.decisions.record(choice())
        assert reader.execute(count).scalar() == 0
    assert len(store.database.rows("decision")) == 1


def test_threads_take_turns_from_their_first_statement_on(store: Store) -> None:
    def add() -> None:
        for _ in range(20):
            with store.database.write() as connection:
                seen = connection.execute(sa.select(tables.counter.c.value)).scalar_one()
                connection.execute(tables.counter.update().values(value=seen + 1))

    with store.database.write() as connection:
        connection.execute(tables.counter.insert().values(name="x", value=0))
    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.database.rows("counter") == [{"name": "x", "value": 80}]


def test_more_threads_than_any_pool_holds_only_take_turns(store: Store) -> None:
    inside, failed = threading.Barrier(40), []

    def look() -> None:
        try:
            with store.database.read():
                inside.wait(timeout=10)
        except (StoreError, threading.BrokenBarrierError) as error:
            failed.append(error)

    threads = [threading.Thread(target=look) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


@pytest.mark.slow
def test_processes_take_turns(store: Store, tmp_path: Path) -> None:
    run("adapters.worker", 2, "trade", tmp_path, 25)
    assert len(store.database.rows("intent")) == 50
    with store.accounts.transaction(ACCOUNT) as transaction:
        book = transaction.book()
    assert book.version == 51  # the funding, and each intent
    assert book.reserved == {"BTCUSDT": 50 * 2 * 101}


def test_a_database_that_another_process_holds_is_refused_after_the_busy_time(tmp_path: Path) -> None:
    store = store_at(tmp_path, busy_ms=150)
    other = sqlite3.connect(tmp_path / "desk.db", isolation_level=None)
    other.execute("begin immediate")
    started = perf_counter()
    with pytest.raises(StoreError, match=r"^database \S+: database is locked; another process holds it"):
        store.decisions.record(choice())
    assert 0.1 < perf_counter() - started < 2
    other.execute("commit")
    other.close()
    assert store.decisions.record(choice()).decision_id == "DEC-20240603-001"
    store.database.close()


def test_a_new_database_that_another_process_holds_is_refused_after_the_busy_time(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "desk.db", isolation_level=None)
    other.execute("begin exclusive")
    started = perf_counter()
    with pytest.raises(StoreError, match="database is locked; another process holds it"):
        Database(tmp_path / "desk.db", busy_ms=150).migrate()
    assert 0.1 < perf_counter() - started < 2
    other.close()


@pytest.mark.parametrize("content", [b"these are no tables " * 100, b"\x00" * 4096])
def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "desk.db").write_bytes(content)
    with pytest.raises(StoreError, match=r"file is not a database; restore it from a backup$"):
        Database(tmp_path / "desk.db").migrate()
    assert (tmp_path / "desk.db").read_bytes() == content


def test_a_damaged_page_is_named(store: Store, tmp_path: Path) -> None:
    for _ in range(50):
        store.decisions.record(choice(text="x" * 2000))
    store.database.close()
    with (tmp_path / "desk.db").open("r+b") as file:
        size = file.seek(0, 2)
        file.seek(size // 2)
        file.write(b"\xff" * (size // 2))
    with pytest.raises(StoreError, match="restore it from a backup"):
        Database(tmp_path / "desk.db").rows("decision")


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="unable to open database file; check that the folder exists"):
        Database(tmp_path / "none" / "desk.db").migrate()


def test_a_newer_schema_is_refused_with_the_remedy_and_left_alone(store: Store, tmp_path: Path) -> None:
    with store.database.write() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '9999'")
    before = store.rows()
    with pytest.raises(WorkspaceError, match=rf"has schema 9999, .* knows up to {HEAD}; upgrade quorum$"):
        store_at(tmp_path)
    assert (store.database.revision(), store.rows()) == ("9999", before)


def test_a_full_database_writes_nothing_and_goes_on_when_there_is_space(store: Store) -> None:
    def order_and_write_much() -> None:
        with store.accounts.transaction(ACCOUNT) as transaction:
            ordered(transaction, 1)
            transaction.record(choice("large", text="x" * 100_000))

    store.decisions.record(choice("first"))
    with store.database.write() as connection:
        pages = pragma(connection, "page_count")
        pragma(connection, f"max_page_count = {pages}")
    before = store.rows()
    with pytest.raises(StoreError, match=r"disk is full; free some space; nothing was written$"):
        order_and_write_much()
    assert store.rows() == before
    with store.database.write() as connection:
        pragma(connection, "max_page_count = 1000000")
    assert store.decisions.record(choice("next")).decision_id == "DEC-20240603-002"


@pytest.mark.slow
def test_where_nothing_more_can_be_written_each_file_says_so_and_keeps_its_lines_whole(tmp_path: Path) -> None:
    lines = run("adapters.worker", 1, "full", tmp_path)
    assert lines[:3] == ["written"] * 3
    for line, remedy in zip(lines[3:], ("nothing was written", "free some space", "some space"), strict=True):
        assert line.startswith("StoreError: ")
        assert remedy in line
    store = store_at(tmp_path)
    assert [row["subject"] for row in store.database.rows("decision")] == ["small"]
    assert store.decisions.record(choice("next")).decision_id == "DEC-20240603-002"
    with store.database.read() as connection:
        assert pragma(connection, "integrity_check") == "ok"
    store.database.close()
    journal = FileJournal(tmp_path / "journal.jsonl")
    with journal.exclusive():
        assert [event["kind"] for event in journal.unread()] == ["small", "after"]
    text = (tmp_path / "notifications.jsonl").read_text()
    assert [line.split('"summary":')[1][:7] for line in text.splitlines()] == ['"small"', '"after"']


@pytest.mark.slow
def test_what_may_not_be_written_is_one_line_each(tmp_path: Path) -> None:
    store = funded(tmp_path)
    store.decisions.record(choice("before"))
    store.database.close()
    FileJournal(tmp_path / "journal.jsonl").append({"kind": "before"})
    FileNotifier(tmp_path / "notifications.jsonl", VirtualClock(NOW)).notify(Severity.INFO, "before", {})
    files = {file: file.read_bytes() for file in tmp_path.iterdir()}
    for file in files:
        file.chmod(0o444)
    read_only_files = run("adapters.worker", 1, "forbidden", tmp_path)
    tmp_path.chmod(0o555)
    read_only_folder = run("adapters.worker", 1, "forbidden", tmp_path)
    tmp_path.chmod(0o755)
    for line in (*read_only_files, *read_only_folder):
        assert line.startswith("StoreError: ")
        assert "writable" in line
    assert {file: file.read_bytes() for file in files} == files


WATCHED = """
import sys
from pathlib import Path
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
from quorum.adapters.sql import Database
home = Path(sys.argv[1])
for _ in range(2):
    database = Database(home / "desk.db")
    database.migrate()
    with database.write(), Database(home / "desk.db").read():
        pass
print([name for name in opened if name.endswith("desk.db")])
"""


def test_nobody_but_sqlite_opens_the_file_since_closing_it_would_give_up_its_locks(tmp_path: Path) -> None:
    told = subprocess.run([sys.executable, "-c", WATCHED, str(tmp_path)], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_the_engines_database_is_refused_in_one_line_too(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="the engine's store: unable to open database file"):
        open_system(tmp_path / "nowhere" / "workflows.db")
