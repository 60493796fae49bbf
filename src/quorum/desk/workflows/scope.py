"""What the expressions of a run may read, and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quorum.desk.workflows.spec import Task
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


def unmet(condition: Expression | None, scope: Mapping[str, Any]) -> str | None:
    """Why something is left out; None when its condition holds."""
    if condition is None:
        return None
    told = holds(condition, scope)
    if told:
        return None
    values = ", ".join(f"{name} is {scope.get(name)!r}" for name in condition.names)
    return f"{condition.text}: {'not so' if told is False else 'cannot be told'} ({values})"
