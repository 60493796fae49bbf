"""Asking for runs: from a name and parameters to a request that carries all it needs."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from quorum.desk.running.ports import RunBook
from quorum.desk.workflows import (
    Protocols,
    RunState,
    RunStep,
    Workflows,
    WorkflowSpec,
    compile_workflow,
    request,
    to_document,
)
from quorum.desk.workflows.ports import step_number
from quorum.domain import DAY, Clock, IllegalMove, NotFound, UsageError, iso, parse_instant

INTERPRETER = 1
EXECUTIONS = ("notify", "paper", "live")
LOST_WITHIN = 2 * DAY
COMPILED = 64
FORK = "fork"


def request_of(
    spec: WorkflowSpec, given: Mapping[str, Any], now: int, execution: str | None = None, origin: str = "person"
) -> dict[str, Any]:
    """The request of a run: the spec as it is now, its parameters, the instant that it decides at.

    With `as_of` among the parameters that instant, else `now`. UsageError for wrong parameters, an instant to come,
    or an execution that is none.
    """
    params = request(spec, given)
    as_of = parse_instant(params["as_of"]) if params.get("as_of") else now
    if as_of > now:
        raise UsageError(f"{iso(as_of)} lies in the future, it is {iso(now)}", "decide at an instant that has passed")
    chosen = execution or spec.execution
    if chosen not in EXECUTIONS:
        raise UsageError(f"there is no execution {chosen!r}", f"choose one of {', '.join(EXECUTIONS)}")
    carried = to_document(spec)
    return {
        "workflow": spec.name,
        "interpreter": INTERPRETER,
        "document": carried.document,
        "parts": carried.parts,
        "hash": carried.content_hash,
        "params": params,
        "as_of": as_of,
        "execution": chosen,
        "asked_at": now,
        "origin": origin,
    }


class Compiled:
    """Specs out of requests, each compiled once; the newest are kept."""

    def __init__(self, protocols: Protocols) -> None:
        self._protocols = protocols
        self._specs: OrderedDict[tuple[str, str], WorkflowSpec] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, asked: Mapping[str, Any]) -> Callable[[str], WorkflowSpec]:
        """The specs that a request carries, by name."""
        return lambda name: self._spec(asked, name)

    def _spec(self, asked: Mapping[str, Any], name: str) -> WorkflowSpec:
        key = asked["hash"], name
        with self._lock:
            found = self._specs.get(key)
        if found is None:
            whole = {asked["document"]["workflow"]: asked["document"], **asked["parts"]}
            found = compile_workflow(whole[name], asked["parts"], None, protocols=self._protocols)
            with self._lock:
                self._specs[key] = found
                while len(self._specs) > COMPILED:
                    self._specs.popitem(last=False)
        return found


class BookedWorkflows:
    """Workflows that writes every run into the book before it is asked for."""

    def __init__(self, inner: Workflows, book: RunBook) -> None:
        self._inner = inner
        self._book = book
        self.send, self.runs, self.run, self.move = inner.send, inner.runs, inner.run, inner.move

    def enqueue(self, identity: str, request: Mapping[str, Any]) -> None:
        self._book.enter(request, identity)
        self._inner.enqueue(identity, request)


def fork(book: RunBook, workflows: Workflows, identity: str, step: int) -> str:
    """Run a run again from one of its steps, with the kept answers of those before; the id of the new one.

    NotFound for a run that there is not, IllegalMove for a step that it has not reached: then nothing is written.
    A fork that is in the book and not in the engine is made by `ask_again`.
    """
    state, kept = workflows.run(identity)
    reached = {number for one in kept if (number := step_number(one.name)) is not None}
    if step > 1 and step not in reached:
        numbers = ", ".join(map(str, sorted(reached))) or "none"
        raise IllegalMove(f"run {identity} has not reached step {step}", f"it has kept answers of {numbers}")
    to = book.enter({**state.request, FORK: {"of": identity, "step": step}})
    return workflows.move(identity, "fork", step, to)


def ask_again(book: RunBook, workflows: Workflows, clock: Clock) -> Sequence[str]:
    """Ask again for runs of the last two days that the engine does not know of; their ids.

    The engine's database may be older than the book, after a crash of the machine or a restored backup. What such a
    run had committed it finds again by its keys. A fork is forked again, once its run has come so far again.
    """
    lost = []
    for identity, asked in book.entered(clock.now() - LOST_WITHIN):
        try:
            workflows.run(identity)
        except NotFound:
            if _asked_again(workflows, identity, asked):
                lost.append(identity)
    return lost


def _asked_again(workflows: Workflows, identity: str, asked: Mapping[str, Any]) -> bool:
    forked = asked.get(FORK)
    if forked is None:
        workflows.enqueue(identity, asked)
        return True
    try:
        workflows.move(forked["of"], "fork", forked["step"], identity)
    except (IllegalMove, NotFound):
        return False
    return True


def timeline(state: RunState, steps: Sequence[RunStep]) -> list[dict[str, Any]]:
    """The kept steps of a run as a timeline: name, status, when it began, how long it took, and why."""
    lines = []
    for step in steps:
        answer = step.answer or {}
        taken = None if step.began is None or step.ended is None else (step.ended - step.began) / 1e6
        line = {
            "step": step.name,
            "status": "failed" if step.error else _status(answer),
            "began": None if step.began is None else iso(step.began),
            "duration_ms": answer.get("duration_ms", taken),
        }
        if step.error or answer.get("reason"):
            line["reason"] = step.error or answer["reason"]
        items = {str(number): outcome for number, outcome in enumerate(answer.get("items", ()), 1)}
        tasks = answer.get("tasks") or items
        if isinstance(tasks, Mapping) and tasks:
            line["tasks"] = {name: _task(outcome) for name, outcome in tasks.items()}
        lines.append(line)
    return lines


def _status(answer: Mapping[str, Any]) -> str:
    """The word for a kept step: its own, or how the items of a loop stand."""
    if answer.get("overdue"):
        return "overdue"
    told = {item["status"] for item in answer.get("items", ())}
    if told and "status" not in answer:
        return "completed" if told <= {"completed", "skipped"} else "degraded"
    return str(answer.get("status", "done"))


def _task(outcome: Mapping[str, Any]) -> dict[str, Any]:
    names = ("status", "agent", "asked", "attempts", "seconds", "reason")
    return {name: outcome[name] for name in names if outcome.get(name) is not None}
