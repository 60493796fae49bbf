"""What is kept of agents: the tasks they were given, and every call with what came of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from quorum.desk.agents.book.handoffs import Handoff, write_handoff
from quorum.desk.agents.roster import Priority
from quorum.domain import iso


class CallOutcome(StrEnum):
    """How a call ended.

    ERROR and TIMEOUT count against the agent. UNAVAILABLE does not: the agent said that what was asked cannot be had.
    GAP is a name that nobody answers to.
    """

    DONE = "done"
    ERROR = "error"
    TIMEOUT = "timeout"
    UNAVAILABLE = "unavailable"
    GAP = "gap"


FAILURES = frozenset({CallOutcome.ERROR, CallOutcome.TIMEOUT})


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an agent: begun `at` (ns UTC), taking `seconds`; `key` names the occasion and attempt.

    `asked_agent` is the name that was asked for, `agent` the one that was called, empty for a gap. `effect` is the id
    or the path of what the call made, empty when it made nothing that is used.
    """

    key: str
    at: int
    agent: str
    asked_agent: str
    task_type: str
    workflow_id: str
    outcome: CallOutcome
    seconds: float
    error: str = ""
    effect: str = ""

    @property
    def ended(self) -> int:
        return self.at + round(self.seconds * 1e9)


@dataclass(frozen=True, slots=True)
class Delegation:
    """A task for an agent, before it has an id; `deadline` is an instant in ns UTC, `key` names the occasion.

    `given_at` is when it was given, where it is written down later than that.
    """

    key: str
    target_agent: str
    asked_agent: str
    task_type: str
    workflow_id: str
    step: int
    deadline: int
    expected_output: str = ""
    inputs_available: tuple[str, ...] = ()
    priority: Priority = Priority.MEDIUM
    given_at: int | None = None

    def made(self, task_id: str, now: int) -> Delegated:
        """The task in the book, under its id."""
        given = now if self.given_at is None else self.given_at
        return Delegated(task_id, given, replace(self, given_at=None))


@dataclass(frozen=True, slots=True)
class Delegated:
    """A task in the book: its id, when it was given, and how it was handed on (None while it is under way)."""

    task_id: str
    delegated_at: int
    task: Delegation
    signal: Handoff | None = None
    note: str = ""
    finished_at: int | None = None

    def document(self) -> dict[str, Any]:
        """The task as file 4 writes it."""
        task = self.task
        return {
            "task_id": self.task_id,
            "delegated_at": iso(self.delegated_at),
            "target_agent": task.target_agent,
            "task_type": task.task_type,
            "context": {
                "workflow_id": task.workflow_id,
                "step": task.step,
                "inputs_available": list(task.inputs_available),
            },
            "expected_output": task.expected_output,
            "deadline": iso(task.deadline),
            "priority": task.priority.value,
        }

    def told(self) -> dict[str, Any]:
        """The document with what became of it."""
        return {
            **self.document(),
            "asked_agent": self.task.asked_agent,
            "signal": None if self.signal is None else write_handoff(self.signal),
            "note": self.note,
            "finished_at": None if self.finished_at is None else iso(self.finished_at),
        }


@dataclass(frozen=True, slots=True)
class Finish:
    """How a task ended; `at` is when, where it is written down later than that."""

    task_id: str
    signal: Handoff
    note: str = ""
    at: int | None = None
