"""What a spec is read against: the names that there are, and what holds where it is silent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from quorum.desk.agents.roster.agent import spelled
from quorum.desk.workflows.spec import Degrade, Fallback, Retries

DATA_AGENTS = ("data-pipeline-manager", "data-collector")
_PREFIX = "trading-"

if TYPE_CHECKING:  # some tasks ask for runs of workflows
    from quorum.desk.work import Job


class Specialist(Protocol):
    """An agent, as far as a spec asks for it."""

    @property
    def name(self) -> str: ...

    @property
    def aliases(self) -> tuple[str, ...]: ...

    @property
    def tasks(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Known:
    """Every name of an agent with the tasks that it does, every task with the keys that its answer has at least, and
    the documents of the workflows by name. Names of agents have small letters and hyphens.
    """

    agents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tasks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    workflows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, agents: Iterable[Specialist], jobs: Mapping[str, Job]) -> Known:
        """What the registry of agents and the table of tasks know; no workflows."""
        named = {spelled(name): tuple(agent.tasks) for agent in agents for name in (agent.name, *agent.aliases)}
        return cls(named, {name: tuple(job.answers) for name, job in jobs.items()})

    def does(self, agent: str) -> tuple[str, ...] | None:
        """The tasks of an agent, however its name is spelled; None for a name that nobody has."""
        plain = spelled(agent)
        return self.agents.get(plain, self.agents.get(plain.removeprefix(_PREFIX)))


@dataclass(frozen=True, slots=True)
class Protocols:
    """What becomes of a task that says nothing of its retries or its failure: file 4's protocols, as it gives them.

    A critical task is asked again `critical_retries` times, an optional one `optional_retries` times, first after
    `first_seconds`, then `factor` times as long each time. Then a critical one halts the workflow; an optional one
    does as `optional` says (skip or halt), and a task of `data_agents` as `data` says: wait_and_retry for at most
    `data_wait_seconds` and then as `data_then` says, or one of use_cached, skip and halt at once.
    """

    critical_retries: int = 3
    optional_retries: int = 1
    first_seconds: float = 1.0
    factor: float = 2.0
    optional: str = Degrade.SKIP.value
    data: str = Degrade.WAIT_AND_RETRY.value
    data_wait_seconds: float = 60.0
    data_then: str = Degrade.USE_CACHED.value
    data_agents: tuple[str, ...] = DATA_AGENTS

    def retries(self, critical: bool) -> Retries:
        most = self.critical_retries if critical else self.optional_retries
        return Retries(most, self.first_seconds, self.factor)

    def fallback(self, critical: bool, agent: str | None) -> Fallback:
        if agent is not None and spelled(agent) in self.data_agents:
            return Fallback(Degrade(self.data), self.data_wait_seconds, Degrade(self.data_then))
        last = Degrade.HALT if critical else Degrade(self.optional)
        return Fallback(last, self.data_wait_seconds, last)
