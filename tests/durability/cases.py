"""What agents do wrong under which policy, as workflows of a workspace; and what a run of one leaves behind."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from durability.misbehaving import ENDS, HANGS, HARMLESS, TASK, Ward, prints
from quorum.desk import make_workspace
from quorum.desk.workflows import RunState, RunStep
from quorum.domain import DecisionKind

POLICIES = ("skip", "use_cached", "wait_and_retry", "halt")
BAD = [act.__name__ for act in (*ENDS, *HANGS, prints)]
SLOWLY = {act.__name__ for act in (*HANGS, prints)}
DEADLINE, PATIENT, BACK_OFF, MOST_WAIT = 0.2, 10.0, 0.05, 0.6
T = TypeVar("T")


def culprit(workflow: str) -> str:
    """The agent that misbehaves in a workflow."""
    return f"culprit-{workflow.replace('_', '-')}"


def named(act: Callable[[], object]) -> str:
    return act.__name__


class Case(NamedTuple):
    """What an agent does, and what its workflow says of that; `place` tells an agent from one of another test."""

    misdeed: str
    critical: bool
    policy: str
    place: str = ""

    @property
    def name(self) -> str:
        return f"{self.misdeed}_{'critical' if self.critical else 'optional'}_{self.policy}{self.place}"

    @property
    def agent(self) -> str:
        return culprit(self.name)

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
    again = f"{{most: {retries}, first_seconds: {BACK_OFF}, factor: 1}}"
    said = f"agent: {agent}, task: {TASK}, deadline_seconds: {deadline}, output: /state/bad/{name}.json"
    return (
        f"workflow: {name}\nparams: {{misdeed: {{kind: text, default: none}}}}\nsteps:\n"
        f"  - {{step: 1, name: bad, {said}, retries: {again}, {more}}}\n"
        f"  - {{step: 2, name: after, agent: sound, task: {TASK}, output: /state/after/{name}.json}}\n"
        "results: {title: after.title}\n"
    )


ASKS = f"""\
workflow: asks
steps:
  - {{step: 1, name: consent, approval: {{question: Shall it go on?, expires: 1h}}}}
  - {{step: 2, name: after, condition: consent_approved, agent: sound, task: {TASK}, output: /state/after/asks.json}}
results: {{title: after.title, by: consent.answered_by}}
"""
SOME = [Case(misdeed, n % 8 < 4, POLICIES[n % 4]) for n, misdeed in enumerate(BAD)]
ALL = [Case(misdeed, critical, policy) for misdeed in BAD for critical in (True, False) for policy in POLICIES]
ELSEWHERE = [
    Case("raises", critical, "halt" if critical else "skip", place)
    for critical in (True, False)
    for place in ("_locked", "_stays", "_full", "_gone")
]
SINGLE = "critical: false, degrade: skip"
MORE = {name: workflow(name, culprit(name), 10, 0, SINGLE) for name in (*map(named, HARMLESS), "lonely", "replaced")}
MORE |= {
    "sound": workflow("sound", "sound", 30, 0, SINGLE),
    "timed": workflow("timed", culprit("timed"), 0.8, 0, SINGLE),
    "cached_again": workflow("cached_again", culprit("cached_again"), 10, 0, "critical: false, degrade: use_cached"),
    "asks": ASKS,
}


def make_lean(home: Path) -> Path:
    """A workspace whose settings are the defaults: without the files of config/ a process begins much sooner."""
    make_workspace(home, ("momentum",))
    for file in (home / "config").glob("*.yaml"):
        file.unlink()
    return home


def make_home(home: Path, cases: Sequence[Case]) -> Path:
    """A workspace with these cases and all of MORE, and an agent for each."""
    make_lean(home)
    texts = {case.name: case.spec() for case in cases} | MORE
    agents = "".join(
        f"  {name}: {{role: does as it is told, tasks: [{TASK}]}}\n"
        for name in ("sound", "stand-in", *map(culprit, texts))
    )
    rows = "substitutions:\n  - {agent: culprit-replaced, use: stand-in, priority: high, purpose: to go on}\n"
    (home / "config" / "agents.yaml").write_text(f"agents:\n{agents}{rows}")
    for name, text in texts.items():
        (home / "config" / "workflows" / f"{name}.yaml").write_text(text)
    return home


def soon(look: Callable[[], T | None], seconds: float = 5.0) -> T:
    """What `look` finds, once it finds something."""
    until = time.monotonic() + seconds
    while (found := look()) is None:
        assert time.monotonic() < until, "it never came"
        time.sleep(0.02)
    return found


def document(ward: Ward, folder: str, name: str, identity: str) -> Mapping[str, Any]:
    """The document of a run, which is written soon after it ended."""
    path = ward.home / "state" / folder / f"{name}.json"

    def look() -> Mapping[str, Any] | None:
        found: Mapping[str, Any] = json.loads(path.read_text()) if path.exists() else {"run": {}}
        return found if found["run"].get("workflow_id") == identity else None

    return soon(look)


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


def check_end(ward: Ward, case: Case, identity: str, state: RunState, found: Mapping[str, Any]) -> None:
    """What a run of a case leaves: its outcome, its documents, a decision that says so, and what people are told."""
    assert state.outcome is not None
    assert state.outcome["status"] == ("halted" if case.done == "halt" else "degraded")
    bad, after = document(ward, "bad", case.name, identity), document(ward, "after", case.name, identity)
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
    told = {"task_blocked"} if case.misdeed in ("is_missing", "raises_ours") else {missing}  # no fault of the agent
    assert events(ward, identity) == told | {"workflow_failed" if case.done == "halt" else "workflow_degraded"}
