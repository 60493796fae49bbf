"""Which workers are at work now, since when, and which of them are slow or fail too often."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

from quorum.desk.proving.workers.outcomes import Ended, Exit, Try, Work
from quorum.domain import SECOND, Clock, Done, Outcome

SLOW_TIMES = 2.0
SLOW_SECONDS = 10.0  # what has run for less may still be loading
FEWEST = 2  # that have ended, before anything is compared
FAILING_SHARE = 0.25


class Start(NamedTuple):
    """When a worker began: ns UTC, and seconds of the steady clock."""

    at: int
    steady: float


@dataclass
class Chart:
    """The workers of one tier. A batch gives its tries out in order, the next one when one has ended."""

    clock: Clock
    _tries: Sequence[Try] = ()
    _running: dict[int, Start] = field(default_factory=dict)
    _next: int = 0
    _began: Start | None = None
    _ended: list[tuple[str, float, Exit]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, tries: Sequence[Try], workers: int) -> None:
        """A batch has begun, so many at once."""
        with self._lock:
            self._tries, self._next = tries, min(workers, len(tries))
            self._began = self._now()
            self._running = dict.fromkeys(range(self._next), self._began)

    def end(self, outcome: Outcome) -> Work:
        """What the worker of that outcome took; its place is given to the next."""
        with self._lock:
            now = self._now()
            start = self._running.pop(outcome.index, now)
            if self._next < len(self._tries):
                self._running[self._next] = now
                self._next += 1
        seconds = now.steady - start.steady
        if isinstance(outcome, Done):
            return Work(start.at, now.at, seconds, outcome.cpu_seconds, outcome.peak_mb)
        return Work(start.at, now.at, seconds)

    def note(self, one: Ended) -> None:
        """Count a worker that has ended. What the first one needed to be there, those beside it needed too."""
        with self._lock:
            if one.exit is Exit.DONE and self._began is not None:
                lead = max(0, one.work.began - self._began.at)
                for index, start in self._running.items():
                    if start == self._began:
                        self._running[index] = Start(start.at + lead, start.steady + lead / SECOND)
                self._began = None
            self._ended.append((one.tried.claim.candidate.strategy_id, one.work.seconds, one.exit))

    def running(self) -> dict[str, float]:
        """Seconds since each strategy's worker began."""
        with self._lock:
            steady = time.monotonic()
            tries = self._tries
            return {tries[i].claim.candidate.strategy_id: steady - s.steady for i, s in self._running.items()}

    def slow(self) -> dict[str, tuple[float, float]]:
        """Strategies whose worker takes, or took, more than twice the median of the others, with both seconds."""
        taking = self.running()
        with self._lock:
            done = [(name, seconds) for name, seconds, exit in self._ended if exit is Exit.DONE]
        found = {}
        for name, seconds in [*done, *taking.items()]:
            others = [took for other, took in done if other != name]
            if len(others) >= FEWEST and seconds > max(SLOW_SECONDS, SLOW_TIMES * median(others)):
                found[name] = (seconds, median(others))
        return found

    def failing(self) -> tuple[int, int] | None:
        """How many workers ended without an answer, of how many, once that is more than a quarter of them."""
        with self._lock:
            count = len(self._ended)
            lost = sum(exit is not Exit.DONE for _, _, exit in self._ended)
        return (lost, count) if lost >= FEWEST and lost > FAILING_SHARE * count else None

    def _now(self) -> Start:
        return Start(self.clock.now(), time.monotonic())
