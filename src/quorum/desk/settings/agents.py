"""agents.yaml: what is done when agents fail, who stands in for whom, who is asked for what, a user's own agents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from quorum.desk.agents.roster import (
    AGENTS,
    ROUTES,
    SUBSTITUTIONS,
    SUITES,
    Agent,
    Priority,
    Route,
    Substitution,
    Suite,
    SuiteTask,
    known_tasks,
    named,
    spelled,
)
from quorum.desk.agents.roster.registry import look_up
from quorum.desk.agents.rules import (
    AgentFailure,
    DataUnavailable,
    Detection,
    Recovery,
    Response,
    StepFailure,
    WorkflowFailure,
)
from quorum.desk.agents.staff import StaffRules
from quorum.desk.settings.reading import closest
from quorum.desk.settings.sections import Number

_TASKS = known_tasks(AGENTS.values())
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def _task(name: str) -> str:
    if name not in _TASKS:
        raise ValueError(f"there is no task {name!r}{closest(name, _TASKS)}")
    return name


def _agent_name(name: str) -> str:
    if spelled(name) != name or not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for an agent: it has small letters, digits and hyphens, as gap-watcher")
    return name


def _alias(name: str) -> str:
    if not _NAME.fullmatch(spelled(name)):
        raise ValueError(f"{name!r} is no other name for an agent: it has letters, digits, spaces, hyphens, as Levels")
    return name


AgentTask = Annotated[str, AfterValidator(_task)]
AgentName = Annotated[str, AfterValidator(_agent_name)]
Words = tuple[str, ...]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DetectionSection(_Section):
    """When a call is given up (s), how many failures in a row make an agent unhealthy, how often it is probed (s)."""

    timeout_threshold: Number = Field(30.0, gt=0)
    error_threshold: int = Field(3, ge=1, le=1_000)
    health_check_interval: Number = Field(60.0, gt=0)


class ResponseSection(_Section):
    """What follows a timeout, an error, and an agent that cannot be had."""

    timeout: Literal["retry_once_then_skip", "skip"] = "retry_once_then_skip"
    error: Literal["log_and_notify", "log"] = "log_and_notify"
    unavailable: Literal["proceed_without_if_optional", "halt"] = "proceed_without_if_optional"


class RecoverySection(_Section):
    """Whether, how often and how soon a critical task is asked again."""

    auto_retry: bool = True
    max_retries: int = Field(3, ge=0, le=20)
    backoff: Literal["exponential", "constant", "none"] = "exponential"


class AgentFailureSection(_Section):
    """The agent failure protocol; see AgentFailure for what each key does."""

    detection: DetectionSection = DetectionSection()
    response: ResponseSection = ResponseSection()
    recovery: RecoverySection = RecoverySection()

    def protocol(self) -> AgentFailure:
        """The protocol that delegation takes."""
        return AgentFailure(
            Detection(**self.detection.model_dump()),
            Response(**self.response.model_dump()),
            Recovery(**self.recovery.model_dump()),
        )


class CriticalSection(_Section):
    """What follows the failure of a critical step: the workflow halts."""

    action: Literal["halt_workflow"] = "halt_workflow"
    notify: Literal["user", "log_only"] = "user"
    log: Literal["detailed", "summary"] = "detailed"


class OptionalSection(_Section):
    """What follows the failure of an optional step."""

    action: Literal["continue_with_degraded", "halt_workflow"] = "continue_with_degraded"
    notify: Literal["user", "log_only"] = "log_only"
    log: Literal["detailed", "summary"] = "summary"


class DataSection(_Section):
    """What follows data that is not there: what is done for up to `max_wait` seconds, and what then."""

    action: Literal["wait_and_retry", "use_cached", "skip", "halt"] = "wait_and_retry"
    max_wait: Number = Field(60.0, ge=0)
    fallback: Literal["use_cached", "skip", "halt"] = "use_cached"


class WorkflowFailureSection(_Section):
    """The workflow failure handling; see WorkflowFailure for what each key does."""

    critical_step_failure: CriticalSection = CriticalSection()
    optional_step_failure: OptionalSection = OptionalSection()
    data_unavailable: DataSection = DataSection()

    def handling(self) -> WorkflowFailure:
        """The handling that the interpreter takes."""
        return WorkflowFailure(
            StepFailure(**self.critical_step_failure.model_dump()),
            StepFailure(**self.optional_step_failure.model_dump()),
            DataUnavailable(**self.data_unavailable.model_dump()),
        )


class SubstitutionSection(_Section):
    """Who is asked instead of `agent` while it is unknown or unhealthy."""

    agent: str
    use: str
    priority: Priority = Priority.MEDIUM
    purpose: str = ""

    def row(self) -> Substitution:
        return Substitution(self.agent, self.use, self.priority, self.purpose)


class RouteSection(_Section):
    """Who is asked for a kind of task: the first, and who if that one cannot."""

    task_type: str = Field(min_length=1)
    primary: str
    alternative: str = ""
    tools: Words = ()
    tasks: tuple[AgentTask, ...] = ()
    commands: Words = ()

    def row(self) -> Route:
        return Route(self.task_type, self.primary, self.alternative, self.tools, self.tasks, self.commands)


class SuiteTaskSection(_Section):
    """One task of a suite."""

    agent: str
    task: str
    params: dict[str, Any] = {}


class SuiteSection(_Section):
    """A suite: tasks at once, then tasks one after the other."""

    parallel_group: tuple[SuiteTaskSection, ...] = ()
    sequential_after: tuple[SuiteTaskSection, ...] = ()

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.parallel_group and not self.sequential_after:
            raise ValueError("a suite without a task does nothing: give it a parallel_group")
        return self

    def suite(self) -> Suite:
        first, after = (
            tuple(SuiteTask(t.agent, t.task, t.params) for t in group)
            for group in (self.parallel_group, self.sequential_after)
        )
        return Suite(first, after)


class AgentSection(_Section):
    """An agent of the user's: what it is for, and which of the known tasks it does."""

    role: str
    tasks: tuple[AgentTask, ...] = Field(min_length=1)
    domain: str = ""
    aliases: tuple[Annotated[str, AfterValidator(_alias)], ...] = ()
    triggers: Words = ()
    mandatory: bool = False
    deadline_seconds: Number | None = Field(None, gt=0)

    def agent(self, name: str) -> Agent:
        """The agent, in the room of whoever else does its first task."""
        like = AGENTS[_TASKS[self.tasks[0]][0]]
        return Agent(
            name,
            role=self.role,
            domain=self.domain or like.domain,
            room=like.room,
            source="config/agents.yaml",
            tasks=self.tasks,
            aliases=self.aliases,
            triggers=self.triggers,
            mandatory=self.mandatory,
            deadline_seconds=self.deadline_seconds,
        )


