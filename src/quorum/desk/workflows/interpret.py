"""The interpreter: a checked spec and a request become durable steps, in an order that only kept answers decide.

Version 1. A run carries the number of the interpreter that began it, and ends under the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from quorum.desk.workflows.crew import Call, Crew, Facts
from quorum.desk.workflows.ports import Durable
from quorum.desk.workflows.scope import ANSWERED, Paths, at, holds, inputs_of, publish, read, unmet
from quorum.desk.workflows.spec import (
    ApprovalPoint,
    Body,
    DecisionPoint,
    Loop,
    Step,
    SubWorkflow,
    Task,
    Tasks,
    WorkflowSpec,
)
from quorum.desk.workflows.timing import RunTime
from quorum.domain import UsageError, iso, parse_instant
from quorum.domain.grammar import Expression

COMPLETED, SKIPPED, FAILED, DEGRADED, HALTED = "completed", "skipped", "failed", "degraded", "halted"

Specs = Callable[[str], WorkflowSpec]


def interpret(specs: Specs, request: Mapping[str, Any], run: Durable, crew: Crew) -> Mapping[str, Any]:
    """Run the workflow that `request` names to its end: how it ended, its results, and the status of each step.

    `specs` answers with the checked spec of a name, as the request carries it. What the run needs is in `request`:
    workflow, as_of, execution, params.
    """
    spec = specs(request["workflow"])
    facts = Facts(run.identity, spec.name, request["as_of"], request["execution"], request["params"])
    ends = RunTime(run.identity, crew.now, request.get("until"))
    reading = _Reading(specs, request, run, crew, facts, dict(facts.params), ends)
    end = reading.go(spec)
    crew.reached(facts, spec.steps, reading.states, end["status"])
    return end


class _Halt(Exception):
    """A critical part has no answer, or the time is up `before` the step began."""

    def __init__(self, reason: str, before: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.before = before


@dataclass
class _Reading:
    """One run under way: `scope` is what expressions may read, `states` what became of each step.

    `fresh` says whether the step that was kept last was done by this reading, and not by one before it.
    """

    specs: Specs
    request: Mapping[str, Any]
    run: Durable
    crew: Crew
    facts: Facts
    scope: dict[str, Any]
    ends: RunTime
    prefix: str = ""
    fresh: bool = False
    states: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    paths: Paths = field(default_factory=Paths)

    def go(self, spec: WorkflowSpec) -> dict[str, Any]:
        """All steps; after a halt the documents of what was not reached say so."""
        reason, self.paths = "", Paths.of(spec)
        if spec.deadline_seconds is not None:
            self.ends.waiting[self.prefix] = spec.deadline_seconds
        for position, step in enumerate(spec.steps):
            self.crew.reached(self.facts, spec.steps, self.states, None)
            try:
                self._step(step)
            except _Halt as halt:
                reason = halt.reason
                self._leave(spec.steps[position if halt.before else position + 1 :], reason)
                self.states.setdefault(str(step.number), {"status": FAILED, "reason": reason})
                break
        status = HALTED if reason else DEGRADED if self._is_degraded() else COMPLETED
        results = {name: self._read(expression) for name, expression in spec.results.items()}
        steps = {key: state["status"] for key, state in self.states.items()}
        return {"workflow": spec.name, "status": status, "reason": reason, "results": results, "steps": steps}

    def _keep(self, name: str, work: Callable[[], Mapping[str, Any]], late: bool = False) -> Mapping[str, Any]:
        """A durable step whose kept answer says how long it took, in `duration_ms`.

        Once the run's time is up none is begun but a `late` one, and the run halts.
        """
        self.fresh = False

        def timed() -> Mapping[str, Any]:
            self.fresh, began = True, time.monotonic()
            runs = self.ends.begin()
            if not late and self._left() == 0:
                return {**runs, "overdue": True}
            answer = work()
            return {**answer, **runs, "duration_ms": round((time.monotonic() - began) * 1e3, 3)}

        kept = self.run.step(name, timed)
        self.ends.read(kept)
        if kept.get("overdue"):
            raise _Halt(f"its time was up before {name}", before=True)
        return kept

    def _left(self) -> float | None:
        return self.ends.left(self.prefix)

    def _is_degraded(self) -> bool:
        return any(state["status"] in (DEGRADED, FAILED) for state in self.states.values())

    def _step(self, step: Step) -> None:
        reason = self._unmet(step.condition)
        name = f"{self.prefix}{step.number}.{step.name}"
        body = step.body
        if reason is not None:
            self._take(step, self._keep(name, lambda: self._skip(step, reason)))
            if isinstance(body, SubWorkflow):
                self._quit(body, reason)
        elif isinstance(body, Tasks):
            self._tasks(step, name, body)
        elif isinstance(body, DecisionPoint):
            self._take(step, self._keep(name, lambda: self._decide(step, name, body)))
        elif isinstance(body, ApprovalPoint):
            self._approve(step, name, body)
        elif isinstance(body, SubWorkflow):
            self._within(step, name, body)
        else:
            self._loop(step, name, body)

    def _tasks(self, step: Step, name: str, body: Tasks) -> None:
        """One durable step a group; tasks in sequence that read one another are asked one by one inside it."""

        def work() -> Mapping[str, Any]:
            found: dict[str, Mapping[str, Any]] = {}
            scope = dict(self.scope)
            for group in [body.tasks] if body.parallel else [(task,) for task in body.tasks]:
                found |= self._asked(step, name, group, scope)
                for task in group:
                    publish(scope, task, found[task.name])
                if any(_halts(found[task.name]) for task in group):
                    break
            return self._told(body.tasks, found)

        kept = self._keep(name, work)
        self._take(step, kept)
        for task in body.tasks:
            if _halts(kept["tasks"][task.name]):
                raise _Halt(f"step {step.number}, {task.name}: {kept['tasks'][task.name]['reason']}")

    def _asked(
        self, step: Step, name: str, group: Sequence[Task], scope: Mapping[str, Any]
    ) -> dict[str, Mapping[str, Any]]:
        """What became of tasks that are asked at once, those among them whose condition does not hold included."""
        left_out = {task.name: unmet(task.condition, scope) for task in group}
        calls = [self._call(step, f"{name}/{task.name}", task, scope) for task in group if left_out[task.name] is None]
        found = {n: {"status": SKIPPED, "reason": reason} for n, reason in left_out.items() if reason is not None}
        return {**found, **self.crew.perform(calls, len(calls) > 1)}

    def _call(self, step: Step, name: str, task: Task, scope: Mapping[str, Any]) -> Call:
        key = f"{self.facts.identity}/{name}"
        inputs = inputs_of(task, scope)
        there, used_as = self.paths.available(task, inputs), self.paths.use(task, name)
        return Call(self.facts, step.number, key, task, inputs, self._left(), there, used_as)

    def _told(self, tasks: Sequence[Task], found: dict[str, Mapping[str, Any]]) -> Mapping[str, Any]:
        """The kept answer of a step; what was not asked any more says why."""
        for task in tasks:
            found.setdefault(task.name, {"status": SKIPPED, "reason": "a critical task before it failed"})
        return {"status": _status(tasks, found), "tasks": found}

    def _skip(self, step: Step, reason: str) -> Mapping[str, Any]:
        tasks = step.body.tasks if isinstance(step.body, Tasks) else ()
        return {
            "status": SKIPPED,
            "reason": reason,
            "tasks": {task.name: {"status": SKIPPED, "reason": reason} for task in tasks},
        }

    def _leave(self, steps: Sequence[Step], reason: str) -> None:
        """Say in every document that is still to come that the run halted before it."""
        if steps:
            why = f"the workflow halted: {reason}"
            self._keep(f"{self.prefix}halted", lambda: {"status": HALTED, "reason": reason}, late=True)
            for step in steps:
                self._quit(step.body, why)
                self.states[str(step.number)] = {"status": SKIPPED, "reason": why}

    def _quit(self, body: Body, reason: str) -> None:
        """The documents of what is not done say why, those of a sub-workflow too."""
        for task in left_out(self.specs, body):
            self._file(task, {"status": SKIPPED, "reason": reason})

    def _file(self, task: Task, outcome: Mapping[str, Any]) -> None:
        """Not in the step itself: a worker that died between keeping and writing has its documents written again."""
        if task.output is not None:
            self.crew.file(self.facts, task.output, outcome, not self.fresh)

    def _decide(self, step: Step, name: str, point: DecisionPoint) -> Mapping[str, Any]:
        """Every criterion with its word: approved when all hold, rejected when one fails, else inconclusive."""
        words = [(criterion.text, self._holds(criterion.expression)) for criterion in point.criteria]
        told = [word for _, word in words]
        verdict = "rejected" if False in told else "inconclusive" if None in told else "approved"
        seen = {n: at(self.scope, n) for criterion in point.criteria for n in criterion.expression.names}
        facts = {"verdict": verdict, "criteria": [{"text": t, "holds": w} for t, w in words], "values": seen}
        decision = self.crew.decide(self.facts, f"{self.facts.identity}/{name}", point.question, facts)
        return {"status": COMPLETED, "tasks": {}, "published": {step.name: {**facts, "decision_id": decision}}}

    def _approve(self, step: Step, name: str, point: ApprovalPoint) -> None:
        """Ask, wait and remind until there is an answer or the time is up."""
        key = f"{self.facts.identity}/{name}"
        asked = self._keep(f"{name}.ask", lambda: self.crew.ask(self.facts, key, self._in_time(point), self._read))
        identity, left = asked["approval_id"], float(asked["seconds"])
        answered = asked["status"] != "open"
        rounds = 0
        while not answered and left > 0:
            pause = left if point.remind_seconds is None else min(point.remind_seconds, left)
            answered = self.run.wait(identity, pause) is not None
            left -= pause
            rounds += 1
            if not answered and left > 0:
                self._keep(f"{name}.remind.{rounds}", partial(self.crew.settle, self.facts, identity, rounds))
        ended = self._keep(f"{name}.settle", lambda: self.crew.settle(self.facts, identity), late=True)
        approved = ended["status"] == "approved"
        self._take(step, {"status": COMPLETED, "tasks": {}, "published": {step.name: ended}})
        self.scope[f"{step.name}_approved"] = approved
        if not approved and point.otherwise == "halt":
            raise _Halt(f"step {step.number}, {step.name}: {ended['status']}, {ended.get('reason') or 'no answer'}")

    def _in_time(self, point: ApprovalPoint) -> ApprovalPoint:
        """The question, open no longer than the run."""
        left = self._left()
        return point if left is None else replace(point, expires_seconds=min(point.expires_seconds, left))

    def _within(self, step: Step, name: str, body: SubWorkflow) -> None:
        """A sub-workflow's steps as steps of this run, under its own parameters."""
        end = self._sub(name, body)
        self._take(step, {"status": end["status"], "tasks": {}, "published": {step.name: end["results"]}})
        if end["status"] == HALTED:
            raise _Halt(f"step {step.number}, {step.name}: {end['reason']}")

    def _sub(self, name: str, body: SubWorkflow) -> Mapping[str, Any]:
        child = self._child(body, self.scope)
        facts = replace(self.facts, params=child["params"], as_of=child["as_of"])
        quiet, scope = _Quiet(self.crew), dict(facts.params)
        inner = _Reading(self.specs, self.request, self.run, quiet, facts, scope, self.ends, f"{name}/")
        return inner.go(self.specs(body.workflow))

    def _child(self, body: SubWorkflow, scope: Mapping[str, Any]) -> Mapping[str, Any]:
        """The request of a sub-workflow: as this run's, with its own parameters, and at its instant if it has one."""
        given = {n: read(expression, scope) for n, expression in body.params.items()}
        asked = {"as_of": self.facts.params.get("as_of"), **given}
        params = {p.name: asked.get(p.name, p.default) for p in self.specs(body.workflow).params}
        own = {"workflow": body.workflow, "params": params, "as_of": self._instant(params.get("as_of"))}
        return {**self.request, **own, "until": self.ends.ends_at(self.prefix)}

    def _instant(self, asked: Any) -> int:
        """The instant of a part: the run's own, or the earlier one that it is given."""
        try:
            found = self.facts.as_of if asked is None else parse_instant(asked)
        except (UsageError, TypeError):
            raise _Halt(f"{asked!r} is no instant", before=True) from None
        if found > self.facts.as_of:
            raise _Halt(f"{asked} lies after {iso(self.facts.as_of)}, the instant of the run", before=True)
        return found

    def _loop(self, step: Step, name: str, loop: Loop) -> None:
        """At most `at_most` items at once: each such part of the list is one durable step."""
        items = self._read(loop.over)
        if not isinstance(items, list):
            raise _Halt(f"step {step.number}, {step.name}: there is no list at {loop.over.text!r}")
        if len(items) > loop.most_items:
            raise _Halt(f"step {step.number}, {step.name}: {len(items)} items, at most {loop.most_items} are allowed")
        answers: list[Mapping[str, Any]] = []
        for first in range(0, len(items), loop.at_most):
            part = items[first : first + loop.at_most]
            answers += self._part(step, f"{name}.{first + 1}", loop, part)
            if any(_halts(answer) for answer in answers):
                break
        halting = next((i for i, answer in enumerate(answers) if _halts(answer)), None)
        failed = any(answer["status"] not in (*ANSWERED, SKIPPED) for answer in answers)
        status = COMPLETED if not failed else DEGRADED if halting is None else FAILED
        told = [answer.get("answer", answer) for answer in answers]
        self._take(step, {"status": status, "tasks": {}, "published": {step.name: told}})
        if halting is not None:
            raise _Halt(f"step {step.number}, {step.name}: item {halting + 1}: {answers[halting].get('reason')}")

    def _part(self, step: Step, name: str, loop: Loop, part: Sequence[Any]) -> list[Mapping[str, Any]]:
        body = loop.body
        if isinstance(body, SubWorkflow):
            if self.ends.waiting:
                self._keep(f"{name}.begin", dict)
            asked = [
                (f"{self.facts.identity}/{name}.{i}", self._child(body, {**self.scope, loop.item: item}))
                for i, item in enumerate(part)
            ]
            return [{**end, "answer": end["results"]} for end in self.run.children(asked)]

        def work() -> Mapping[str, Any]:
            scopes = [{**self.scope, loop.item: item} for item in part]
            calls = [self._call(step, f"{name}.{i}/{body.name}", body, scope) for i, scope in enumerate(scopes)]
            return {"items": list(self._each(calls))}

        return list(self._keep(name, work)["items"])

    def _each(self, calls: Sequence[Call]) -> Iterator[Mapping[str, Any]]:
        """What became of calls of one task with different inputs, in order."""
        found = self.crew.perform([_named(call, i) for i, call in enumerate(calls)], len(calls) > 1)
        for i, call in enumerate(calls):
            yield found.get(f"{call.task.name}.{i}", {"status": SKIPPED, "reason": "a critical item before it failed"})

    def _take(self, step: Step, kept: Mapping[str, Any]) -> None:
        """Read a kept step into the scope."""
        body = step.body
        for task in body.tasks if isinstance(body, Tasks) else ():
            publish(self.scope, task, kept["tasks"][task.name])
            self._file(task, kept["tasks"][task.name])
        self.scope |= kept.get("published", {})
        if isinstance(body, DecisionPoint | ApprovalPoint | SubWorkflow | Loop):
            self.scope.setdefault(step.name, {"status": kept["status"], "reason": kept.get("reason")})
        if isinstance(body, DecisionPoint):
            self.scope[f"{step.name}_approved"] = self.scope[step.name].get("verdict") == "approved"
        self.states[str(step.number)] = {k: kept.get(k) for k in ("status", "reason", "duration_ms")}

    def _unmet(self, condition: Expression | None) -> str | None:
        return unmet(condition, self.scope)

    def _holds(self, condition: Expression) -> bool | None:
        return holds(condition, self.scope)

    def _read(self, expression: Expression) -> Any:
        return read(expression, self.scope)


