"""What a run asks of the desk: the door between interpreting a workflow and doing its work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from quorum.desk.workflows.spec import ApprovalPoint, Step, Task
from quorum.domain.grammar import Expression


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true of a whole run: its id, its workflow, the instant it decides at, its parameters."""

    identity: str
    workflow: str
    as_of: int
    execution: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A task to be done in a step of a run; `key` names the occasion, so that a second try has no second effect.

    `left` are the seconds until the run's own time is up, None where that has no end. `available` are the inputs that
    are there, by the path of their document where they have one; `used_as` is where others read the answer.
    """

    facts: Facts
    step: int
    key: str
    task: Task
    inputs: Mapping[str, Any]
    left: float | None = None
    available: tuple[str, ...] = ()
    used_as: str = ""


Read = Callable[[Expression], Any]


class Crew(Protocol):
    """The desk at work for a run. What has an effect is asked inside a durable step, at least once."""

    def now(self) -> int:
        """The time (ns UTC)."""
        ...

    def perform(self, calls: Sequence[Call], parallel: bool) -> Mapping[str, Mapping[str, Any]]:
        """What became of each call, by its task's name: `status` is completed, cached, unavailable, failed or skipped;
        the first two have an `answer`, the others a `reason`. Stops after a critical one that failed.
        """
        ...

    def decide(self, facts: Facts, key: str, question: str, verdict: Mapping[str, Any]) -> str:
        """Record what a decision point chose, once for its key; the decision's id."""
        ...

    def ask(self, facts: Facts, key: str, point: ApprovalPoint, read: Read) -> Mapping[str, Any]:
        """Put a question to people, once for its key: `approval_id`, `status`, and the `seconds` left to answer.

        `read` gives the values of the point's expressions.
        """
        ...

    def settle(self, facts: Facts, approval_id: str, reminder: int = 0) -> Mapping[str, Any]:
        """How a question stands: `status`, by whom, why; people get the reminder of that number, 0 ends it instead."""
        ...

    def file(self, facts: Facts, output: str, document: Mapping[str, Any], again: bool = False) -> None:
        """Write a document into the workspace; the result of a task, or why there is none.

        `again` when it was to be written before: then one of a later instant stays.
        """
        ...

    def reached(
        self, facts: Facts, plan: Sequence[Step], states: Mapping[str, Mapping[str, Any]], end: str | None
    ) -> None:
        """Show how far the run is: the steps of its spec, the states of those it did; `end` is how it ended."""
        ...
