"""The doors to what is kept of agents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from quorum.desk.agents.book.records import Call, Delegated, Delegation, Finish


class Calls(Protocol):
    """Every call of an agent, appended and never edited; a key is recorded once."""

    def record(self, call: Call) -> None:
        """Append one call."""
        ...

    def record_all(self, calls: Sequence[Call]) -> None:
        """Append calls in one transaction; one whose key is there already is left out."""
        ...

    def of(self, agent: str, since: int) -> Sequence[Call]:
        """The calls of an agent that began at `since` or later, oldest first."""
        ...

    def last(self, agents: Sequence[str], count: int) -> Mapping[str, Sequence[Call]]:
        """The last `count` calls of each agent, oldest first; an agent without one has an empty list."""
        ...

    def since(self, instant: int) -> Sequence[Call]:
        """All calls that began at `instant` or later, oldest first."""
        ...


class TaskBook(Protocol):
    """The tasks given to agents; each is finished once."""

    def delegate_all(self, tasks: Sequence[Delegation]) -> Sequence[Delegated]:
        """Write tasks down in one transaction and give them ids; one whose key is there comes back as it is."""
        ...

    def finish_all(self, ends: Sequence[Finish]) -> int:
        """Hand tasks on in one transaction; how many were still open. The first word stays; NotFound for no task."""
        ...

    def get(self, task_id: str) -> Delegated:
        """The task with that id; NotFound when there is none."""
        ...

    def open(self) -> Sequence[Delegated]:
        """The tasks under way, oldest first."""
        ...

    def recent(self, limit: int) -> Sequence[Delegated]:
        """The tasks given last, newest first."""
        ...
