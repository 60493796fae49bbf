"""The one table in which specialists are looked up by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from quorum.desk.agents.roster.agent import Agent, spelled
from quorum.desk.agents.roster.engineers import ENGINEERS
from quorum.desk.agents.roster.traders import TRADERS

COORDINATOR = "trading-coordinator"
GENERAL = "general-purpose"
PREFIX = "trading-"

AGENTS: Mapping[str, Agent] = {agent.name: agent for agent in (*TRADERS, *ENGINEERS)}


def named(agents: Iterable[Agent]) -> Mapping[str, Agent]:
    """Every name and alias, spelled, with its agent; ValueError for one that two agents have."""
    found: dict[str, Agent] = {}
    for agent in agents:
        for name in (agent.name, *agent.aliases):
            other = found.setdefault(spelled(name), agent)
            if other is not agent:
                raise ValueError(f"{name!r} is a name of {other.name} already")
    return found


def look_up(names: Mapping[str, Agent], name: str) -> Agent | None:
    """The agent that `name` means, however it is spelled, also with `trading-` before it; None for nobody."""
    plain = spelled(name)
    return names.get(plain) or names.get(plain.removeprefix(PREFIX))


def known_tasks(agents: Iterable[Agent]) -> Mapping[str, tuple[str, ...]]:
    """Every task that somebody does, with the names of those who do it."""
    found: dict[str, tuple[str, ...]] = {}
    for agent in agents:
        for task in agent.tasks:
            found[task] = (*found.get(task, ()), agent.name)
    return found