def _rows() -> tuple[SubstitutionSection, ...]:
    return tuple(
        SubstitutionSection(agent=r.agent, use=r.use, priority=r.priority, purpose=r.purpose) for r in SUBSTITUTIONS
    )


def _routes() -> tuple[RouteSection, ...]:
    return tuple(
        RouteSection(
            task_type=r.task_type,
            primary=r.primary,
            alternative=r.alternative,
            tools=r.tools,
            tasks=r.tasks,
            commands=r.commands,
        )
        for r in ROUTES
    )


def _suites() -> dict[str, SuiteSection]:
    def group(tasks: tuple[SuiteTask, ...]) -> tuple[SuiteTaskSection, ...]:
        return tuple(SuiteTaskSection(agent=t.agent, task=t.task, params=dict(t.params)) for t in tasks)

    return {
        name: SuiteSection(parallel_group=group(s.parallel_group), sequential_after=group(s.sequential_after))
        for name, s in SUITES.items()
    }


def _names_with(given: Mapping[str, AgentSection]) -> Mapping[str, Agent]:
    """Every name of ours and of the user's; ValueError for one that two agents have."""
    return named((*AGENTS.values(), *(section.agent(name) for name, section in given.items())))


def _asked(given: Any) -> Iterator[tuple[str, str]]:
    """The names of agents in rows or in suites, each with its place; the missing side of a substitution is free."""
    for key, part in given.items() if isinstance(given, Mapping) else enumerate(given, 1):
        if isinstance(part, SubstitutionSection):
            yield f"row {key}", part.use
        elif isinstance(part, RouteSection):
            yield from ((f"row {key}", name) for name in (part.primary, part.alternative) if name)
        else:
            yield from ((f"suite {key}", task.agent) for task in (*part.parallel_group, *part.sequential_after))


class AgentsFile(_Section):
    """agents.yaml. A list that is given replaces ours; `agents` are added to ours; suites replace those of their name.

    `brain` says whether a language model sits in the seats; none can be connected yet.
    """

    agent_failure_protocol: AgentFailureSection = AgentFailureSection()
    workflow_failure_handling: WorkflowFailureSection = WorkflowFailureSection()
    brain: bool = False
    agents: dict[AgentName, AgentSection] = {}
    substitutions: tuple[SubstitutionSection, ...] = _rows()
    routing: tuple[RouteSection, ...] = _routes()
    validation_suites: dict[str, SuiteSection] = _suites()

    @field_validator("brain")
    @classmethod
    def _nobody_sits(cls, given: bool) -> bool:
        if given:
            raise ValueError("no language model can be connected yet: leave it false")
        return given

    @field_validator("agents")
    @classmethod
    def _new_names(cls, given: dict[str, AgentSection]) -> dict[str, AgentSection]:
        _names_with(given)
        return given

    @field_validator("substitutions", "routing", "validation_suites")
    @classmethod
    def _known_names(cls, given: Any, info: ValidationInfo) -> Any:
        if "agents" in info.data:
            names = _names_with(info.data["agents"])
            for where, name in _asked(given):
                if look_up(names, name) is None:
                    raise ValueError(f"{where}: there is no agent {name!r}{closest(name, names)}")
        return given

    def rules(self) -> StaffRules:
        """The values that routing, health, delegation and advice take."""
        agents = {**AGENTS, **{name: section.agent(name) for name, section in self.agents.items()}}
        return StaffRules(
            agent_failure=self.agent_failure_protocol.protocol(),
            workflow_failure=self.workflow_failure_handling.handling(),
            substitutions=tuple(row.row() for row in self.substitutions),
            routes=tuple(row.row() for row in self.routing),
            suites={**SUITES, **{name: s.suite() for name, s in self.validation_suites.items()}},
            agents=agents,
            names=named(agents.values()),
            model=self.brain,
        )
