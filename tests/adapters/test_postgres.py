"""A database on a server: reached or refused in plain words, shared without mixing, and back when the server is."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from decimal import Decimal
from time import perf_counter
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from adapters.processes import TESTS, run
from adapters.stores import ACCOUNT, NOW, Store, choice, fill, funded, moved, ordered, store_at
from quorum.adapters.sql import HEAD, Database, tables
from quorum.adapters.sql.coordination.tables import METADATA
from quorum.adapters.sql.database import take_turn
from quorum.adapters.sql.decisions import next_number
from quorum.domain import Money, OrderStatus, QuorumError, StoreError, UsageError, WorkspaceError
from quorum.execution import audit
from servers.postgres import execute

if TYPE_CHECKING:
    from quorum.surfaces.bench.postgres import OwnPostgres

SECRET = "s3cr/t@x"
WRITTEN = "s3cr%2Ft%40x"
KILLED = """
import os, signal, sys
from alembic import op
from quorum.adapters.sql import Database
made = op.create_table
def create(name, *columns):
    if name == "fill":
        os.kill(os.getpid(), signal.SIGKILL)
    return made(name, *columns)
op.create_table = create
Database(sys.argv[1]).migrate()
"""


@pytest.fixture
def store(postgres: str) -> Iterator[Store]:
    store = funded(postgres)
    yield store
    store.database.close()


@pytest.fixture
def impatient(postgres: str) -> Iterator[Database]:
    """The same database for somebody who waits 200 ms for a lock, and is undone after 300 ms of standing still."""
    database = Database(postgres, busy_ms=200, idle_ms=300)
    yield database
    database.close()


def add(database: Database, name: str = "x") -> None:
    with database.write() as connection:
        connection.execute(tables.counter.insert().values(name=name, value=1))


def names(database: Database) -> list[str]:
    return [row["name"] for row in database.rows("counter")]


# Reached or refused


def refusal(url: str) -> str:
    """What is said of a URL, to whoever reads the message and to whoever reads the whole traceback."""

    def look() -> None:
        database = Database(url)
        assert SECRET not in database.name
        database.revision()

    with pytest.raises(QuorumError) as caught:
        look()
    whole = "".join(traceback.format_exception(caught.value))
    assert SECRET not in whole
    assert WRITTEN not in whole
    return f"{type(caught.value).__name__}: {caught.value}"


@pytest.fixture
def guest(postgres_server: OwnPostgres) -> Iterator[str]:
    """A user who needs a password."""
    execute(postgres_server, f"create role guest login password '{SECRET}'")
    yield postgres_server.url("template1").replace("quorum@", f"guest:{WRITTEN}@")
    execute(postgres_server, "drop role guest")


def test_whoever_has_the_password_gets_in_and_it_is_not_shown(guest: str) -> None:
    database = Database(guest)
    assert database.revision() is None
    assert database.name == guest.replace(f":{WRITTEN}", "")
    with pytest.raises(StoreError) as caught, database.write() as connection:
        connection.exec_driver_sql(f"select '{SECRET}'::int")
    assert 'input syntax for type integer: "***"' in str(caught.value)
    database.close()


def test_a_wrong_password_is_said_without_it(guest: str) -> None:
    message = refusal(guest.replace("s3cr", "S3CR"))
    assert 'password authentication failed for user "guest"' in message
    assert message.endswith("mend user and password in the URL")
    assert refusal(guest.replace(f":{WRITTEN}", "")).endswith("write user and password into the URL")


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        (("template1", "nowhere"), 'database "nowhere" does not exist; create it with createdb, or mend the name'),
        (("quorum@", f"nobody:{WRITTEN}@"), "mend user and password in the URL"),
        (("quorum@127.0.0.1", f"u:{WRITTEN}@127.0.0.1:1/x?"), "start PostgreSQL there, or mend host and port"),
        (("quorum@127.0.0.1", f"u:{WRITTEN}@/x?host=/nowhere&"), "start PostgreSQL there, or mend host and port"),
        (
            ("postgresql://", f"postgresql://u:{SECRET}@h:p/"),
            "UsageError: the URL of the database cannot be read; write",
        ),
        (
            ("postgresql://", f"mysql://u:{WRITTEN}@h/"),
            "UsageError: a database of the kind 'mysql'; name the path of a",
        ),
    ],
)
def test_what_cannot_be_reached_is_named_with_the_remedy(
    postgres_server: OwnPostgres, change: tuple[str, str], remedy: str
) -> None:
    assert remedy in refusal(postgres_server.url("template1").replace(*change))


def test_without_the_driver_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(
        UsageError, match=r"^database postgresql://h/d: the driver .* pip install 'quorum\[postgres\]'$"
    ):
        Database("postgres://h/d")


def test_every_way_to_write_the_scheme_leads_to_the_same_database(postgres: str) -> None:
    for scheme in ("postgres://", "postgresql+psycopg://"):
        database = Database(postgres.replace("postgresql://", scheme))
        assert (database.revision(), database.name) == (HEAD, postgres)
        database.close()


def test_what_the_url_asks_for_is_kept(postgres: str) -> None:
    database = Database(f"{postgres}?application_name=mine&options=-c%20work_mem%3D1MB")
    with database.read() as connection:
        shown = [
            connection.exec_driver_sql(f"show {n}").scalar() for n in ("application_name", "work_mem", "lock_timeout")
        ]
    assert shown == ["mine", "1MB", "10s"]
    database.close()


def test_a_database_that_nobody_holds_any_more_leaves_no_connection(postgres: str) -> None:
    database = Database(postgres)
    assert database.revision() == HEAD
    del database
    gc.collect()
    other = Database(postgres)
    with other.read() as connection:
        count = "select count(*) from pg_stat_activity where datname = current_database()"
        assert connection.exec_driver_sql(count).scalar() == 1
    other.close()


def test_what_is_missing_or_there_already_is_named_with_the_remedy(store: Store, empty_postgres: str) -> None:
    empty = Database(empty_postgres)
    with pytest.raises(StoreError, match=r'relation "counter" does not exist; its tables are missing or old: '):
        add(empty)
    empty.close()
    add(store.database)
    with pytest.raises(StoreError, match=r"another process wrote it first: try again$"):
        add(store.database)


# The schema


def test_the_steps_lead_from_nothing_to_exactly_the_tables_that_the_store_uses(empty_postgres: str) -> None:
    database = Database(empty_postgres)
    assert database.revision() is None
    database.migrate()
    with database.read() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), METADATA) == []
    database.close()


@pytest.mark.slow
def test_processes_that_begin_with_nothing_at_once_all_succeed(empty_postgres: str) -> None:
    assert run("adapters.worker", 4, "migrate", empty_postgres) == [HEAD] * 4


def test_a_migration_that_was_killed_is_done_again_from_the_start(empty_postgres: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, empty_postgres], cwd=TESTS, check=False)
    assert done.returncode == -signal.SIGKILL
    store = store_at(empty_postgres)
    assert store.decisions.record(choice()).decision_id == "DEC-20240603-001"
    store.database.close()


def test_a_newer_schema_is_refused_with_the_remedy(store: Store, postgres: str) -> None:
    with store.database.write() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '9999'")
    with pytest.raises(WorkspaceError, match=rf"^{postgres} has schema 9999, .* knows up to {HEAD}; upgrade quorum$"):
        store_at(postgres)


# Shared without mixing


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Take all acts at the same time; what came of each, an error being an answer."""

    def taken(act: Callable[[], object]) -> object:
        try:
            return act()
        except QuorumError as error:
            return error

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(taken, acts))


