"""The durable engine: the client's side for every process, the worker's side for the one that holds the lease."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from quorum.bootstrap.stores import engine_place
from quorum.desk import Workspace
from quorum.desk.running import BookedWorkflows, RunBook

if TYPE_CHECKING:
    from quorum.desk.workflows import RunState, RunStep, Workflows


class LaterWorkflows:
    """Workflows that opens the engine's client when it is first asked: it takes longer to load than most commands."""

    def __init__(self, opened: Callable[[], Workflows]) -> None:
        self._open = opened
        self._there: Workflows | None = None

    def enqueue(self, identity: str, request: Mapping[str, Any]) -> None:
        self._workflows.enqueue(identity, request)

    def send(self, identity: str, topic: str, message: Mapping[str, Any]) -> None:
        self._workflows.send(identity, topic, message)

    def runs(self, limit: int = 50, workflow: str | None = None, status: str | None = None) -> Sequence[RunState]:
        return self._workflows.runs(limit, workflow, status)

    def run(self, identity: str) -> tuple[RunState, Sequence[RunStep]]:
        return self._workflows.run(identity)

    def move(self, identity: str, move: str, step: int | None = None, to: str | None = None) -> str:
        return self._workflows.move(identity, move, step, to)

    @property
    def _workflows(self) -> Workflows:
        if self._there is None:
            self._there = self._open()
        return self._there


def open_workflows(workspace: Workspace, book: RunBook) -> Workflows:
    """The runs of a workspace, to ask for and to look at; each is in the book before it is asked for."""
    from quorum.adapters.dbos import DbosWorkflows, open_system

    return BookedWorkflows(DbosWorkflows(open_system(engine_place(workspace))), book)
