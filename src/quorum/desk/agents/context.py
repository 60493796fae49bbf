"""The context that agents share: tasks, hand-off points, recent completions, known issues."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from quorum.desk.agents.book import BlockedOn, Delegated, DiscoveredIssue, PartialSuccess, ReadyForReview, TaskComplete
from quorum.desk.agents.health import Condition, Health
from quorum.desk.agents.roster import Agent
from quorum.desk.agents.staff import StaffRules
from quorum.domain import DAY, iso

PARTS = ("tasks", "handoff_points", "recent_completions", "known_issues")
MOST = 50
KNOWN = 7 * DAY


def orchestration_context(
    tasks: Iterable[Delegated], rules: StaffRules, health: Mapping[str, Condition], at: int
) -> dict[str, Any]:
    """state/system/orchestration_context.json as of `at` (ns UTC).

    Tasks under way; those handed on that wait for somebody; those that are complete; and what is known to be wrong:
    discovered issues, each once, and agents that are not well. Of the last 7 days, each part newest first, at most 50
    entries. What the next step of its run has taken up waits for nobody.
    """
    held = {task.task_id: task for task in tasks if task.delegated_at > at - KNOWN}
    known = sorted(held.values(), key=lambda t: (-t.delegated_at, t.task_id))
    reached = _reached(known)
    parts = {
        "tasks": (_entry(task, rules) for task in known if task.signal is None),
        "handoff_points": (_handoff(t, rules) for t in known if _waits(t, reached)),
        "recent_completions": (_entry(t, rules) for t in known if isinstance(t.signal, TaskComplete)),
        "known_issues": chain(_unwell(rules, health), _issues(known, rules)),
    }
    return {"updated_at": iso(at), **{name: list(islice(entries, MOST)) for name, entries in parts.items()}}


def _reached(tasks: Iterable[Delegated]) -> Mapping[str, int]:
    """The last step of each run that was given to somebody."""
    found: dict[str, int] = {}
    for task in tasks:
        found[task.task.workflow_id] = max(task.task.step, found.get(task.task.workflow_id, 0))
    return found


def _waits(task: Delegated, reached: Mapping[str, int]) -> bool:
    """Whether a task that was handed on still waits for somebody."""
    if isinstance(task.signal, ReadyForReview | PartialSuccess):
        return reached[task.task.workflow_id] <= task.task.step
    return isinstance(task.signal, BlockedOn)


def context_for(agent: Agent, document: Mapping[str, Any], most: int = MOST) -> dict[str, Any]:
    """The parts of the context that an agent receives: those of its room; the coordinator receives all of them.

    Of each part the newest `most` entries.
    """
    whole = agent.room == "desk" and agent.mandatory
    mine = {name: [entry for entry in document[name] if whole or entry["room"] == agent.room] for name in PARTS}
    return {"updated_at": document["updated_at"], **{name: entries[:most] for name, entries in mine.items()}}


def ready(tasks: Iterable[Delegated], at: int) -> tuple[Delegated, ...]:
    """The tasks that somebody can take up: handed on for review, in part, or with an issue; not the blocked ones.

    Of the last 7 days, without those that the next step of their run has taken up. Those under way are ready again
    once their deadline has passed.
    """
    known = [task for task in tasks if task.delegated_at > at - KNOWN]
    reached = _reached(known)
    return tuple(task for task in known if _can_be_taken(task, reached, at))


def _can_be_taken(task: Delegated, reached: Mapping[str, int], at: int) -> bool:
    if task.signal is None:
        return task.task.deadline < at
    return isinstance(task.signal, DiscoveredIssue) or (
        _waits(task, reached) and not isinstance(task.signal, BlockedOn)
    )


def _entry(task: Delegated, rules: StaffRules) -> dict[str, Any]:
    return {**task.told(), "room": _room(task.task.target_agent, rules)}


def _handoff(task: Delegated, rules: StaffRules) -> dict[str, Any]:
    waits_for = task.signal.what if isinstance(task.signal, BlockedOn) else ""
    return {**_entry(task, rules), "from_agent": task.task.target_agent, "waits_for": waits_for}


def _issues(tasks: Sequence[Delegated], rules: StaffRules) -> Iterator[dict[str, Any]]:
    told: set[tuple[str, str]] = set()
    for task in tasks:
        agent, issue = task.task.target_agent, task.note
        if isinstance(task.signal, DiscoveredIssue) and (agent, issue) not in told:
            told.add((agent, issue))
            since = None if task.finished_at is None else iso(task.finished_at)
            found = {"agent": agent, "room": _room(agent, rules), "issue": issue}
            yield {**found, "task_id": task.task_id, "since": since}


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
