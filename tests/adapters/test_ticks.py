"""A tick is made once, by whoever is first, with the id of its run: in memory, in a file, on a server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.places import slow_on_postgres
from adapters.processes import run
from adapters.stores import NOW, opened
from quorum.adapters.sql.coordination.runs import SqlRunBook
from quorum.adapters.sql.coordination.ticks import SqlTicks
from quorum.desk.schedule import MemoryTicks, Tick, Ticks, TickStatus
from quorum.domain import DAY, MINUTE, VirtualClock

CLAIMED, SENT, WAITING = TickStatus.CLAIMED, TickStatus.SENT, TickStatus.WAITING
SKIPPED, MISSED = TickStatus.SKIPPED, TickStatus.MISSED


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def ticks(request: pytest.FixtureRequest, clock: VirtualClock) -> Iterator[Ticks]:
    """Every implementation of the port."""
    if request.param == "memory":
        yield MemoryTicks(clock)
        return
    database = opened(request.getfixturevalue("tmp_path" if request.param == "sqlite" else "postgres"))
    database.migrate()
    yield SqlTicks(database, clock)
    database.close()


def tick(minute: int = 1, status: TickStatus = CLAIMED, schedule: str = "mine") -> Tick:
    return Tick(schedule, NOW + minute * MINUTE, status, NOW + minute * MINUTE + 5)


def test_a_tick_is_made_once_with_the_next_id_of_the_day(ticks: Ticks, clock: VirtualClock) -> None:
    first = ticks.claim(tick(1))
    assert first == replace(tick(1), workflow_id="WF-20240603-001")
    assert ticks.claim(tick(1)) is None
    assert ticks.claim(tick(1, SKIPPED)) is None
    second = ticks.claim(tick(2, WAITING))
    other = ticks.claim(tick(1, CLAIMED, "other"))
    assert second is not None
    assert other is not None
    assert (second.workflow_id, other.workflow_id) == ("WF-20240603-002", "WF-20240603-003")
    clock.advance_to(NOW + DAY)
    late = ticks.claim(tick(3))
    assert late is not None
    assert late.workflow_id == "WF-20240604-001"


@pytest.mark.parametrize("status", [SKIPPED, MISSED])
def test_a_tick_without_a_run_has_no_id(ticks: Ticks, status: TickStatus) -> None:
    made = ticks.claim(replace(tick(1, status), count=7, reason="nobody was there"))
    assert made == replace(tick(1, status), count=7, reason="nobody was there")
    assert list(ticks.newest("mine")) == [made]
    claimed = ticks.claim(tick(2))
    assert claimed is not None
    assert claimed.workflow_id == "WF-20240603-001"


def test_a_move_is_made_by_whoever_finds_it_as_it_was(ticks: Ticks) -> None:
    made = ticks.claim(tick(1, WAITING))
    assert made is not None
    assert ticks.move(made, CLAIMED)
    assert not ticks.move(made, CLAIMED)
    assert ticks.move(replace(made, status=CLAIMED), SENT, "late")
    assert list(ticks.newest("mine")) == [replace(made, status=SENT, reason="late")]


@slow_on_postgres
def test_a_request_enters_the_book_with_the_move_that_it_belongs_to(place: Path | str, clock: VirtualClock) -> None:
    database = opened(place)
    database.migrate()
    ticks = SqlTicks(database, clock)
    first, second = ticks.claim(tick(1)), ticks.claim(tick(2))
    assert first is not None
    assert second is not None
    assert ticks.move(first, MISSED, "given up")
    assert not ticks.move(first, SENT, request={"n": 1})
    assert ticks.move(second, SENT, request={"n": 2})
    assert SqlRunBook(database, clock).entered(0) == [(second.workflow_id, {"n": 2})]
    database.close()


def test_what_is_open_is_found_again_oldest_first(ticks: Ticks) -> None:
    for minute, status in ((3, CLAIMED), (1, WAITING), (2, SKIPPED)):
        ticks.claim(tick(minute, status))
    ticks.claim(tick(2, CLAIMED, "other"))
    assert [(t.schedule, t.due_at - NOW) for t in ticks.open()] == [
        ("mine", MINUTE),
        ("other", 2 * MINUTE),
        ("mine", 3 * MINUTE),
    ]
    for found in ticks.open():
        ticks.move(found, SENT)
    assert not ticks.open()


def test_the_newest_up_to_an_instant_and_those_that_ran(ticks: Ticks) -> None:
    ticks.arm("mine", "cron", NOW)
    for minute, status in ((1, CLAIMED), (2, WAITING), (3, SKIPPED), (4, MISSED)):
        ticks.claim(tick(minute, status))
    minutes = [(t.due_at - NOW) // MINUTE for t in ticks.newest("mine", 10)]
    assert minutes == [4, 3, 2, 1]
    assert [t.status for t in ticks.newest("mine", 2, until=NOW + 3 * MINUTE)] == [SKIPPED, WAITING]
    assert [t.status for t in ticks.newest("mine", 5, only_runs=True)] == [CLAIMED]
    assert not ticks.newest("other")


def test_a_schedule_is_armed_from_when_its_trigger_was_first_seen(ticks: Ticks) -> None:
    assert ticks.arm("mine", "cron a", NOW) == NOW
    assert ticks.arm("mine", "cron a", NOW + 5) == NOW
    assert ticks.arm("mine", "cron b", NOW + 6) == NOW + 6
    assert ticks.arm("mine", "", NOW + 7) == NOW + 7
    assert ticks.arm("mine", "cron b", NOW + 9) == NOW + 9
    assert ticks.arm("other", "cron b", NOW + 10) == NOW + 10


@slow_on_postgres
def test_schedulers_of_several_processes_make_each_tick_once(place: Path | str) -> None:
    database = opened(place)
    database.migrate()
    lines = run("adapters.ticking", 3, place, 12)
    won = [dict(part.split("=") for part in line.split()) for line in lines]
    assert len(won) == 3
    claims = [(minute, identity) for line in won for minute, identity in line.items() if minute != "armed"]
    assert sorted(int(minute) for minute, _ in claims) == list(range(1, 13))
    assert sorted(identity for _, identity in claims) == [f"WF-20240603-{n:03d}" for n in range(1, 13)]
    ticks = SqlTicks(database, VirtualClock(NOW))
    assert {t.status for t in ticks.newest("race", 100)} == {SENT}
    assert not ticks.open()
    database.close()