def test_a_reader_sees_one_state_and_writes_nothing(store: Store) -> None:
    count = sa.select(sa.func.count()).select_from(tables.decision)
    with store.database.read() as reader:
        assert reader.execute(count).scalar() == 0
        store.decisions.record(choice())
        assert reader.execute(count).scalar() == 0
    assert len(store.database.rows("decision")) == 1
    with pytest.raises(StoreError, match="read-only"), store.database.read() as reader:
        reader.execute(tables.counter.insert().values(name="x", value=1))


def test_transactions_of_one_account_take_turns_and_see_what_the_last_one_did(store: Store) -> None:
    def trade(number: int) -> None:
        for step in range(5):
            with store.accounts.transaction(ACCOUNT) as transaction:
                before = transaction.book()
                ordered(transaction, 10 * number + step, "1")
                assert transaction.book().deployed == before.deployed + 101

    assert at_once(*[lambda number=n: trade(number) for n in range(4)]) == [None] * 4
    with store.accounts.transaction(ACCOUNT) as transaction:
        assert transaction.book().version == 21
    assert store.audit().faults == ()


def test_transactions_of_two_accounts_do_not_wait_for_each_other(store: Store) -> None:
    store.accounts.open("second", "crypto", Money(Decimal(5), "USDT"))
    inside = threading.Barrier(2)

    def look(account: str) -> int:
        with store.accounts.transaction(account) as transaction:
            inside.wait(timeout=10)
            return transaction.book().version

    assert at_once(lambda: look(ACCOUNT), lambda: look("second")) == [1, 1]


def test_an_account_that_several_open_at_once_is_opened_once(store: Store) -> None:
    opened = at_once(*[lambda: store.accounts.open("new", "crypto", Money(Decimal(5), "USDT"))] * 4)
    assert sorted(map(str, opened)) == ["False", "False", "False", "True"]
    assert store.audit().faults == ()


