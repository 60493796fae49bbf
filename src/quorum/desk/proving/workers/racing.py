"""Workers at a tier: a batch at once or one after the other, each within its limits, and fresh ones where they died."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass

from quorum.desk.proving.workers.chart import Chart
from quorum.desk.proving.workers.outcomes import Answered, Ended, Try, ended
from quorum.domain import Done, Executor, Limits, Loss, Lost, Outcome, QuorumError

TASK = "tier"
Told = Callable[[str], object]


@dataclass(frozen=True)
class Crew:
    """Who checks the strategies of one tier; `broke` hears why the workers could not be had.

    Where they cannot, each strategy is checked in a fresh process, one after the other: no failure of the skill is
    the end of a strategy.
    """

    executor: Executor
    limits: Limits
    chart: Chart
    together: bool
    broke: Told

    def run(self, tries: Sequence[Try]) -> Generator[tuple[Ended, bool], None, None]:
        """Every worker that ended, with whether that is the last word on its strategy; fresh ones come at the end."""
        left = list(tries)
        while left:
            again: list[Try] = []
            for batch in [left] if self.together else [[one] for one in left]:
                for one in self._batch(batch):
                    self.chart.note(one)
                    last = isinstance(one, Answered) or not one.again
                    if not last:
                        again.append(one.tried.again)
                    yield one, last
            left = again

    def _batch(self, tries: Sequence[Try]) -> Iterator[Ended]:
        heard: set[int] = set()
        workers = min(self.limits.workers or 1, len(tries)) if self.together else 1
        limits = Limits(self.limits.seconds, self.limits.memory_mb, workers)
        self.chart.begin(tries, workers)
        try:
            for outcome in self.executor.run_many(TASK, [one.payload for one in tries], limits):
                if outcome.index not in heard:
                    heard.add(outcome.index)
                    yield ended(tries[outcome.index], outcome, self.chart.end(outcome))
        except Exception as error:  # noqa: BLE001 - whatever broke the workers, each strategy still gets its check
            self.broke(str(error) if isinstance(error, QuorumError) else f"{type(error).__name__}: {error}")
            yield from self._alone(tries, [index for index in range(len(tries)) if index not in heard])

    def _alone(self, tries: Sequence[Try], left: Sequence[int]) -> Iterator[Ended]:
        """Those that are left, each in a fresh process."""
        for index in left:
            self.chart.begin([tries[index]], 1)
            outcome = self._fresh(tries[index])
            yield ended(tries[index], outcome, self.chart.end(outcome))

    def _fresh(self, tried: Try) -> Outcome:
        began = time.monotonic()
        try:
            return Done(0, self.executor.run(TASK, tried.payload, self.limits.seconds), 0.0, 0.0)
        except Exception as error:  # noqa: BLE001 - as above: the error is the strategy's outcome
            late = self.limits.seconds is not None and time.monotonic() - began >= self.limits.seconds
            told = error if isinstance(error, QuorumError) else QuorumError(f"{type(error).__name__}: {error}")
            return Lost(0, Loss.TIMEOUT if late else Loss.ERROR, told)
