"""Whether the signal pipeline may start: the agents' health, and the verdict over all that was looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quorum.desk.agents import conditions
from quorum.desk.desk import Desk
from quorum.desk.work.asked import given
from quorum.desk.work.assignment import Assignment
from quorum.domain import iso

SOUND = ("healthy", "degraded")


def check_agents(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """The health of every agent by its last calls: healthy, degraded, unhealthy or unavailable, and why.

    `ready` is that every mandatory agent is healthy or degraded.
    """
    agents = desk.staff.rules.agents
    found = conditions(desk.staff, agents.values())
    health = {name: one.health.value for name, one in found.items()}
    missing = [name for name, agent in agents.items() if agent.mandatory and health[name] not in SOUND]
    return {
        "as_of": iso(assignment.as_of),
        "agents": {
            name: {"health": one.health.value, "reason": one.reason, "mandatory": agents[name].mandatory}
            for name, one in found.items()
        },
        "healthy": sum(word == "healthy" for word in health.values()),
        "mandatory_missing": missing,
        "ready": not missing,
    }


def initialise_pipeline(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """Ready when the feeds asked for are fresh, every mandatory agent is well and every account within its limits.

    From the answers `feeds`, `agents` and `drawdown`; one that is not there is a reason against. `ready` is false with
    the `reasons`, each with what was found.
    """
    feeds, agents, drawdown = (given(assignment, name) for name in ("feeds", "agents", "drawdown"))
    reasons = [*_feeds(feeds), *_agents(agents), *_drawdown(drawdown)]
    return {
        "as_of": iso(assignment.as_of),
        "ready": not reasons,
        "reasons": reasons,
        "checked": [name for name, found in (("feeds", feeds), ("agents", agents), ("drawdown", drawdown)) if found],
    }


def _feeds(found: Mapping[str, Any] | None) -> list[str]:
    if found is None:
        return ["the feeds were not verified"]
    if found["fresh"]:
        return []
    if not found["asked_for"]:
        return ["the lake has no series of what the run is about"]
    stale = [name for name in found["asked_for"] if name in found["stale"]]
    return [f"stale feeds: {', '.join(stale) or 'some of those asked for'}"]


def _agents(found: Mapping[str, Any] | None) -> list[str]:
    if found is None:
        return ["the agents were not checked"]
    health = found["agents"]
    return [f"{name} is {health[name]['health']}: {health[name]['reason']}" for name in found["mandatory_missing"]]


def _drawdown(found: Mapping[str, Any] | None) -> list[str]:
    if found is None:
        return ["the drawdown is not known"]
    return [
        f"{one['account']} has lost {one['total_loss']:.1%} of its capital, the limit is {one['max_total_loss']:.0%}"
        for one in found["accounts"]
        if not one["within_limits"]
    ]
