"""An agent that raises, hangs, dies, floods or answers nonsense: its run ends in time, as its policy says, on record."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

import pytest

from durability.misbehaving import ENDS, HANGS, HARMLESS, TASK, Ward, prints, warded
from quorum.desk import make_workspace
from quorum.desk.agents import Health, condition, conditions
from quorum.desk.workflows import RunState, RunStep
from quorum.domain import DecisionKind

POLICIES = ("skip", "use_cached", "wait_and_retry", "halt")
BAD = [act.__name__ for act in (*ENDS, *HANGS, prints)]
SLOWLY = {act.__name__ for act in (*HANGS, prints)}
DEADLINE, PATIENT, BACK_OFF, MOST_WAIT = 0.3, 10.0, 0.05, 0.6
SECOND, MINUTE = 10**9, 60 * 10**9
T = TypeVar("T")


class Case(NamedTuple):
    """What an agent does, and what its workflow says of that."""

    misdeed: str
    critical: bool
    policy: str

    @property
    def name(self) -> str:
        return f"{self.misdeed}_{'critical' if self.critical else 'optional'}_{self.policy}"

    @property
    def agent(self) -> str:
        return f"culprit-{self.name.replace('_', '-')}"

    @property
    def deadline(self) -> float:
        return DEADLINE if self.misdeed in SLOWLY else PATIENT

    @property
    def done(self) -> str:
        """What the decision says that was done."""
        if self.policy == "wait_and_retry":
            return "halt" if self.critical else "go_on_without"
        return {"skip": "go_on_without", "use_cached": "use_cached", "halt": "halt"}[self.policy]

    def spec(self) -> str:
        degrade = f"{{policy: {self.policy}{', max_wait_seconds: 0.6' if self.policy == 'wait_and_retry' else ''}}}"
        return workflow(self.name, self.agent, self.deadline, 1, f"critical: {self.critical}, degrade: {degrade}")


def workflow(name: str, agent: str, deadline: float, retries: int, more: str) -> str:
    """A workflow of two tasks: the first of `agent`, the second of one that behaves."""
    said = f"agent: {agent}, task: {TASK}, deadline_seconds: {deadline}, output: /state/bad/{name}.json"
    return (
        f"workflow: {name}\nparams: {{misdeed: {{kind: text, default: none}}}}\nsteps:\n"
        f"  - {{step: 1, name: bad, {said}, retries: {{most: {retries}, first_seconds: {BACK_OFF}, factor: 1}}, {more}}}\n"
        f"  - {{step: 2, name: after, agent: sound, task: {TASK}, output: /state/after/{name}.json}}\n"
        "results: {title: after.title}\n"
    )


SOME = [Case(misdeed, n % 8 < 4, POLICIES[n % 4]) for n, misdeed in enumerate(BAD)]
ALL = [Case(misdeed, critical, policy) for misdeed in BAD for critical in (True, False) for policy in POLICIES]
SINGLE = "critical: false, degrade: skip"
MORE = {
    **{act.__name__: workflow(act.__name__, f"culprit-{act.__name__.replace('_', '-')}", 10, 0, SINGLE) for act in HARMLESS},
    "sound": workflow("sound", "sound", 30, 0, SINGLE),
    "lonely": workflow("lonely", "culprit-lonely", 10, 0, SINGLE),
    "replaced": workflow("replaced", "culprit-replaced", 10, 0, SINGLE),
    "cached_again": workflow("cached_again", "culprit-cached-again", 10, 0, "critical: false, degrade: use_cached"),
    "timed": workflow("timed", "culprit-timed", 1.5, 0, SINGLE),
}


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    home = tmp_path_factory.mktemp("ward") / "home"
    make_workspace(home, ("momentum",))
    names = [case.agent for case in ALL] + ["culprit-lonely", "culprit-replaced", "culprit-cached-again", "culprit-timed"]
    names += [f"culprit-{act.__name__.replace('_', '-')}" for act in HARMLESS] + ["sound", "stand-in"]
    agents = "".join(f"  {name}: {{role: does as it is told, tasks: [{TASK}]}}\n" for name in names)
    rows = "substitutions:\n  - {agent: culprit-replaced, use: stand-in, priority: high, purpose: to go on}\n"
    (home / "config" / "agents.yaml").write_text(f"agents:\n{agents}{rows}")
    for name, text in {**{case.name: case.spec() for case in ALL}, **MORE}.items():
        (home / "config" / "workflows" / f"{name}.yaml").write_text(text)
    with warded(home) as made:
        yield made


def soon(look: Callable[[], T | None], seconds: float = 5.0) -> T:
    """What `look` finds, once it finds something."""
    until = time.monotonic() + seconds
    while (found := look()) is None:
        assert time.monotonic() < until, "it never came"
        time.sleep(0.02)
    return found


def document(ward: Ward, folder: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ward.home / "state" / folder / f"{name}.json").read_text())
    return found


def policies(ward: Ward, identity: str) -> list[Mapping[str, Any]]:
    """The decisions of a run about tasks without an answer."""
    found = ward.desk.decisions.recent(100)
    return [
        {**d.choice.outcome, "reason": d.choice.rationale}
        for d in found
        if d.choice.kind is DecisionKind.POLICY and d.choice.inputs["workflow_id"] == identity
    ]


def events(ward: Ward, identity: str) -> set[str]:
    """What people are told of a run."""
    notices = [told.notice.occurrence for told in ward.desk.outbox.listed(100)]
    return {str(o.event) for o in notices if o.details.get("workflow_id") == identity or o.key.startswith(identity)}


def outcome(steps: Mapping[str, RunStep]) -> Mapping[str, Any]:
    """What became of the first task."""
    answer = steps["1.bad"].answer
    assert answer is not None
    found: Mapping[str, Any] = answer["tasks"]["bad"]
    return {**found, "duration": answer["duration_ms"] / 1e3}


def run(ward: Ward, name: str, misdeed: str = "none") -> tuple[str, RunState, Mapping[str, Any]]:
    identity = ward.ask(name, misdeed=misdeed)
    state, steps = ward.ended(identity)
    assert state.status == "done", state
    return identity, state, outcome(steps)


def check(ward: Ward, case: Case) -> None:
    """A run of the case ends in time and as it says."""
    if case.policy == "use_cached":
        first, _, good = run(ward, case.name)
        assert good["status"] == "completed"
    identity, state, found = run(ward, case.name, case.misdeed)
    waits = MOST_WAIT if case.policy == "wait_and_retry" else 0.0
    slack = 1.0 if case.deadline == DEADLINE else 2.0 - 2 * PATIENT
    assert found["duration"] <= waits + 2 * case.deadline + BACK_OFF + slack
    assert state.outcome is not None
    assert state.outcome["status"] == ("halted" if case.done == "halt" else "degraded")
    bad, after = document(ward, "bad", case.name), document(ward, "after", case.name)
    assert bad["run"]["workflow_id"] == identity
    if case.done == "use_cached":
        assert (bad["status"], bad["title"], found["status"]) == ("cached", "good", "cached")
        assert bad["run"]["of"]
    else:
        assert (bad["status"], bad["reason"]) == ("unavailable", found["reason"])
    if case.done == "halt":
        assert (after["status"], state.outcome["results"]) == ("skipped", {"title": None})
        assert after["reason"].startswith("the workflow halted: step 1, bad: ")
        assert state.outcome["reason"] in after["reason"]
    else:
        assert (after["status"], state.outcome["results"]) == ("completed", {"title": "good"})
    (said,) = policies(ward, identity)
    assert said["done"] == case.done
    assert said["reason"] == found["reason"]
    missing = "agent_gap" if "is unhealthy" in found["reason"] else "agent_failed"
    told = set() if case.misdeed == "is_missing" else {missing}
    assert events(ward, identity) == told | {"workflow_failed" if case.done == "halt" else "workflow_degraded"}


@pytest.mark.parametrize("case", SOME, ids=lambda case: case.name)
def test_a_misdeed_ends_in_its_policy_in_time(ward: Ward, case: Case) -> None:
    check(ward, case)
    began = time.monotonic()
    _, state, found = run(ward, "sound")
    assert (found["status"], state.outcome["status"]) == ("completed", "completed")  # type: ignore[index]
    assert time.monotonic() - began < 5.0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_misdeed_under_every_policy(ward: Ward) -> None:
    for case in ALL:
        if case not in SOME:
            check(ward, case)


def test_what_is_odd_and_harmless_is_an_answer(ward: Ward) -> None:
    """A number that is none becomes nothing, and children that were left are nobody's trouble."""
    for name in ("no_number", "leaves_children"):
        _, state, found = run(ward, name, name)
        assert (found["status"], state.outcome["status"]) == ("completed", "completed")  # type: ignore[index]
    assert document(ward, "bad", "no_number")["document"] == [None, None]


