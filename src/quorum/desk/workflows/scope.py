"""What the expressions of a run may read, and what they answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from quorum.desk.workflows.spec import ApprovalPoint, DecisionPoint, Loop, Step, SubWorkflow, Task, Tasks, WorkflowSpec
from quorum.domain import ConfigError
from quorum.domain.grammar import Expression, evaluate

ANSWERED = ("completed", "cached")


def publish(scope: dict[str, Any], task: Task, outcome: Mapping[str, Any]) -> None:
    """What a task made known: its answer under its name, its outputs under theirs; None where there is no answer."""
    answered = outcome["status"] in ANSWERED
    scope[task.name] = outcome["answer"] if answered else {k: outcome.get(k) for k in ("status", "reason")}
    for name, path in task.outputs.items():
        scope[name] = at(outcome["answer"], path) if answered else None


def at(answer: Any, path: str) -> Any:
    for key in path.split("."):
        answer = answer.get(key) if isinstance(answer, Mapping) else None
    return answer


def inputs_of(task: Task, scope: Mapping[str, Any]) -> dict[str, Any]:
    return {name: read(expression, scope) for name, expression in task.inputs.items()}


class Paths(NamedTuple):
    """Which names of a spec are read by some part of it, and the path of the document behind each name that has one."""

    read: frozenset[str] = frozenset()
    papers: Mapping[str, str] = {}

    @classmethod
    def of(cls, spec: WorkflowSpec) -> Paths:
        expressions = [*spec.results.values(), *(e for step in spec.steps for e in _expressions(step))]
        tasks = [task for step in spec.steps for task in (step.body.tasks if isinstance(step.body, Tasks) else ())]
        papers = {name: task.output for task in tasks if task.output for name in (task.name, *task.outputs)}
        return cls(frozenset(name.partition(".")[0] for e in expressions for name in e.names), papers)

    def available(self, task: Task, inputs: Mapping[str, Any]) -> tuple[str, ...]:
        """Those of a task's inputs that are there: by the path of their document, else by their name."""
        there = [name for name, value in inputs.items() if value is not None and not _absent(value)]
        roots = {name: next((n.partition(".")[0] for n in task.inputs[name].names), name) for name in there}
        return tuple(dict.fromkeys(self.papers.get(root, name) for name, root in roots.items()))

    def use(self, task: Task, kept_as: str) -> str:
        """What a task's answer is to others: its document, or the step that keeps it; empty when nothing reads it."""
        return task.output or (kept_as if self.read & {task.name, *task.outputs} else "")


def _absent(value: Any) -> bool:
    return isinstance(value, Mapping) and value.keys() == {"status", "reason"} and value["status"] not in ANSWERED


def _expressions(step: Step) -> Iterator[Expression]:
    """All that a step reads."""
    found: list[Expression | None] = [step.condition]
    match step.body:
        case Tasks(tasks):
            found += [e for task in tasks for e in (task.condition, *task.inputs.values())]
        case DecisionPoint(_, criteria):
            found += [criterion.expression for criterion in criteria]
        case ApprovalPoint() as point:
            found += [*point.shows.values(), point.until, point.size]
        case SubWorkflow(_, params):
            found += params.values()
        case Loop(over, _, _, body):
            found += [over, *(body.inputs if isinstance(body, Task) else body.params).values()]
    return (expression for expression in found if expression is not None)


def read(expression: Expression, scope: Mapping[str, Any]) -> Any:
    """The value of an expression; None where something in it has none."""
    try:
        return evaluate(expression, scope)
    except ConfigError:
        return None


def holds(condition: Expression, scope: Mapping[str, Any]) -> bool | None:
    """Whether a condition holds; None when that cannot be told."""
    told = read(condition, scope)
    return told if isinstance(told, bool) else None


def _told(value: Any) -> str:
    """A value in the words of the grammar."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_told, value))}]"
    words = {True: "true", False: "false", None: "null"}
    return words[value] if value is None or isinstance(value, bool) else repr(value)


def unmet(condition: Expression | None, scope: Mapping[str, Any]) -> str | None:
    """Why something is left out; None when its condition holds."""
    if condition is None:
        return None
    told = holds(condition, scope)
    if told:
        return None
    values = ", ".join(f"{name} is {_told(scope.get(name))}" for name in condition.names)
    return f"{condition.text}: {'not so' if told is False else 'cannot be told'} ({values})"
