"""Doors that many rooms need; each is implemented in `adapters`, its fake stands in `fakes`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from math import inf
from typing import Any, NamedTuple, Protocol

from quorum.domain.decision import Choice, Decision, DecisionKind
from quorum.domain.errors import QuorumError, Severity, UsageError
from quorum.domain.order import Order, OrderEvent, OrderIntent
from quorum.domain.position import Book, Fill


class DecisionLog(Protocol):
    """Decisions, appended and never edited; ids are unique and count upwards per UTC day."""

    def record(self, choice: Choice) -> Decision:
        """Append a choice; when this returns, it survives a kill."""
        ...

    def once(self, key: str, choice: Choice) -> str:
        """The id of the decision recorded under `key`: of this choice, or of the one that was there first."""
        ...

    def get(self, decision_id: str) -> Decision:
        """The decision with that id; NotFound when there is none."""
        ...

    def following(self, decision_id: str) -> Sequence[Decision]:
        """The decisions that name it as a parent, oldest first."""
        ...

    def recent(self, limit: int, kind: DecisionKind | None = None, subject: str | None = None) -> Sequence[Decision]:
        """The newest decisions, newest first; of one kind and about one subject where they are named."""
        ...


class Transaction(Protocol):
    """What one serialised change of an account may do; all of it is committed, or none."""

    def book(self, marks: Mapping[str, Decimal] | None = None, at: int | None = None) -> Book:
        """The account as this transaction sees it, its own changes included; `marks` replace stored prices.

        They are the prices of `at` (ns UTC), now unless it is given; what the account is worth then is kept.
        """
        ...

    def record(self, choice: Choice) -> Decision:
        """Append a decision that commits with the rest."""
        ...

    def intend(self, intent: OrderIntent) -> Order:
        """Write an intent and hold its reserve; an earlier intent with that id is returned as it is."""
        ...

    def append(self, event: OrderEvent) -> Order:
        """Append an order's event; IllegalMove when its status does not allow it, unless it has ended already."""
        ...

    def book_fill(self, fill: Fill) -> Order:
        """Book a fill into order, ledger and position; one that is booked already changes nothing."""
        ...

    def once(self, key: str, act: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        """What `act` answers, committed with all that it did; under a key that has an answer, that one and no act."""
        ...


class UnitOfWork(Protocol):
    """Opens transactions; two on the same account never overlap, in this process or another."""

    def transaction(self, account: str) -> AbstractContextManager[Transaction]:
        """Begin; commits at the end of the block, rolls back on an exception. NotFound for an unknown account."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What each task of a batch may take: seconds of wall time, and MiB of private memory above a worker's start-up.

    At most `workers` run at once, None is one a core. None elsewhere is no limit. UsageError for what makes no sense.
    """

    seconds: float | None = None
    memory_mb: float | None = None
    workers: int | None = None

    def __post_init__(self) -> None:
        for name in ("seconds", "memory_mb", "workers"):
            value = getattr(self, name)
            if value is not None and not 0 < value < inf:
                raise UsageError(f"a limit of {value} {name} makes no sense", "it is a number above 0, or left out")


class Loss(Enum):
    """Why a task has no answer: over its time, over its memory, its process died, or it failed by itself."""

    TIMEOUT = "timeout"
    MEMORY = "memory"
    CRASH = "crash"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Done:
    """The answer of the payload with that index, the CPU seconds it took, and its peak of resident memory in MiB.

    The peak counts from a worker's start-up and has the mapped files in it that the task read.
    """

    index: int
    answer: Mapping[str, Any]
    cpu_seconds: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Lost:
    """The payload with that index has no answer: why, and the error that names the task, ready to be raised."""

    index: int
    why: Loss
    error: QuorumError


Outcome = Done | Lost


class Progress(NamedTuple):
    """How far a batch is: tasks with an outcome, tasks in all, and the shares that running ones told, by index."""

    done: int
    total: int
    running: Mapping[int, float]


class Executor(Protocol):
    """Runs named tasks on plain JSON values, here or elsewhere."""

    def run(self, task: str, payload: Mapping[str, Any], timeout: float | None = None) -> Mapping[str, Any]:
        """The task's answer; the task's own error is raised again. QuorumError after `timeout` seconds."""
        ...

    def run_many(
        self,
        task: str,
        payloads: Sequence[Mapping[str, Any]],
        limits: Limits,
        told: Callable[[Progress], object] = ...,
    ) -> Iterator[Outcome]:
        """One outcome for each payload, as they come; a lost task leaves the others alone.

        `told` hears of every outcome and of what running tasks tell. Closing the iterator ends what still runs.
        """
        ...


class Notifier(Protocol):
    """Tells people."""

    def notify(self, severity: Severity, summary: str, details: Mapping[str, Any]) -> None:
        """Deliver, or raise QuorumError; a message is never dropped silently."""
        ...
