"""The doors to a durable engine: from inside a running workflow, and from outside."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

_CHILD = re.compile(r"(start|await) [^/ ]+/")
MOST_DEATHS = 50
"""After so many deaths of its workers a run is given up. A worker that stops in good order does not count."""


class Durable(Protocol):
    """One run as its own body sees it. The body calls these in an order that depends on their answers alone.

    In a run that was cancelled the next of them raises what is no `Exception`; the step at hand was not kept.
    """

    @property
    def identity(self) -> str:
        """The run's id."""
        ...

    def step(self, name: str, work: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        """The answer of `work`, kept: once it is kept, the step is never run again. Run at least once before that."""
        ...

    def wait(self, topic: str, seconds: float) -> Mapping[str, Any] | None:
        """The message sent to this run on `topic`; None after `seconds`. Survives restarts."""
        ...

    def children(self, asked: Sequence[tuple[str, Mapping[str, Any]]]) -> Sequence[Mapping[str, Any]]:
        """The outcomes of other runs, by id and request, all under way at once; those that are there go on."""
        ...


@dataclass(frozen=True, slots=True)
class RunStep:
    """One kept step: its name, when it began and ended (ns UTC, None where not known), its answer or its error."""

    number: int
    name: str
    began: int | None
    ended: int | None
    answer: Mapping[str, Any] | None
    error: str | None


def step_number(name: str) -> int | None:
    """The number of the step of its workflow that a kept step belongs to; None for one that belongs to none."""
    own = _CHILD.sub("", name)
    number = own.partition(".")[0]
    return int(number) if number.isdecimal() else None


@dataclass(frozen=True, slots=True)
class RunState:
    """A run from outside: status is enqueued, running, waiting, done, failed or cancelled."""

    identity: str
    workflow: str
    status: str
    created: int
    updated: int
    request: Mapping[str, Any]
    outcome: Mapping[str, Any] | None
    error: str | None
    executor: str | None
    attempts: int


class Workflows(Protocol):
    """The runs of a workspace, for every process; only a worker runs them."""

    def enqueue(self, identity: str, request: Mapping[str, Any]) -> None:
        """Ask for a run; one with that id that is there already stays as it is."""
        ...

    def send(self, identity: str, topic: str, message: Mapping[str, Any]) -> None:
        """Tell a run something, once for a topic however often it is said."""
        ...

    def runs(self, limit: int = 50, workflow: str | None = None, status: str | None = None) -> Sequence[RunState]:
        """The newest runs, newest first."""
        ...

    def run(self, identity: str) -> tuple[RunState, Sequence[RunStep]]:
        """One run with its kept steps; NotFound for an id that there is not."""
        ...

    def move(self, identity: str, move: str, step: int | None = None, to: str | None = None) -> str:
        """Cancel, resume, delete or fork a run, the first three with its parts; the id of the run that goes on.

        A fork begins at step number `step`, with the kept answers of the steps before it, under the id `to`; one
        that is there stays as it is.
        IllegalMove for what its status does not allow.
        """
        ...
