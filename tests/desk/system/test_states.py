"""The moves of the system's state: one table, a halt that only a person ends, one contract for store and memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from adapters.processes import run
from adapters.stores import NOW, PROVENANCE, opened
from quorum.adapters.sql import Database
from quorum.adapters.sql.coordination.states import SqlStates
from quorum.desk.system import (
    ALLOWS,
    LEGAL,
    NEVER_STARTED,
    Moved,
    Part,
    Person,
    States,
    SystemState,
    begin,
    judge,
    rest,
)
from quorum.desk.system.fakes import MemoryStates
from quorum.domain import IllegalMove, UsageError, VirtualClock

S = SystemState
ANN, WORKER = Person("ann"), Part("worker")


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def states(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[States]:
    clock = VirtualClock(NOW)
    if request.param == "memory":
        yield MemoryStates(clock)
        return
    database = opened(tmp_path if request.param == "sqlite" else request.getfixturevalue("postgres"))
    database.migrate()
    yield SqlStates(database, clock, PROVENANCE)
    database.close()


def test_it_was_never_started_and_starts(states: States) -> None:
    assert states.current() == NEVER_STARTED
    assert states.history() == []
    assert begin(states, WORKER) == Moved(NOW, S.STARTING, WORKER, "started")
    states.move(S.OPERATIONAL, WORKER, "all agents answer")
    assert [move.state for move in states.history()] == [S.OPERATIONAL, S.STARTING]
    assert [move.state for move in states.history(1)] == [S.OPERATIONAL]
    assert rest(states, WORKER).state is S.STOPPING
    assert rest(states, WORKER).state is S.STOPPING
    assert len(states.history()) == 3
    assert begin(states, ANN).by == ANN


def test_after_a_kill_it_starts_from_where_it_was(states: States) -> None:
    begin(states, WORKER)
    assert begin(states, WORKER).state is S.STARTING
    states.move(S.DEGRADED, WORKER, "an agent is unhealthy")
    assert begin(states, WORKER).state is S.STARTING


def test_a_halt_is_left_by_a_person_only(states: States) -> None:
    begin(states, WORKER)
    states.move(S.OPERATIONAL, WORKER, "ready")
    states.move(S.HALTED, Part("breaker"), "drawdown of 20 %")
    assert begin(states, WORKER).state is S.HALTED
    assert rest(states, ANN).state is S.HALTED
    with pytest.raises(IllegalMove, match=r"is halted since 2024-.* \(drawdown of 20 %\) and worker is no person; a"):
        states.move(S.OPERATIONAL, WORKER, "looks fine")
    for to in (S.STARTING, S.STOPPING, S.HALTED):
        with pytest.raises(IllegalMove, match=f"cannot move from halted to {to}; halted since .* leads to degraded"):
            states.move(to, ANN, "try")
    assert states.move(S.OPERATIONAL, ANN, "reconciled").state is S.OPERATIONAL


def test_a_pause_outlives_a_restart(states: States) -> None:
    begin(states, WORKER)
    states.move(S.PAUSED, ANN, "holiday")
    assert rest(states, WORKER).state is S.PAUSED
    assert begin(states, WORKER).reason == "holiday"
    assert states.move(S.OPERATIONAL, WORKER, "the holiday is over").state is S.OPERATIONAL


@pytest.mark.parametrize(("by", "reason"), [(Person(" "), "why"), (ANN, "")])
def test_a_move_needs_somebody_and_a_reason(states: States, by: Person, reason: str) -> None:
    with pytest.raises(UsageError, match="a move to starting needs somebody and a reason"):
        states.move(S.STARTING, by, reason)


def test_the_table_is_whole_and_nothing_opens_but_at_work() -> None:
    assert set(LEGAL) == set(ALLOWS) == set(S)
    assert {state for state, allows in ALLOWS.items() if allows.opens} == {S.OPERATIONAL, S.DEGRADED}
    assert all(S.HALTED in LEGAL[state] for state in S if state is not S.HALTED)
    assert LEGAL[S.STOPPING] == {S.STARTING, S.HALTED}


@given(st.lists(st.tuples(st.sampled_from(S), st.booleans()), max_size=30))
def test_after_a_halt_nothing_opens_until_a_person_has_moved(moves: list[tuple[SystemState, bool]]) -> None:
    states = MemoryStates(VirtualClock(NOW))
    halted = False
    for to, by_person in moves:
        before = states.current()
        by: Person | Part = ANN if by_person else WORKER
        try:
            judge(before, to, by, "why")
        except IllegalMove:
            with pytest.raises(IllegalMove):
                states.move(to, by, "why")
            assert states.current() == before
            continue
        states.move(to, by, "why")
        halted = to is S.HALTED or (halted and not by_person)
        assert not (halted and ALLOWS[states.current().state].opens)


class TestStore:
    def test_a_move_is_a_decision_and_is_told_in_its_transaction(self, tmp_path: Path) -> None:
        database = Database(tmp_path / "desk.db")
        database.migrate()

        def publish(connection: sa.Connection, moved: Moved) -> None:
            if moved.reason == "untold":
                raise ZeroDivisionError

        states = SqlStates(database, VirtualClock(NOW), PROVENANCE, publish)
        states.move(S.STARTING, WORKER, "started")
        with pytest.raises(ZeroDivisionError):
            states.move(S.OPERATIONAL, WORKER, "untold")
        assert states.current().state is S.STARTING
        (row,) = database.rows("decision")
        assert (row["kind"], row["rationale"]) == ("system", "started")
        assert '"state":"starting"' in row["outcome"]
        database.close()

    @pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
    def test_each_move_is_judged_against_the_one_before_it_by_whomever(
        self, kind: str, request: pytest.FixtureRequest, tmp_path: Path
    ) -> None:
        where = tmp_path if kind == "sqlite" else request.getfixturevalue("postgres")
        database = opened(where)
        database.migrate()
        told = [line.split() for line in run("desk.system.moving", 4, where)]
        states = SqlStates(database, VirtualClock(NOW), PROVENANCE)
        moves = states.history(1_000)[::-1]
        assert len(moves) == sum(int(made) for made, _ in told)
        assert sum(int(refused) for _, refused in told) > 0
        before = NEVER_STARTED
        for move in moves:
            judge(before, move.state, move.by, move.reason)
            before = move
        database.close()


def test_two_stores_over_one_database_see_the_same(tmp_path: Path) -> None:
    first, second = (Database(tmp_path / "desk.db") for _ in range(2))
    first.migrate()
    open_states: Any = partial(SqlStates, clock=VirtualClock(NOW), provenance=PROVENANCE)
    open_states(first).move(S.STARTING, WORKER, "started")
    assert open_states(second).current().state is S.STARTING
    for database in (first, second):
        database.close()


def test_the_guide_s_table_is_the_table(checkout: Path) -> None:
    text = (checkout / "docs" / "guides" / "approvals.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| (yes|no) \| (yes|no) \| ([a-z, ]+)[^|]*\|$", text, re.MULTILINE)
    told = {
        S(state): (opens == "yes", starts == "yes", ways.strip().split(", ")) for state, opens, starts, ways in rows
    }
    assert set(told) == set(S)
    for state, (opens, starts, ways) in told.items():
        assert (opens, starts) == ALLOWS[state]
        assert set(ways) == LEGAL[state]
