"""An agent that raises, hangs, dies, floods or answers nonsense: its run ends in time, by its policy, on record."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from durability.cases import (
    ALL,
    BACK_OFF,
    DEADLINE,
    MOST_WAIT,
    SOME,
    Case,
    check_end,
    document,
    events,
    make_home,
    outcome,
    policies,
    run,
    soon,
)
from durability.misbehaving import TASK, Ward, warded
from quorum.desk.agents import Call, CallOutcome, Health, condition, conditions

SECOND, MINUTE = 10**9, 60 * 10**9


def check(ward: Ward, case: Case) -> None:
    """A run of the case ends in time and as it says."""
    if case.policy == "use_cached":
        assert run(ward, case.name)[2]["status"] == "completed"
    identity, state, found = run(ward, case.name, case.misdeed)
    waits = MOST_WAIT if case.policy == "wait_and_retry" else 0.0
    bound = 2 * case.deadline if case.deadline == DEADLINE else 1.0
    assert found["duration"] <= waits + bound + BACK_OFF + 1.0
    check_end(ward, case, identity, state, found)


@pytest.mark.parametrize("case", SOME, ids=lambda case: case.name)
def test_a_misdeed_ends_in_its_policy_in_time(ward: Ward, case: Case) -> None:
    said = ward.home / "worker.err"
    before = said.stat().st_size
    check(ward, case)
    assert said.stat().st_size - before < 2 << 20  # what agents print without end is left out
    began = time.monotonic()
    _, state, found = run(ward, "sound")
    assert (found["status"], state.outcome["status"]) == ("completed", "completed")  # type: ignore[index]
    assert time.monotonic() - began < 5.0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_misdeed_under_every_policy(tmp_path: Path) -> None:
    with warded(make_home(tmp_path / "home", ALL)) as ward:
        for case in ALL:
            check(ward, case)


def test_what_is_odd_and_harmless_is_an_answer(ward: Ward) -> None:
    """A number that is none becomes nothing, and children that were left are nobody's trouble."""
    for name in ("no_number", "leaves_children"):
        identity, state, found = run(ward, name, name)
        assert (found["status"], state.outcome["status"]) == ("completed", "completed")  # type: ignore[index]
        assert document(ward, "bad", name, identity)["document"] == (
            [None, None] if name == "no_number" else "as it should be"
        )


def test_three_errors_leave_an_agent_out_until_it_is_probed(ward: Ward) -> None:
    desk = ward.desk
    agent = desk.staff.rules.known("culprit-lonely")
    for number in (1, 2, 3):
        _, _, found = run(ward, "lonely", "raises")
        assert (found["status"], found["attempts"]) == ("failed", 1), number
    unhealthy = soon(lambda: ((c := conditions(desk.staff, [agent])[agent.name]).failures == 3 and c) or None)
    assert unhealthy.health is Health.UNHEALTHY
    identity, _, found = run(ward, "lonely")
    assert (found["status"], found["agent"]) == ("unavailable", "")
    assert found["reason"].startswith("culprit-lonely is unhealthy: 3 in a row failed, the last one: ValueError: ")
    assert "agent_gap" in events(ward, identity)
    ward.turn_clock(55 * SECOND)
    assert run(ward, "lonely")[2]["status"] == "unavailable"
    ward.turn_clock(61 * SECOND)
    assert run(ward, "lonely", "raises")[2]["status"] == "failed"  # the probe
    assert run(ward, "lonely")[2]["status"] == "unavailable"
    ward.turn_clock(123 * SECOND)
    assert run(ward, "lonely")[2]["status"] == "completed"
    assert run(ward, "lonely")[2]["status"] == "completed"
    soon(lambda: conditions(desk.staff, [agent])[agent.name].health is Health.HEALTHY or None)
    notices = [told.notice.occurrence for told in desk.outbox.listed(500)]
    turned = [str(o.event) for o in notices if o.details.get("agent") == agent.name and "health" in o.details]
    assert turned == ["agent_recovered", "agent_unhealthy"]
    ward.turn_clock(0)


def test_a_substitute_takes_over_at_once_and_says_so(ward: Ward) -> None:
    for _ in range(3):
        assert run(ward, "replaced", "exits")[2]["status"] == "failed"
    identity, state, found = run(ward, "replaced", "exits")
    assert (found["status"], found["agent"], found["asked"]) == ("completed", "stand-in", "culprit-replaced")
    assert state.outcome is not None
    assert state.outcome["status"] == "completed"
    assert policies(ward, identity) == []
    assert events(ward, identity) == {"agent_substituted"}
    assert document(ward, "bad", "replaced", identity)["run"]["asked"] == "culprit-replaced"


def test_the_last_answer_serves_until_there_is_a_new_one(ward: Ward) -> None:
    """The second failure in a row finds the answer that the first one used."""
    identity, _, _ = run(ward, "cached_again")
    of = document(ward, "bad", "cached_again", identity)["run"]["as_of"]
    for _ in range(2):
        identity, _, found = run(ward, "cached_again", "raises")
        assert found["status"] == "cached"
        again = document(ward, "bad", "cached_again", identity)
        assert (again["title"], again["status"], again["run"]["of"]) == ("good", "cached", of)


def test_a_clock_that_jumps_ends_no_call_and_delays_none(ward: Ward) -> None:
    """Deadlines are kept by a clock that never jumps."""
    identity = ward.ask("sleeps", misdeed="sleeps")
    soon(lambda: ward.desk.workflows.run(identity)[0].status != "enqueued" or None)
    ward.turn_clock(180 * MINUTE)
    assert outcome(ward.ended(identity)[1])["status"] == "completed"
    identity = ward.ask("timed", misdeed="stops_itself")
    soon(lambda: ward.desk.workflows.run(identity)[0].status != "enqueued" or None)
    ward.turn_clock(-60 * MINUTE)
    found = outcome(ward.ended(identity)[1])
    assert found["status"] == "failed"
    assert 0.8 <= found["duration"] <= 1.8
    ward.turn_clock(0)


def test_an_agent_that_failed_while_the_clock_was_ahead_is_asked_again(ward: Ward) -> None:
    """Its next probe lies in a time that never comes: one that is due now stands in for it."""
    desk, calls = ward.desk, []
    agent = desk.staff.rules.known("sound")
    now = desk.clock.now()
    for n in range(3):
        at = now + 180 * MINUTE + n
        calls.append(Call(f"{n}", at, agent.name, agent.name, TASK, "WF-1", CallOutcome.ERROR, 0.1, "", ""))
    found = condition(calls, desk.staff.rules.agent_failure.detection)
    assert found.health is Health.UNHEALTHY
    assert found.usable(now)
    assert not found.usable(now + 180 * MINUTE + SECOND)
