"""What is kept of agents, over memory, SQLite and PostgreSQL: a key once, a task handed on once, whole batches."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from adapters.processes import TESTS
from adapters.stores import opened
from desk.agents.staffs import DONE, ERROR, GAP, NOW, SMC, call, delegation
from quorum.adapters.sql import Database
from quorum.adapters.sql.coordination.calls import SqlCalls
from quorum.adapters.sql.coordination.tasks import SqlTaskBook
from quorum.desk.agents import (
    BlockedOn,
    Calls,
    Delegated,
    Finish,
    Priority,
    ReadyForReview,
    TaskBook,
    TaskComplete,
)
from quorum.desk.agents.book.fakes import MemoryCalls, MemoryTaskBook
from quorum.domain import DAY, SECOND, NotFound, VirtualClock

KILLED = """
import os, signal, sys
from pathlib import Path
import sqlalchemy as sa
from adapters.stores import opened
from desk.agents.staffs import NOW, delegation
from quorum.adapters.sql.coordination.tasks import SqlTaskBook
from quorum.domain import VirtualClock
database = opened(Path(sys.argv[1]))
book = SqlTaskBook(database, VirtualClock(NOW))
book.delegate_all([delegation(1)])
def die(*args):
    os.kill(os.getpid(), signal.SIGKILL)
