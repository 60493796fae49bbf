"""The memory of a scheduler: what became of each time at which a schedule was due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class TickStatus(StrEnum):
    """What became of a tick.

    CLAIMED has the id of its run and is to be asked for, SENT is asked for, WAITING is asked for when the run before
    it has ended. SKIPPED was left out because that one still ran, MISSED because nobody was there in time.
    """

    CLAIMED = "claimed"
    SENT = "sent"
    WAITING = "waiting"
    SKIPPED = "skipped"
    MISSED = "missed"


RUNS = (TickStatus.CLAIMED, TickStatus.WAITING)


@dataclass(frozen=True, slots=True)
class Tick:
    """One due time of a schedule (ns UTC), and when it was seen; a missed one speaks for the `count` times up to it.

    `workflow_id` is empty for a tick that makes no run.
    """

    schedule: str
    due_at: int
    status: TickStatus
    seen_at: int
    reason: str = ""
    count: int = 1
    workflow_id: str = ""

    @property
    def lateness(self) -> int:
        """Nanoseconds from when it was due to when it was seen."""
        return self.seen_at - self.due_at


class Ticks(Protocol):
    """The ticks of all schedules, for any number of schedulers."""

    def arm(self, schedule: str, trigger: str, now: int) -> int:
        """Since when the schedule is armed with `trigger`, a text; from now on if it was not. Empty disarms it."""
        ...

    def claim(self, tick: Tick) -> Tick | None:
        """Make the tick, with a new id of a run if its status asks for one; None when it was made already."""
        ...

    def move(
        self, tick: Tick, status: TickStatus, reason: str | None = None, request: Mapping[str, Any] | None = None
    ) -> bool:
        """Give the tick another status and reason; False, and nothing, when its status is no longer that of `tick`.

        A `request` is entered into the book of runs with it, under the tick's workflow id: a tick that is SENT is a
        run that will be asked for, whoever ends in between.
        """
        ...

    def open(self) -> Sequence[Tick]:
        """The ticks that are claimed or waiting, by due time: also those of a scheduler that ended in between."""
        ...

    def newest(
        self, schedule: str, limit: int = 1, until: int | None = None, *, only_runs: bool = False
    ) -> Sequence[Tick]:
        """The newest ticks due up to `until`, newest first; with `only_runs` those whose run was claimed or sent."""
        ...