def test_who_numbers_things_in_another_order_only_waits(store: Store) -> None:
    def number(*names: str) -> list[int]:
        with store.database.write() as connection:
            found = []
            for name in names:
                found.append(next_number(connection, name))
                time.sleep(0.05)
            return found

    found = at_once(lambda: number("a", "b"), lambda: number("b", "a"))
    assert sorted(map(str, found)) == ["[1, 1]", "[2, 2]"]


def test_a_lock_that_another_holds_is_refused_after_the_busy_time(store: Store, impatient: Database) -> None:
    with store.database.write() as connection:
        take_turn(connection, "x")
        started = perf_counter()
        with pytest.raises(StoreError, match="another process holds it"), impatient.write() as other:
            take_turn(other, "x")
        assert 0.1 < perf_counter() - started < 2


def test_two_that_wait_for_each_other_are_told(store: Store) -> None:
    inside = threading.Barrier(2)

    def take(first: str, second: str) -> None:
        with store.database.write() as connection:
            take_turn(connection, first)
            inside.wait(timeout=10)
            take_turn(connection, second)

    done, undone = sorted(at_once(lambda: take("a", "b"), lambda: take("b", "a")), key=str)
    assert done is None
    assert str(undone).endswith(
        "deadlock detected; two transactions waited for each other and this one was undone: try again"
    )


def test_whoever_stands_still_within_a_transaction_is_undone(impatient: Database, store: Store) -> None:
    def stand_still() -> None:
        with impatient.write() as connection:
            connection.execute(tables.counter.insert().values(name="lost", value=1))
            take_turn(connection, "x")
            with store.database.write() as other:
                take_turn(other, "x")  # after no more than 300 ms
            connection.execute(tables.counter.insert().values(name="late", value=1))

    with pytest.raises(StoreError, match=r"stood still for too long and was undone: try again$"):
        stand_still()
    assert names(store.database) == []
    add(impatient)
    assert names(store.database) == ["x"]


def test_more_threads_than_connections_only_take_turns(store: Store) -> None:
    assert at_once(*[lambda number=n: add(store.database, f"{number:02}") for n in range(40)]) == [None] * 40
    assert names(store.database) == [f"{number:02}" for number in range(40)]


# Back when the server is


def test_a_server_that_was_restarted_is_found_again(store: Store, postgres_server: OwnPostgres) -> None:
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(store.database.read())  # so that several connections are kept
    postgres_server.stop()
    started = perf_counter()
    with pytest.raises(StoreError, match=r"start PostgreSQL there, or mend host and port in the URL$"):
        add(store.database)
    assert perf_counter() - started < 2
    postgres_server.start()
    add(store.database)
    assert names(store.database) == ["x"]


def test_a_transaction_that_the_server_cut_has_written_nothing(store: Store, postgres_server: OwnPostgres) -> None:
    def write_amid_a_restart() -> None:
        with store.database.write() as connection:
            connection.execute(tables.counter.insert().values(name="cut", value=1))
            postgres_server.stop()
            postgres_server.start()

    with pytest.raises(StoreError, match="try again"):
        write_amid_a_restart()
    assert names(store.database) == []


# The audit


def traded(store: Store) -> None:
    """An order that is sent, found unknown, accepted and filled, and between its events numbers that were lost."""

    def move_and_fail(status: OrderStatus) -> None:
        with store.accounts.transaction(ACCOUNT) as transaction:
            transaction.append(moved(1, status))
            raise ZeroDivisionError

    with store.accounts.transaction(ACCOUNT) as transaction:
        ordered(transaction, 1)
    for status in (OrderStatus.SENT, OrderStatus.UNKNOWN, OrderStatus.ACCEPTED):
        with pytest.raises(ZeroDivisionError):
            move_and_fail(status)
        with store.accounts.transaction(ACCOUNT) as transaction:
            transaction.append(moved(1, status))
    with store.accounts.transaction(ACCOUNT) as transaction:
        transaction.book_fill(fill(1, 1, "2"))


def test_numbers_that_a_server_lost_are_no_fault_and_an_event_that_is_gone_is(store: Store) -> None:
    traded(store)
    rows = store.database.snapshot(("order_event", *METADATA.tables))
    assert [row["sequence"] for row in rows["order_event"]] == [2, 4, 6, 7]
    assert audit(rows).faults == ()
    gone = [row for row in rows["order_event"] if row["status"] != "unknown"]
    assert audit({**rows, "order_event": gone}).faults == ("order event 1 is missing",)
    renumbered = [{**row, "sequence": number} for number, row in enumerate(gone, 1)]
    assert audit({**rows, "order_event": renumbered}).faults == ("account paper moved 7 times, 6 moves are on record",)
    less = [{**row, "version": row["version"] - 1} for row in rows["account"]]
    assert audit({**rows, "account": less}).faults == ("order event 1 is missing",)
    assert audit({**rows, "account": []}).faults == ("order event 1 is missing",)


def test_a_decision_is_dated_by_the_clock_of_the_desk(store: Store) -> None:
    assert store.decisions.record(choice()).at == NOW