def test_what_agents_print_without_end_is_left_out(ward: Ward) -> None:
    before = (ward.home / "worker.err").stat().st_size
    run(ward, "prints_optional_skip", "prints")
    assert (ward.home / "worker.err").stat().st_size - before < (1 << 20) + 200_000


def test_three_errors_leave_an_agent_out_until_it_is_probed(ward: Ward) -> None:
    desk = ward.desk
    agent = desk.staff.rules.known("culprit-lonely")
    for number in (1, 2, 3):
        _, _, found = run(ward, "lonely", "raises")
        assert (found["status"], found["attempts"]) == ("failed", 1), number
    unhealthy = soon(lambda: (c := conditions(desk.staff, [agent])[agent.name]).failures == 3 and c or None)
    assert unhealthy.health is Health.UNHEALTHY
    identity, _, found = run(ward, "lonely")
    assert (found["status"], found["agent"]) == ("unavailable", "")
    assert found["reason"].startswith("culprit-lonely is unhealthy: 3 in a row failed, the last one: task agent: ")
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
    assert document(ward, "bad", "replaced")["run"]["asked"] == "culprit-replaced"


def test_the_last_answer_serves_until_there_is_a_new_one(ward: Ward) -> None:
    """The second failure in a row finds the answer that the first one used."""
    first, _, _ = run(ward, "cached_again")
    of = document(ward, "bad", "cached_again")["run"]["as_of"]
    for _ in range(2):
        assert run(ward, "cached_again", "raises")[2]["status"] == "cached"
        again = document(ward, "bad", "cached_again")
        assert (again["title"], again["status"], again["run"]["of"]) == ("good", "cached", of)


