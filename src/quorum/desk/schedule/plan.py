"""What becomes of the times at which a schedule was due, when they are looked at: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from quorum.desk.running import request_of as run_of
from quorum.desk.schedule.arming import Schedule
from quorum.desk.schedule.ports import Tick
from quorum.desk.settings.schedule import ScheduleFile
from quorum.domain import SECOND

BAR_LATE = "bar late"
MADE_UP = "made up for"


class Patience(NamedTuple):
    """How long a run may be late before it is told of, and before it is missed (ns); how many may wait in a queue."""

    late: int = 10 * SECOND
    missed: int = 60 * SECOND
    queue: int = 100

    @classmethod
    def of(cls, file: ScheduleFile) -> Self:
        """The patience that schedule.yaml asks for."""
        return cls(int(file.late_seconds * SECOND), int(file.missed_after_seconds * SECOND), file.queue_at_most)


PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class Plan:
    """Due times to run, with the reason of each; those that were `missed` while nothing ran; those given up of them.

    `queued`: each of the runs waits for the one before it, whatever the schedule says of overlaps.
    """

    run: tuple[tuple[int, str], ...] = ()
    missed: tuple[int, ...] = ()
    given_up: tuple[int, ...] = ()
    queued: bool = False


def plan(due: Sequence[int], now: int, policy: str, missed_after: int, most: int) -> Plan:
    """Sort due times (ascending, none after `now`) into what runs and what is given up.

    A time is missed when it lies back by `missed_after` or more. `skip` gives all missed ones up; `run_once` makes
    one run for them, the next that is due anyway or else the newest of them; `run_all` makes up to `most`, one after
    the other.
    """
    missed = tuple(t for t in due if now - t >= missed_after)
    fresh = tuple((t, "") for t in due[len(missed) :])
    if not missed or policy == "skip":
        return Plan(fresh, missed, missed)
    if policy == "run_all":
        kept = missed[-most:]
        return Plan((*((t, "") for t in kept), *fresh), missed, missed[: len(missed) - len(kept)], queued=True)
    reason = f"{MADE_UP} {len(missed)} missed"
    if fresh:
        return Plan(((fresh[0][0], reason), *fresh[1:]), missed, missed)
    return Plan(((missed[-1], reason),), missed, missed[:-1])


def request_of(schedule: Schedule, tick: Tick) -> Mapping[str, Any]:
    """What a tick asks the engine for. A run that makes up for missed ones decides at the instant it was seen."""
    as_of = tick.seen_at if MADE_UP in tick.reason else tick.due_at
    late = {"bar_late": True} if BAR_LATE in tick.reason else {}
    return {**request_at(schedule, as_of, late), "due_at": tick.due_at, "asked_at": tick.seen_at}


def request_at(schedule: Schedule, as_of: int, more: Mapping[str, Any]) -> Mapping[str, Any]:
    """The run of a schedule's workflow that decides at `as_of`, with `more` parameters than the schedule's own."""
    asked = run_of(schedule.spec, schedule.params, as_of, schedule.execution, f"schedule {schedule.name}")
    return {**asked, "params": {**asked["params"], **more}}