sa.event.listen(sa.engine.Engine, "commit", die)
book.delegate_all([delegation(i) for i in range(2, 6)])
"""


@dataclass(frozen=True)
class Kept:
    """One implementation of both doors."""

    calls: Calls
    tasks: TaskBook
    clock: VirtualClock


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Database]:
    database = opened(tmp_path)
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def server(postgres: str) -> Iterator[Database]:
    database = opened(postgres)
    yield database
    database.close()


@pytest.fixture(params=["memory", "file", pytest.param("server", marks=pytest.mark.slow)])
def kept(request: pytest.FixtureRequest) -> Kept:
    clock = VirtualClock(NOW)
    if request.param == "memory":
        return Kept(MemoryCalls(), MemoryTaskBook(clock), clock)
    database: Database = request.getfixturevalue(request.param)
    return Kept(SqlCalls(database), SqlTaskBook(database, clock), clock)


class TestEveryForm:
    def test_a_task_gets_the_next_id_of_its_utc_day(self, kept: Kept) -> None:
        first = kept.tasks.delegate_all([delegation(i) for i in range(3)])
        assert [task.task_id for task in first] == [f"TASK-20250130-{i:03d}" for i in (1, 2, 3)]
        (second,) = kept.tasks.delegate_all([delegation(9)])
        assert second.task_id == "TASK-20250130-004"
        kept.clock.advance_to(NOW + DAY)
        (next_day,) = kept.tasks.delegate_all([delegation(10)])
        assert next_day.task_id == "TASK-20250131-001"

    def test_what_is_given_comes_back_as_it_was(self, kept: Kept) -> None:
        asked = delegation(1, priority=Priority.CRITICAL, asked_agent="ml-engineer", inputs_available=("/a", "ünï"))
        (made,) = kept.tasks.delegate_all([asked])
        assert made == Delegated("TASK-20250130-001", NOW, asked)
        assert kept.tasks.get(made.task_id) == made
        assert list(kept.tasks.open()) == list(kept.tasks.recent(5)) == [made]

    def test_a_key_is_one_task_however_often_it_is_given(self, kept: Kept) -> None:
        (first,) = kept.tasks.delegate_all([delegation(1)])
        kept.clock.advance_to(NOW + SECOND)
        again = kept.tasks.delegate_all([delegation(2), delegation(1), delegation(2)])
        assert again[1] == first
        assert again[0] == again[2]
        assert len(kept.tasks.recent(9)) == 2

    def test_a_task_is_handed_on_once_and_the_first_word_stays(self, kept: Kept) -> None:
        one, two = kept.tasks.delegate_all([delegation(1), delegation(2)])
        kept.clock.advance_to(NOW + SECOND)
        assert kept.tasks.finish_all([Finish(one.task_id, BlockedOn("DATA"), "no bars")]) == 1
        kept.clock.advance_to(NOW + 2 * SECOND)
        assert kept.tasks.finish_all([Finish(one.task_id, TaskComplete()), Finish(two.task_id, ReadyForReview())]) == 1
        found = kept.tasks.get(one.task_id)
        assert (found.signal, found.note, found.finished_at) == (BlockedOn("DATA"), "no bars", NOW + SECOND)
        assert found.told()["signal"] == "BLOCKED_ON_DATA"
        assert list(kept.tasks.open()) == []

    def test_ends_with_an_unknown_task_end_none(self, kept: Kept) -> None:
        (one,) = kept.tasks.delegate_all([delegation(1)])
        with pytest.raises(NotFound, match="there is no task TASK-20250130-099"):
            kept.tasks.finish_all([Finish(one.task_id, TaskComplete()), Finish("TASK-20250130-099", TaskComplete())])
        assert len(kept.tasks.open()) == 1
        with pytest.raises(NotFound):
            kept.tasks.get("TASK-20250130-099")

    def test_the_newest_tasks_come_first_also_beyond_a_thousand(self, kept: Kept) -> None:
        kept.tasks.delegate_all([delegation(i) for i in range(1_001)])
        assert [task.task_id[-5:] for task in kept.tasks.recent(3)] == ["-1001", "-1000", "0-999"]
        assert len(kept.tasks.open()) == 1_001

    def test_nothing_is_no_change(self, kept: Kept) -> None:
        assert list(kept.tasks.delegate_all([])) == []
        assert kept.tasks.finish_all([]) == 0
        kept.calls.record_all([])
        assert list(kept.calls.since(0)) == []

    def test_calls_come_back_by_agent_and_time(self, kept: Kept) -> None:
        made = [call(i, DONE if i % 2 else ERROR, effect=f"e{i}") for i in range(6)]
        other = call(2, GAP, agent="", asked_agent="nobody")
        kept.calls.record_all([*made[3:], other, *made[:3]])
        assert list(kept.calls.of(SMC, NOW + 2 * SECOND)) == made[2:]
        assert [c.key for c in kept.calls.since(NOW + 2 * SECOND)] == sorted(
            [other.key, *(c.key for c in made[2:])], key=lambda key: (int(key.partition("/")[2]), key != "/2")
        )
        assert {name: list(found) for name, found in kept.calls.last([SMC, "monitor"], 2).items()} == {
            SMC: made[4:],
            "monitor": [],
        }

    def test_a_key_is_recorded_once_and_stays_as_it_was(self, kept: Kept) -> None:
        kept.calls.record(call(1))
        kept.calls.record_all([call(1, ERROR), call(2), replace(call(2), seconds=9.0)])
        assert list(kept.calls.since(0)) == [call(1), call(2)]


@pytest.mark.parametrize("kind", ["file", "server"])
def test_several_at_once_give_every_key_one_id_without_a_gap(kind: str, request: pytest.FixtureRequest) -> None:
    database: Database = request.getfixturevalue(kind)
    book, calls = SqlTaskBook(database, VirtualClock(NOW)), SqlCalls(database)

    def work(first: int) -> None:
        for i in range(first, first + 12):
            book.delegate_all([delegation(i), delegation(i + 6)])
            calls.record_all([call(i), call(i + 6)])

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(0, 24, 6)))
    found = book.recent(999)
    assert len({task.task.key for task in found}) == len(found) == 36
    assert sorted(task.task_id for task in found) == [f"TASK-20250130-{i:03d}" for i in range(1, 37)]
    assert len(calls.since(0)) == 36


def test_a_kill_before_the_commit_leaves_whole_batches(tmp_path: Path) -> None:
    database = opened(tmp_path)
    database.migrate()
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=TESTS, check=False)
    assert done.returncode == -signal.SIGKILL
    book = SqlTaskBook(database, VirtualClock(NOW))
    assert [task.task_id for task in book.recent(9)] == ["TASK-20250130-001"]
    (after,) = book.delegate_all([delegation(2)])
    assert after.task_id == "TASK-20250130-002"
    database.close()