def test_a_clock_that_jumps_ends_no_call_and_delays_none(ward: Ward) -> None:
    """Deadlines are kept by a clock that never jumps."""
    identity = ward.ask("sleeps", misdeed="sleeps")
    soon(lambda: ward.desk.workflows.run(identity)[0].status != "enqueued" or None)
    ward.turn_clock(180 * MINUTE)
    assert outcome(ward.ended(identity)[1])["status"] == "completed"
    identity = ward.ask("timed", misdeed="busy_in_c")
    soon(lambda: ward.desk.workflows.run(identity)[0].status != "enqueued" or None)
    ward.turn_clock(-60 * MINUTE)
    found = outcome(ward.ended(identity)[1])
    assert found["status"] == "failed"
    assert 1.5 <= found["duration"] <= 2.5
    ward.turn_clock(0)


def test_an_agent_that_failed_while_the_clock_was_ahead_is_asked_again(ward: Ward) -> None:
    """Its next probe lies in a time that never comes: one that is due now stands in for it."""
    desk, calls = ward.desk, []
    agent = desk.staff.rules.known("sound")
    from quorum.desk.agents import Call, CallOutcome

    now = desk.clock.now()
    for n in range(3):
        at = now + 180 * MINUTE + n
        calls.append(Call(f"{n}", at, agent.name, agent.name, TASK, "WF-1", CallOutcome.ERROR, 0.1, "", ""))
    found = condition(calls, desk.staff.rules.agent_failure.detection)
    assert found.health is Health.UNHEALTHY
    assert found.usable(now)
    assert not found.usable(now + 180 * MINUTE + SECOND)
