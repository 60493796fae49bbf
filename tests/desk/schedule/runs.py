"""What the tests of the scheduler begin with: a clock that may go back, an engine that only remembers, schedules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from quorum.desk.notices import Event
from quorum.desk.schedule import MemoryTicks, Pass, Schedule, Scheduler, Ticks
from quorum.desk.workflows import RunState, RunStep, WorkflowSpec
from quorum.desk.workflows.spec import Cron, Parameter, Trigger
from quorum.domain import IllegalMove, NotFound, parse_instant

START = parse_instant("2024-06-03T12:00:00Z")
MINUTELY = Cron("* * * * *")
SPEC = WorkflowSpec(
    "look",
    "looks",
    (),
    (Parameter("symbol", "symbol", "BTCUSDT"), Parameter("timeframe", "timeframe", "1m")),
    document={"workflow": "look"},
)


class WoundClock:
    """A clock that shows what it is set to."""

    def __init__(self, start: int = START) -> None:
        self.time = start

    def now(self) -> int:
        return self.time


class Runs:
    """Workflows that are asked for and run by nobody; `end` ends them."""

    def __init__(self) -> None:
        self.asked: dict[str, Mapping[str, Any]] = {}
        self.status: dict[str, str] = {}
        self.enqueued = 0

    def enqueue(self, identity: str, request: Mapping[str, Any]) -> None:
        self.enqueued += 1
        self.asked.setdefault(identity, request)
        self.status.setdefault(identity, "enqueued")

    def send(self, identity: str, topic: str, message: Mapping[str, Any]) -> None:
        raise NotImplementedError

    def runs(self, limit: int = 50, workflow: str | None = None, status: str | None = None) -> Sequence[RunState]:
        found = [self.run(identity)[0] for identity in reversed(self.asked)]
        return [run for run in found if status in (None, run.status)][:limit]

    def run(self, identity: str) -> tuple[RunState, Sequence[RunStep]]:
        if identity not in self.asked:
            raise NotFound(f"there is no run {identity}")
        asked = self.asked[identity]
        return RunState(identity, "look", self.status[identity], 0, 0, asked, None, None, None, 1), ()

    def move(self, identity: str, move: str, step: int | None = None) -> str:
        if self.status[identity] not in ("enqueued", "running", "waiting"):
            raise IllegalMove(f"run {identity} has ended")
        self.status[identity] = "cancelled"
        return identity

    def cancel(self, identity: str) -> None:
        """As a person's cancel does."""
        self.move(identity, "cancel")

    def end(self) -> None:
        """Let every run end."""
        self.status = dict.fromkeys(self.status, "done")


class Bench:
    """A scheduler with its parts at hand, and what it told."""

    def __init__(self, ticks: Ticks | None = None, **changed: Any) -> None:
        self.clock = WoundClock()
        self.ticks = ticks or MemoryTicks(self.clock)
        self.runs = Runs()
        self.told: list[tuple[Event, Mapping[str, Any]]] = []
        self.close: int | None = None
        parts = {
            "newest": lambda _: self.close,
            "tell": lambda event, facts: self.told.append((event, facts)),
            "cancel": self.runs.cancel,
        }
        self.scheduler = Scheduler(self.clock, self.ticks, self.runs, **{**parts, **changed})
        self.last: Pass | None = None

    def look(self, *schedules: Schedule, at: int | None = None, fresh: bool = False) -> Pass:
        """Look at the clock once, at `at`; `fresh` as a process that has just begun."""
        self.clock.time = self.clock.time if at is None else at
        self.last = self.scheduler.run_once(schedules, None if fresh else self.last)
        assert not self.last.troubles, self.last.troubles
        return self.last

    def due(self) -> list[int]:
        """When the runs that were asked for were due."""
        return [request["due_at"] for request in self.runs.asked.values()]

    def events(self) -> list[Event]:
        return [event for event, _ in self.told]


def scheduled(trigger: Trigger = MINUTELY, name: str = "mine", **changed: Any) -> Schedule:
    """An enabled schedule that skips what was missed or overlaps."""
    params = {"symbol": "BTCUSDT", "timeframe": "1m"}
    return replace(Schedule(name, SPEC, (trigger,), params, "skip", "skip", True), **changed)
