"""The staff at a glance: every agent with its health, its figures and its substitute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from quorum.desk.agents.advice import Looked
from quorum.desk.agents.book import Delegated, write_handoff
from quorum.desk.agents.context import ready
from quorum.desk.agents.health import Condition, conditions
from quorum.desk.agents.performance import Performance, parallel_efficiency, performance
from quorum.desk.agents.roster import Agent, Route
from quorum.desk.agents.routing import Gap, Routed, substitutions_now
from quorum.desk.agents.staff import Staff, StaffRules
from quorum.domain import DAY, iso

SHOWN = 1_000


def looked_at(staff: Staff, now: int, days: int, workers: int = 4) -> Looked:
    """The calls of the last `days` days up to `now`."""
    return Looked(staff.calls.since(now - days * DAY), now, days, workers)


def overview(staff: Staff, looked: Looked) -> list[dict[str, Any]]:
    """Every agent: names, role, tasks; health and why; success rate, p95 in seconds, calls; substitute, seat."""
    health = conditions(staff, staff.rules.agents.values())
    found = performance(looked.calls)
    return [
        agent_told(staff.rules, agent, health[agent.name], found.get(agent.name))
        for agent in sorted(staff.rules.agents.values(), key=lambda a: a.name)
    ]


def agent_told(rules: StaffRules, agent: Agent, state: Condition, figures: Performance | None) -> dict[str, Any]:
    """One agent in plain values; figures that nothing is known of are None."""
    return {
        "name": agent.name,
        "aliases": list(agent.aliases),
        "role": agent.role,
        "domain": agent.domain,
        "triggers": list(agent.triggers),
        "room": agent.room,
        "tasks": list(agent.tasks),
        "source": agent.source,
        "health": state.health.value,
        "reason": state.reason,
        "calls": 0 if figures is None else figures.calls,
        "success_rate": None if figures is None else figures.rate,
        "p95_seconds": None if figures is None else figures.p95,
        "effectiveness": None if figures is None else figures.effectiveness,
        "last_call": None if state.last_call is None else iso(state.last_call),
        "substitute": next((r.use for r in rules.substitutions if rules.find(r.agent) is agent), None),
        "mandatory": agent.mandatory,
        "deadline_seconds": rules.deadline_seconds(agent),
        "brain": None if agent.brain is None else ("on" if rules.model else "off"),
    }


def routing_told(row: Route, taken: Routed | Gap) -> dict[str, Any]:
    """A row of the routing table and who takes it now, in plain values."""
    told: dict[str, Any] = {
        "task_type": row.task_type,
        "primary": row.primary,
        "alternative": row.alternative or None,
        "tools": list(row.tools),
        "commands": list(row.commands),
        "why": list(taken.why),
    }
    if isinstance(taken, Gap):
        gap = {"alternative": taken.alternative or None, "template": taken.template}
        return {**told, "agent": None, "tasks": [], "substituted": False, "priority": None, "gap": gap}
    used = taken.substitution
    return {
        **told,
        "agent": taken.agent.name,
        "tasks": list(taken.tasks),
        "others": list(taken.alternatives),
        "probe": taken.probe,
        "substituted": used is not None,
        "substitution": None if used is None else asdict(used),
        "priority": None if used is None else used.priority.value,
        "gap": None,
    }


def summary(staff: Staff, looked: Looked) -> dict[str, Any]:
    """The staff in figures: tasks by how they were handed on, agents by health, substitutions, parallel efficiency."""
    tasks = everything(staff)
    health = conditions(staff, staff.rules.agents.values())
    efficiency = parallel_efficiency(looked.calls, looked.workers)
    return {
        "at": iso(looked.now),
        "tasks": _counted([_word(task) for task in tasks]),
        "ready": len(ready(tasks, looked.now)),
        "agents": _counted([state.health.value for state in health.values()]),
        "substitutions": [
            {"agent": row.agent, "use": row.use, "why": why}
            for row, why in substitutions_now(staff.rules, health, looked.now)
        ],
        "calls": len(looked.calls),
        "days": looked.days,
        "parallel_efficiency": None if efficiency is None else asdict(efficiency),
    }


def everything(staff: Staff, limit: int = SHOWN) -> Sequence[Delegated]:
    """The newest tasks and all that are under way, each once."""
    found = {task.task_id: task for task in (*staff.tasks.recent(limit), *staff.tasks.open())}
    return tuple(found.values())


def _word(task: Delegated) -> str:
    if task.signal is None:
        return "under_way"
    word = write_handoff(task.signal)
    return "BLOCKED" if word.startswith("BLOCKED_ON_") else word


def _counted(words: Sequence[str]) -> Mapping[str, int]:
    return {word: words.count(word) for word in sorted(set(words))}
