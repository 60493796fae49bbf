"""The context that agents share: tasks, hand-off points, recent completions, known issues."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from quorum.desk.agents.book import BlockedOn, Delegated, DiscoveredIssue, PartialSuccess, ReadyForReview, TaskComplete
from quorum.desk.agents.health import Condition, Health
from quorum.desk.agents.roster import Agent
from quorum.desk.agents.staff import StaffRules
from quorum.domain import iso

PARTS = ("tasks", "handoff_points", "recent_completions", "known_issues")
MOST = 50


def orchestration_context(
    tasks: Iterable[Delegated], rules: StaffRules, health: Mapping[str, Condition], at: int
) -> dict[str, Any]:
    """state/system/orchestration_context.json as of `at` (ns UTC).

    Tasks under way; those handed on that wait for somebody; those that are complete; and what is known to be wrong:
    discovered issues and agents that are not well. Each part newest first, at most 50 entries.
    """
    known = sorted({task.task_id: task for task in tasks}.values(), key=lambda t: (-t.delegated_at, t.task_id))
    parts = {
        "tasks": [_entry(task, rules) for task in known if task.signal is None],
        "handoff_points": [_handoff(t, rules) for t in known if isinstance(t.signal, _WAITING)],
        "recent_completions": [_entry(t, rules) for t in known if isinstance(t.signal, TaskComplete)],
        "known_issues": [*_unwell(rules, health), *_issues(known, rules)],
    }
    return {"updated_at": iso(at), **{name: entries[:MOST] for name, entries in parts.items()}}


_WAITING = ReadyForReview | BlockedOn | PartialSuccess


def context_for(agent: Agent, document: Mapping[str, Any], most: int = MOST) -> dict[str, Any]:
    """The parts of the context that an agent receives: those of its room; the coordinator receives all of them.

    Of each part the newest `most` entries.
    """
    whole = agent.room == "desk" and agent.mandatory
    mine = {name: [entry for entry in document[name] if whole or entry["room"] == agent.room] for name in PARTS}
    return {"updated_at": document["updated_at"], **{name: entries[:most] for name, entries in mine.items()}}


def ready(tasks: Iterable[Delegated], at: int) -> tuple[Delegated, ...]:
    """The tasks that somebody can take up: handed on for review, in part, or with an issue; not the blocked ones.

    Those under way are ready again once their deadline has passed.
    """
    return tuple(t for t in tasks if isinstance(t.signal, _OPEN_ENDED) or (t.signal is None and t.task.deadline < at))


_OPEN_ENDED = ReadyForReview | PartialSuccess | DiscoveredIssue


def _entry(task: Delegated, rules: StaffRules) -> dict[str, Any]:
    return {**task.told(), "room": _room(task.task.target_agent, rules)}


def _handoff(task: Delegated, rules: StaffRules) -> dict[str, Any]:
    waits_for = task.signal.what if isinstance(task.signal, BlockedOn) else ""
    return {**_entry(task, rules), "from_agent": task.task.target_agent, "waits_for": waits_for}


def _issues(tasks: Sequence[Delegated], rules: StaffRules) -> list[dict[str, Any]]:
    return [
        {
            "agent": task.task.target_agent,
            "room": _room(task.task.target_agent, rules),
            "issue": task.note,
            "task_id": task.task_id,
            "since": None if task.finished_at is None else iso(task.finished_at),
        }
        for task in tasks
        if isinstance(task.signal, DiscoveredIssue)
    ]


def _unwell(rules: StaffRules, health: Mapping[str, Condition]) -> list[dict[str, Any]]:
    return [
        {
            "agent": name,
            "room": _room(name, rules),
            "issue": f"{state.health}: {state.reason}",
            "task_id": None,
            "since": None if state.last_call is None else iso(state.last_call),
        }
        for name, state in sorted(health.items())
        if state.health in (Health.DEGRADED, Health.UNHEALTHY)
    ]


def _room(name: str, rules: StaffRules) -> str:
    agent = rules.find(name)
    return "" if agent is None else agent.room
