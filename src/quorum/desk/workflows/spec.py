"""What a workflow is made of: frozen values, as they stand in a YAML file that has been checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from quorum.domain.grammar import Expression


class Degrade(StrEnum):
    """What becomes of a task that has no answer.

    HALT ends the workflow; SKIP goes on without; USE_CACHED takes the last completed answer of that task, which may
    inform context and never an entry; WAIT_AND_RETRY asks again for up to `max_wait_seconds`, then does what `then`
    says.
    """

    HALT = "halt"
    SKIP = "skip"
    USE_CACHED = "use_cached"
    WAIT_AND_RETRY = "wait_and_retry"


@dataclass(frozen=True, slots=True)
class Fallback:
    """The policy of a task without an answer; `then` never is WAIT_AND_RETRY."""

    policy: Degrade
    max_wait_seconds: float = 60.0
    then: Degrade = Degrade.SKIP


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a task is asked again after its first failure, and the seconds between: first, then times factor."""

    most: int = 1
    first_seconds: float = 1.0
    factor: float = 2.0


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do, by an agent; without an agent the coordinator does it itself.

    `task` is a name in the table of tasks. `params` are constants, `inputs` expressions over what is known by then.
    `outputs` name what of the answer later conditions may read: name -> dotted path in the answer. `output` is the
    path of the JSON document that the answer becomes, from the workspace's root. Without `deadline_seconds` a call may
    take as long as its agent says, else as the failure protocol.
    """

    name: str
    task: str
    agent: str | None
    action: str
    params: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Expression] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    output: str | None = None
    condition: Expression | None = None
    deadline_seconds: float | None = None
    retries: Retries = Retries()
    critical: bool = True
    fallback: Fallback = Fallback(Degrade.HALT)


@dataclass(frozen=True, slots=True)
class Tasks:
    """Tasks one after the other, or all at once; a task at once with others reads none of their outputs."""

    tasks: tuple[Task, ...]
    parallel: bool = False


@dataclass(frozen=True, slots=True)
class Criterion:
    """One condition of a decision point, as it is written."""

    text: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class DecisionPoint:
    """A choice: approved where every criterion holds, rejected where one fails, else inconclusive: one cannot be told.

    It is recorded as a decision. The step's name is published with `verdict`, `criteria`, `values` and `decision_id`,
    `name_approved` is true or false.
    """

    question: str
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class ApprovalPoint:
    """A question that a person answers; after `expires_seconds` it is answered by `otherwise`: reject or halt.

    `shows` are expressions whose values the person sees. A standing approval whose scope covers it answers at once.
    The step's name is published with `status`, by whom and why; `name_approved` is true or false.
    """

    question: str
    expires_seconds: float
    remind_seconds: float | None = None
    otherwise: str = "reject"
    scope: str | None = None
    shows: Mapping[str, Expression] = field(default_factory=dict)
    until: Expression | None = None
    size: Expression | None = None


@dataclass(frozen=True, slots=True)
class SubWorkflow:
    """Another workflow, run as a part of this one; its results are published under the step's name."""

    workflow: str
    params: Mapping[str, Expression] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Loop:
    """The body for each item of a list, at most `at_most` at once; the answers are published as a list, in order."""

    over: Expression
    item: str
    at_most: int
    body: Task | SubWorkflow
    most_items: int = 1_000


Body = Tasks | DecisionPoint | ApprovalPoint | SubWorkflow | Loop


@dataclass(frozen=True, slots=True)
class Step:
    """One durable step: what finished is never run again. `number` counts from 1; `place` says where it is written."""

    number: int
    name: str
    body: Body
    condition: Expression | None = None
    action: str = ""
    place: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a run is asked with: `kind` is text, symbol, number, integer, flag, instant, timeframe or list."""

    name: str
    kind: str
    default: Any = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Cron:
    """At the times of a cron expression of five fields in a time zone; with `bars`, once the bar of then is here."""

    expression: str
    timezone: str = "UTC"
    bars: bool = False
    grace_seconds: float = 3.0


@dataclass(frozen=True, slots=True)
class Session:
    """Every session of an exchange's calendar, `offset_minutes` from its open or its close."""

    calendar: str
    at: str = "open"
    offset_minutes: int = 0
    only: str = "every"


@dataclass(frozen=True, slots=True)
class OnEvent:
    """Whenever the event is published: strategy_changed, drift, deployment, alert, or a name of the user's."""

    event: str
    condition: Expression | None = None


Trigger = Cron | Session | OnEvent


@dataclass(frozen=True, slots=True)
class WorkflowSpec:
    """A checked workflow. `results` name what a run answers with: name -> expression over what is known at the end.

    `document` is the YAML as plain values, with the documents of its sub-workflows by name in `parts`: a run carries
    both, so that a later edit of the file changes nothing under way. `missed` and `overlap` are the schedule's
    policies: run_once, run_all or skip; and skip, queue or cancel.
    """

    name: str
    about: str
    steps: tuple[Step, ...]
    params: tuple[Parameter, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    results: Mapping[str, Expression] = field(default_factory=dict)
    execution: str = "notify"
    missed: str = "skip"
    overlap: str = "skip"
    deadline_seconds: float | None = None
    document: Mapping[str, Any] = field(default_factory=dict)
    parts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
