"""The states of the whole system, which moves between them are legal, and what each allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from quorum.domain import IllegalMove, UsageError, iso

if TYPE_CHECKING:
    from quorum.desk.system.ports import States


class SystemState(StrEnum):
    """One word for the whole desk."""

    STARTING = "starting"
    OPERATIONAL = "operational"
    DEGRADED = "degraded"
    PAUSED = "paused"
    HALTED = "halted"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, by name."""

    name: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the desk itself: a role, a workflow, a breaker."""

    name: str


class Allows(NamedTuple):
    """What may happen in a state: new exposure, and runs that the scheduler starts. Reductions always may."""

    opens: bool
    starts_runs: bool


_S = SystemState

# A killed process leaves its state behind, so that starting is legal from wherever it was at work. What was paused or
# halted has no way to stopping: it stays what it is while nothing runs, and afterwards.
LEGAL: Mapping[SystemState, frozenset[SystemState]] = {
    _S.STARTING: frozenset({_S.STARTING, _S.OPERATIONAL, _S.DEGRADED, _S.PAUSED, _S.HALTED, _S.STOPPING}),
    _S.OPERATIONAL: frozenset({_S.STARTING, _S.DEGRADED, _S.PAUSED, _S.HALTED, _S.STOPPING}),
    _S.DEGRADED: frozenset({_S.STARTING, _S.OPERATIONAL, _S.PAUSED, _S.HALTED, _S.STOPPING}),
    _S.PAUSED: frozenset({_S.OPERATIONAL, _S.DEGRADED, _S.HALTED}),
    _S.HALTED: frozenset({_S.OPERATIONAL, _S.DEGRADED, _S.PAUSED}),
    _S.STOPPING: frozenset({_S.STARTING, _S.HALTED}),
}
ONLY_BY_A_PERSON = frozenset({_S.HALTED})
STAYS = frozenset({_S.PAUSED, _S.HALTED})

ALLOWS: Mapping[SystemState, Allows] = {
    _S.STARTING: Allows(opens=False, starts_runs=False),
    _S.OPERATIONAL: Allows(opens=True, starts_runs=True),
    _S.DEGRADED: Allows(opens=True, starts_runs=True),
    _S.PAUSED: Allows(opens=False, starts_runs=False),
    _S.HALTED: Allows(opens=False, starts_runs=True),
    _S.STOPPING: Allows(opens=False, starts_runs=False),
}


@dataclass(frozen=True, slots=True)
class Moved:
    """A move on record: to which state, when (ns UTC), by whom and why."""

    at: int
    state: SystemState
    by: Person | Part
    reason: str

    @property
    def holds(self) -> bool:
        """Paused or halted: nothing opens, and so it stays until it is resumed."""
        return self.state in STAYS


NEVER_STARTED = Moved(0, _S.STOPPING, Part("quorum"), "it was never started")


def judge(current: Moved, to: SystemState, by: Person | Part, reason: str) -> None:
    """IllegalMove when the table does not have the move from `current` to `to`; UsageError without who or why."""
    if not by.name.strip() or not reason.strip():
        raise UsageError(f"a move to {to} needs somebody and a reason", "say who and why")
    here = current.state
    if to not in LEGAL[here]:
        ways = ", ".join(sorted(LEGAL[here]))
        found = f"the system cannot move from {here} to {to}"
        raise IllegalMove(found, f"{here} since {iso(current.at)} ({current.reason}) leads to {ways}")
    if here in ONLY_BY_A_PERSON and not isinstance(by, Person):
        found = f"the system is {here} since {iso(current.at)} ({current.reason})"
        raise IllegalMove(f"{found} and {by.name} is no person", "a person resumes it")


def begin(states: States, by: Person | Part, reason: str = "started") -> Moved:
    """The system starts: what was paused or halted stays so, all else is starting."""
    now = states.current()
    return now if now.holds else states.move(_S.STARTING, by, reason)


def rest(states: States, by: Person | Part, reason: str = "stopped") -> Moved:
    """The system stops cleanly: what was paused or halted stays so for the next start, all else is stopping."""
    now = states.current()
    return now if now.holds or now.state is _S.STOPPING else states.move(_S.STOPPING, by, reason)
