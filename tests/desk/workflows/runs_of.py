"""Small workflows as values, and a run of one in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from quorum.desk.workflows.crew import Call
from quorum.desk.workflows.fakes import MemoryRuns, ScriptedCrew, Stopped
from quorum.desk.workflows.interpret import interpret
from quorum.desk.workflows.spec import (
    ApprovalPoint,
    Body,
    Criterion,
    DecisionPoint,
    Degrade,
    Fallback,
    Parameter,
    Step,
    Task,
    Tasks,
    WorkflowSpec,
)
from quorum.domain import VirtualClock, parse_instant
from quorum.domain.grammar import Expression, parse

NOON = parse_instant("2024-01-01T12:00:00Z")
RUN = "WF-20240101-001"


def task(name: str, **given: Any) -> Task:
    """A task with a document of its own; `inputs` and `condition` are texts."""
    given["inputs"] = {n: parse(text) for n, text in given.get("inputs", {}).items()}
    given["condition"] = condition(given.get("condition"))
    given.setdefault("output", f"/state/{name}.json")
    if not given.setdefault("critical", True):
        given.setdefault("fallback", Fallback(Degrade.SKIP))
    return Task(name, f"do_{name}", "somebody", name, **given)


def condition(text: str | None) -> Expression | None:
    return None if text is None else parse(text)


def steps(*bodies: Body | tuple[str, Body], conditions: Mapping[int, str] | None = None) -> tuple[Step, ...]:
    """Steps numbered from 1; named as the first of their tasks, or as the pair says."""
    made = []
    for number, given in enumerate(bodies, 1):
        named, body = given if isinstance(given, tuple) else (given.tasks[0].name, given)  # type: ignore[union-attr]
        made.append(Step(number, named, body, condition((conditions or {}).get(number))))
    return tuple(made)


def one(name: str, **given: Any) -> Tasks:
    return Tasks((task(name, **given),))


def spec(made: Sequence[Step], results: Mapping[str, str] | None = None, **given: Any) -> WorkflowSpec:
    read = {name: parse(text) for name, text in (results or {}).items()}
    return WorkflowSpec(given.pop("name", "mine"), "", tuple(made), results=read, **given)


def decision(*criteria: str) -> DecisionPoint:
    return DecisionPoint("Is it so", tuple(Criterion(text, parse(text)) for text in criteria))


def question(text: str = "Shall it?", **given: Any) -> ApprovalPoint:
    return ApprovalPoint(text, **{"expires_seconds": 3_600.0, **given})


def answers(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"status": "completed", "answer": answer}


def fails(reason: str = "it broke", halts: bool = False) -> Mapping[str, Any]:
    return {"status": "failed", "reason": reason, **({"halts": True} if halts else {})}


def in_turn(*outcomes: Mapping[str, Any]) -> Callable[[Call], Mapping[str, Any]]:
    """A script that answers a task's calls one after the other."""
    left = list(outcomes)
    return lambda call: left.pop(0)


class Office:
    """Workflows, one of which is run; `request` is what the run carries."""

    def __init__(self, first: WorkflowSpec, *others: WorkflowSpec, crew: ScriptedCrew | None = None) -> None:
        self.clock = crew.clock if crew else VirtualClock(NOON)
        self.crew = crew or ScriptedCrew(self.clock)
        specs = {one.name: one for one in (first, *others)}
        self.runs = MemoryRuns(self.clock, lambda run, request: interpret(specs.__getitem__, request, run, self.crew))
        params = {p.name: p.default for p in first.params}
        self.request = {"workflow": first.name, "as_of": NOON, "execution": "notify", "params": params}

    def run(self, stop_after: int | None = None, **params: Any) -> Mapping[str, Any]:
        """How the run ended; it goes on from what is kept."""
        self.runs.stop_after = stop_after
        self.request["params"] |= params
        return self.runs.run(RUN, self.request)

    def stopped(self, after: int) -> bool:
        """Whether the run was stopped when it had kept so many more answers, and had not ended before."""
        try:
            self.run(after)
        except Stopped:
            return True
        return False

    def kept(self) -> list[str]:
        return [name for name, _ in self.runs.kept[RUN]]

    def reasons(self) -> dict[str, str]:
        """Why documents have no answer, by their task."""
        return {
            path.removeprefix("/state/").removesuffix(".json"): outcome["reason"]
            for path, outcome in self.crew.filed.items()
            if "reason" in outcome
        }


def office(
    made: Sequence[Step], script: Mapping[str, Any] | None = None, said: Mapping[str, Any] | None = None, **given: Any
) -> Office:
    """An office with one workflow and a crew by script."""
    return Office(spec(made, **given), crew=ScriptedCrew(VirtualClock(NOON), script or {}, said or {}))


def parameter(name: str, default: Any = None) -> Parameter:
    return Parameter(name, "text", default)
