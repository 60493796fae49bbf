"""A desk at work is degraded while something is wrong, and operational again when it is mended; each move on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from quorum.desk import Desk
from quorum.desk.agents import Call, CallOutcome, Staff, StaffRules
from quorum.desk.agents.book.fakes import MemoryCalls, MemoryTaskBook
from quorum.desk.notices import Event, Occurrence
from quorum.desk.notices.fakes import MemoryOutbox
from quorum.desk.system import Moved, Part, Person, SystemState, begin
from quorum.desk.system.fakes import MemoryStates
from quorum.desk.system.watching import WATCH, at_work, settles, watch
from quorum.domain import SECOND, Clock, VirtualClock, parse_instant

S = SystemState
NOW = parse_instant("2024-06-03T12:00:00Z")
WORKER = Part("worker 7")


class Signs:
    """Signs that are what a test says."""

    def __init__(self) -> None:
        self.found: Sequence[str] = ()

    def __call__(self) -> Sequence[str]:
        return self.found


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def watched(desk: Desk, clock: VirtualClock) -> Desk:
    """A desk at work that remembers nothing when its test is over."""
    staff = Staff(StaffRules(), MemoryCalls(), MemoryTaskBook(clock))
    made = replace(desk, clock=clock, states=MemoryStates(clock), outbox=MemoryOutbox(clock), staff=staff)
    begin(made.states, WORKER)
    at_work(made, Signs(), WORKER, "the worker takes runs")
    return made


@pytest.fixture
def signs() -> Signs:
    return Signs()


def call(clock: Clock, outcome: CallOutcome, agent: str = "risk-manager") -> Call:
    now = clock.now()
    error = "" if outcome is CallOutcome.DONE else "it raised"
    return Call(f"{agent}/{now}", now, agent, agent, "trade_approval", "WF-1", outcome, 0.1, error, "")


def fail(desk: Desk, clock: VirtualClock, times: int, agent: str = "risk-manager") -> None:
    for _ in range(times):
        clock.advance_to(clock.now() + SECOND)
        desk.staff.calls.record(call(clock, CallOutcome.ERROR, agent))


def lose(desk: Desk, event: Event, summary: str) -> None:
    desk.outbox.raise_(Occurrence(event, f"{event}/{desk.clock.now()}", summary))


def test_a_desk_that_is_well_stays_as_it_is(watched: Desk, signs: Signs) -> None:
    assert watched.states.current() == Moved(NOW, S.OPERATIONAL, WORKER, "the worker takes runs")
    assert watch(watched, signs) is None


def test_a_mandatory_agent_that_is_unhealthy_degrades_it_until_it_answers(
    watched: Desk, signs: Signs, clock: VirtualClock
) -> None:
    fail(watched, clock, 3, "smc-pattern-recognizer")  # nobody must have this one
    fail(watched, clock, 2)
    assert watch(watched, signs) is None
    fail(watched, clock, 1)
    moved = watch(watched, signs)
    assert moved is not None
    assert (moved.state, moved.by) == (S.DEGRADED, WATCH)
    assert moved.reason.startswith("risk-manager: 3 in a row failed, the last one: it raised; probed from")
    assert watch(watched, signs) is None
    clock.advance_to(clock.now() + SECOND)
    watched.staff.calls.record(call(clock, CallOutcome.DONE))
    assert watch(watched, signs) == Moved(clock.now(), S.OPERATIONAL, WATCH, "nothing is wrong any more")


@pytest.mark.parametrize("event", [Event.WORKER_LOST, Event.ROLE_RESTARTING, Event.ROLE_DEAD, Event.STORE_UNREACHABLE])
def test_after_a_loss_it_is_degraded_for_an_interval_of_health_checks(
    watched: Desk, signs: Signs, clock: VirtualClock, event: Event
) -> None:
    lose(watched, event, "slot-1.3: worker lost")
    moved = watch(watched, signs)
    assert moved is not None
    assert (moved.state, moved.reason) == (S.DEGRADED, "slot-1.3: worker lost")
    clock.advance_to(NOW + settles(watched))
    assert watch(watched, signs) is None
    clock.advance_to(NOW + settles(watched) + 1)
    assert watch(watched, signs) == Moved(clock.now(), S.OPERATIONAL, WATCH, "nothing is wrong any more")
    assert [m.state for m in watched.states.history()] == [S.OPERATIONAL, S.DEGRADED, S.OPERATIONAL, S.STARTING]


def test_what_is_told_of_daily_is_no_loss(watched: Desk, signs: Signs) -> None:
    for event in (Event.AGENT_FAILED, Event.WORKER_TAKEN_OVER, Event.STORE_BACK, Event.WORKFLOW_FAILED):
        lose(watched, event, "as on any day")
    assert watch(watched, signs) is None


def test_a_loss_of_some_time_ago_or_to_come_moves_nothing(watched: Desk, signs: Signs, clock: VirtualClock) -> None:
    lose(watched, Event.WORKER_LOST, "gone")
    clock.advance_to(NOW + settles(watched) // 2 + 1)  # another one that looks has judged it already
    assert watch(watched, signs) is None
    behind = replace(watched, clock=VirtualClock(NOW - 1))
    assert watch(behind, signs) is None


def test_signs_are_all_told_and_hold_for_as_long_as_they_are_seen(watched: Desk, signs: Signs) -> None:
    signs.found = ("no worker is at work", "workflows.db: database is locked")
    moved = watch(watched, signs)
    assert moved is not None
    assert moved.reason == "no worker is at work; workflows.db: database is locked"
    signs.found = signs.found[:1]
    assert watch(watched, signs) is None
    signs.found = ()
    assert watched.states.current().state is S.DEGRADED
    assert watch(watched, signs) is not None


def test_it_begins_degraded_where_something_is_wrong(watched: Desk, signs: Signs) -> None:
    begin(watched.states, WORKER)
    signs.found = ("only 3 MB are free",)
    assert at_work(watched, signs, WORKER, "the worker takes runs").reason == "only 3 MB are free"
    assert watched.states.current().state is S.DEGRADED


@pytest.mark.parametrize("state", [S.PAUSED, S.HALTED, S.STOPPING, S.STARTING])
def test_a_desk_that_is_not_at_work_is_left_alone(watched: Desk, signs: Signs, state: SystemState) -> None:
    watched.states.move(state, Person("ann"), "so be it")
    signs.found = ("everything",)
    assert watch(watched, signs) is None
    signs.found = ()
    assert watch(watched, signs) is None
    assert watched.states.current().state is state


def test_two_that_look_make_one_move(watched: Desk, signs: Signs) -> None:
    class Faster(MemoryStates):
        """Another one moves it between the look and the move."""

        def current(self) -> Moved:
            return replace(super().current(), state=S.OPERATIONAL)

        def move(self, to: SystemState, by: Person | Part, reason: str) -> Moved:
            return watched.states.move(to, by, reason)

    signs.found = ("no worker is at work",)
    assert watch(watched, signs) is not None
    late = replace(watched, states=Faster(watched.clock))
    assert watch(late, signs) is None
    assert [m.state for m in watched.states.history(2)] == [S.DEGRADED, S.OPERATIONAL]
