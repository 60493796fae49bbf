"""The staff of a workspace: who there is by its configuration, and what is kept of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from quorum.desk.agents.book import Calls, TaskBook
from quorum.desk.agents.roster import (
    AGENTS,
    ROUTES,
    SUBSTITUTIONS,
    SUITES,
    Agent,
    Route,
    Substitution,
    Suite,
    spelled,
)
from quorum.desk.agents.roster.registry import look_up, named
from quorum.desk.agents.rules import AgentFailure, WorkflowFailure
from quorum.domain import NotFound

_OURS = named(AGENTS.values())


@dataclass(frozen=True, slots=True)
class StaffRules:
    """config/agents.yaml as values. `model` says whether a language model sits in the seats.

    `agents` are ours and the workspace's own, by name; `names` has every name and alias, as `named` makes it.
    """

    agent_failure: AgentFailure = field(default_factory=AgentFailure)
    workflow_failure: WorkflowFailure = field(default_factory=WorkflowFailure)
    substitutions: tuple[Substitution, ...] = SUBSTITUTIONS
    routes: tuple[Route, ...] = ROUTES
    suites: Mapping[str, Suite] = field(default_factory=lambda: SUITES)
    agents: Mapping[str, Agent] = field(default_factory=lambda: AGENTS)
    names: Mapping[str, Agent] = field(default_factory=lambda: _OURS)
    model: bool = False

    def find(self, name: str) -> Agent | None:
        """The agent that `name` or an alias means, however it is spelled; None for nobody."""
        return look_up(self.names, name)

    def own_name(self, name: str) -> str:
        """The name of the agent that `name` or an alias means; as it is written for nobody."""
        agent = self.find(name)
        return name if agent is None else agent.name

    def known(self, name: str) -> Agent:
        """The agent that `name` means; NotFound for nobody."""
        agent = self.find(name)
        if agent is None:
            near = get_close_matches(spelled(name), self.names, 1, 0.5)
            hint = f", did you mean {near[0]!r}?" if near else ""
            raise NotFound(f"there is no agent {name!r}{hint}", "list them with `quorum agents`")
        return agent

    def deadline_seconds(self, agent: Agent) -> float:
        """How long a call of the agent may take."""
        own = agent.deadline_seconds
        return self.agent_failure.detection.timeout_threshold if own is None else own

    def refusal(self, agent: Agent) -> str:
        """Why the agent cannot be had whatever its health; empty when it can."""
        if agent.tasks or (agent.brain and self.model):
            return ""
        if agent.brain:
            return "its seat for a language model is empty"
        return f"its room, {agent.room}, does not do its work yet"


@dataclass(frozen=True, slots=True)
class Staff:
    """The parts that the use cases of agents work with."""

    rules: StaffRules
    calls: Calls
    tasks: TaskBook


def find_agent(name: str) -> Agent | None:
    """The specialist of ours that `name` or an alias means; None for nobody."""
    return look_up(_OURS, name)