class _Quiet:
    """The crew of a sub-workflow: what is shown of a run is the whole run's affair."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self.now, self.perform, self.decide, self.ask = crew.now, crew.perform, crew.decide, crew.ask
        self.settle, self.file = crew.settle, crew.file

    def reached(
        self, facts: Facts, plan: Sequence[Step], states: Mapping[str, Mapping[str, Any]], end: str | None
    ) -> None:
        return None


def left_out(specs: Specs, body: Body, prefix: str = "", kept: Container[str] = ()) -> Iterator[Task]:
    """The tasks below a body that have a document, but for those of the `kept` steps; `prefix` is where it stands."""
    if isinstance(body, Tasks):
        yield from (task for task in body.tasks if task.output is not None)
    elif isinstance(body, SubWorkflow):
        for step in specs(body.workflow).steps:
            name = f"{prefix}{step.number}.{step.name}"
            if name not in kept:
                yield from left_out(specs, step.body, f"{name}/", kept)


def _halts(outcome: Mapping[str, Any]) -> bool:
    """Whether a run ends here: a critical task failed or cannot be had, and no policy lets it go on."""
    return bool(outcome.get("halts"))


def _status(tasks: Sequence[Task], found: Mapping[str, Mapping[str, Any]]) -> str:
    told = [found[task.name]["status"] for task in tasks]
    if all(status == SKIPPED for status in told):
        return SKIPPED
    if any(_halts(found[task.name]) for task in tasks):
        return FAILED
    return DEGRADED if any(status not in ("completed", SKIPPED) for status in told) else COMPLETED


def _named(call: Call, i: int) -> Call:
    """The call under a name of its own, since several of one task are asked at once."""
    return replace(call, task=replace(call.task, name=f"{call.task.name}.{i}"))
