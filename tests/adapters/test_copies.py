"""A copy of PostgreSQL's database is of one instant, is put back whole, and shows no password."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.stores import ACCOUNT, NOW, choice, fill, funded, moved, ordered, store_at
from quorum.adapters.sql import HEAD, Database
from quorum.adapters.sql.coordination.calls import SqlCalls
from quorum.adapters.sql.coordination.leavings import SqlLeavings
from quorum.adapters.sql.coordination.runs import SqlRunBook
from quorum.adapters.sql.coordination.tables import delivery, effect
from quorum.adapters.sql.coordination.tasks import SqlTaskBook
from quorum.adapters.sql.coordination.ticks import SqlTicks
from quorum.adapters.sql.copies import PostgresCopies, SqliteCopies
from quorum.desk.agents import Call, CallOutcome, Delegation, Finish, TaskComplete
from quorum.desk.schedule import Tick, TickStatus
from quorum.domain import DAY, Clock, OrderStatus, StoreError, UsageError, WorkspaceError


def test_a_server_is_saved_and_put_back(postgres: str, empty_postgres: str, tmp_path: Path) -> None:
    store = funded(postgres)
    with store.accounts.transaction(ACCOUNT) as transaction:
        ordered(transaction, 1)
        transaction.append(moved(1, OrderStatus.SENT))
        transaction.append(moved(1, OrderStatus.ACCEPTED))
        transaction.book_fill(fill(1, 1, "2"))
    before, meanwhile = store.rows(), []
    copies = PostgresCopies(postgres)
    copies.take(tmp_path, lambda: meanwhile.append(store.rows()))
    store.decisions.record(choice("after"))
    store.database.close()
    assert meanwhile == [before]
    assert copies.schema(tmp_path) == HEAD
    target = PostgresCopies(empty_postgres)
    target.put_back(tmp_path, tmp_path)
    again = store_at(empty_postgres)
    assert again.rows() == before
    assert again.audit().balanced
    assert again.decisions.record(choice("next")).decision_id == "DEC-20240603-002"
    again.database.close()
    with pytest.raises(UsageError, match="is not empty; name an empty one"):
        target.put_back(tmp_path, tmp_path)


def test_what_cannot_be_read_is_refused_without_the_password(postgres: str, tmp_path: Path) -> None:
    url = sa.make_url(postgres).set(password="hunter22", database="absent").render_as_string(hide_password=False)
    with pytest.raises(StoreError) as refusal:
        PostgresCopies(url).take(tmp_path, lambda: None)
    assert "hunter22" not in str(refusal.value)
    (tmp_path / "database.dump").write_bytes(b"no dump")
    with pytest.raises(StoreError, match="pg_restore: "):
        PostgresCopies(postgres).schema(tmp_path)


def test_a_dump_of_a_newer_schema_is_refused(postgres: str, tmp_path: Path) -> None:
    database = Database(postgres)
    with database.write() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9999'"))
    database.close()
    copies = PostgresCopies(postgres)
    copies.take(tmp_path, lambda: None)
    with pytest.raises(WorkspaceError, match="has schema 9999"):
        copies.schema(tmp_path)


def test_a_workspace_without_an_engine_is_saved_too(tmp_path: Path) -> None:
    funded(tmp_path).database.close()
    (tmp_path / "to").mkdir()
    copies = SqliteCopies(tmp_path / "desk.db", tmp_path / "workflows.db")
    copies.take(tmp_path / "to", lambda: None)
    assert copies.schema(tmp_path / "to") == HEAD
    assert [path.name for path in (tmp_path / "to").iterdir()] == ["desk.db"]


def test_what_old_runs_left_goes_and_all_else_stays(place: Path | str) -> None:
    store = store_at(place)
    book, clock = SqlRunBook(store.database, store.clock), store.clock
    ticks, leavings = SqlTicks(store.database, clock), SqlLeavings(store.database)
    old, part, other = book.enter({}), book.enter({}, "WF-20240603-001/5.sweep.1"), book.enter({})
    with store.database.write() as connection:
        for key in (f"{old}/1.a/b", f"follow/{old}/6.b/c", f"{part}/1.a/b", f"{other}/1.a/b", "approval/APP-1"):
            connection.execute(effect.insert().values(key=key, answer="{}", at=NOW))
        common = {"channel": "log", "attempts": 1, "next_at": NOW, "error": "", "parcel": ""}
        for number, (status, sent_at) in enumerate((("sent", NOW), ("waiting", None), ("sent", NOW + 2 * DAY))):
            row = {"notification_id": f"NOT-{number}", "round": 0, "status": status, "sent_at": sent_at, **common}
            connection.execute(delivery.insert().values(**row))
    ticks.arm("mine", "cron", NOW)
    for number, status in enumerate((TickStatus.SKIPPED, TickStatus.WAITING, TickStatus.MISSED)):
        ticks.claim(Tick("mine", NOW + number, status, NOW))
    agents_left(store.database, store.clock, old)
    store.decisions.record(choice())
    before = NOW + DAY
    assert leavings.runs(before) == sorted([old, part, other])
    assert not leavings.runs(NOW)
    expected = {"effects": 5, "tasks": 2, "calls": 1, "deliveries": 1, "ticks": 1}
    assert leavings.remove(before, [old], dry_run=True) == expected
    assert len(store.database.rows("effect")) == 8
    assert leavings.remove(before, [old], dry_run=False) == expected
    assert leavings.remove(before, [old], dry_run=False) == dict.fromkeys(expected, 0)
    left = {row["key"] for row in store.database.rows("effect")}
    assert left == {f"run/{other}", f"{other}/1.a/b", "approval/APP-1"}
    assert {(row["workflow_id"], row["key"]) for row in store.database.rows("task")} == {("WF-other", "open")}
    assert [row["key"] for row in store.database.rows("agent_call")] == ["later"]
    assert {row["notification_id"] for row in store.database.rows("delivery")} == {"NOT-1", "NOT-2"}
    assert [t.status for t in ticks.newest("mine", 9)] == [TickStatus.MISSED, TickStatus.WAITING]
    assert ticks.arm("mine", "cron", NOW + 5) == NOW
    assert len(store.database.rows("decision")) == 1
    store.database.close()


def agents_left(database: Database, clock: Clock, run: str) -> None:
    """A task that was handed on, one that its run left open, one of another run; a call of then and one of later."""
    tasks, calls = SqlTaskBook(database, clock), SqlCalls(database)
    given = [("done", "WF-other"), ("left", f"{run}/5.sweep.1"), ("open", "WF-other")]
    made = tasks.delegate_all(
        [Delegation(key, "critic", "critic", "review", workflow, "1", NOW + DAY) for key, workflow in given]
    )
    tasks.finish_all([Finish(made[0].task_id, TaskComplete())])
    for key, at in (("then", NOW), ("later", NOW + DAY)):
        calls.record(Call(key, at, "critic", "critic", "review", "WF-other", CallOutcome.DONE, 0.1))


def test_a_thousand_runs_go_in_parts(place: Path | str) -> None:
    store = store_at(place)
    keys = [f"run/WF-20240601-{number:03d}" for number in range(1, 1_001)]
    with store.database.write() as connection:
        connection.execute(
            effect.insert(), [{"key": key, "answer": json.dumps({}), "at": NOW - 9 * DAY} for key in keys]
        )
    leavings = SqlLeavings(store.database)
    runs = leavings.runs(NOW)
    assert len(runs) == 1_000
    assert leavings.remove(NOW, runs, dry_run=False)["effects"] == 1_000
    store.database.close()
