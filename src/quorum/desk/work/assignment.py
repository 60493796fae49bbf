"""What a task is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from quorum.domain import QuorumError

if TYPE_CHECKING:
    from quorum.desk.desk import Desk


class Place(StrEnum):
    """Where a task runs: POOL is a warm process that is killed at the deadline and writes nothing but trials;
    DESK is the worker itself, for what commits to the desk's database.
    """

    POOL = "pool"
    DESK = "desk"


@dataclass(frozen=True, slots=True)
class Assignment:
    """One call of a task. `params` are the run's parameters under the task's own; `inputs` the values it is given.

    `key` names the occasion, `WORKFLOW/STEP/TASK`: a task asked twice with the same key has its effect once.
    `as_of` is the instant that the run decides at (ns UTC). `context` holds its domain's part of the orchestration
    context. `execution` is notify, paper or live. All of it is plain JSON values.
    """

    key: str
    workflow_id: str
    task: str
    agent: str
    as_of: int
    params: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    execution: str = "notify"


class Unavailable(QuorumError):
    """What was asked cannot be had: its room is not built, its source is silent, its model is missing."""


Work = Callable[["Desk", Assignment], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Job:
    """One row of the table of tasks: what does it and where. `answers` names the keys that its answer has at least."""

    work: Work
    place: Place
    answers: tuple[str, ...]
