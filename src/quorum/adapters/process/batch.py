"""A batch of tasks on its way through warm workers, each under the batch's limits."""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf
from typing import Any

from quorum.adapters.process.task import died, failed, given, named, order, outcome_of, too_large, too_slow
from quorum.adapters.process.workers import Worker, Workers
from quorum.domain import Limits, Lost, Outcome, Progress, QuorumError

SAMPLE_SECONDS = 0.05
SLACK_MB = 16.0
KEPT_SHARE = 0.25
ANSWER_SECONDS = 30.0
HEED_SECONDS = 1.0
"""The longest wait: a signal that comes just before one begins is not seen until it ends."""

Told = Callable[[Progress], object]


class Batch:
    """Tasks of one name; `outcomes` runs them. A worker that dies costs its own task only, and is replaced."""

    def __init__(
        self, workers: Workers, task: str, payloads: Sequence[Mapping[str, Any]], limits: Limits, told: Told
    ) -> None:
        self._workers = workers
        self._task = task
        self._payloads = payloads
        self._limits = limits
        self._told = told
        self._next = 0
        self._done = 0
        self._running: dict[int, float] = {}
        self._hired: set[Worker] = set()
        self._selector = selectors.DefaultSelector()

    def outcomes(self) -> Iterator[Outcome]:
        """Each outcome as it comes; whoever stops listening ends every process of the batch."""
        try:
            for _ in range(min(self._limits.workers or cores(), len(self._payloads))):
                yield from self._employ(None)
            while self._running:
                for key, _ in self._selector.select(self._patience()):
                    yield from self._hear(key.data)
                for worker in tuple(self._hired):
                    if (lost := self._overdone(worker)) is not None:
                        yield from self._end(worker, lost)
        finally:
            self._selector.close()
            for worker in self._hired:
                self._workers.dismiss(worker)
            if self._hired:
                self._workers.abandon()

    def _employ(self, worker: Worker | None) -> list[Outcome]:
        """Give the next task to this worker, or to another; let it wait when there is none. Tasks that were none."""
        lost: list[Outcome] = []
        while self._next < len(self._payloads):
            index, self._next = self._next, self._next + 1
            try:
                order = self._order(index)
            except QuorumError as error:
                lost.append(self._counted(failed(index, self._name(index), "", error.found, error.remedy)))
            else:
                self._give(worker or self._hire(), index, order)
                return lost
        if worker is not None:
            self._hired.discard(worker)
            self._workers.release(worker)
        return lost

    def _hire(self) -> Worker:
        worker = self._workers.hire()
        self._hired.add(worker)
        return worker

    def _dismiss(self, worker: Worker) -> int | None:
        self._hired.discard(worker)
        return self._workers.dismiss(worker)

    def _give(self, worker: Worker, index: int, order: str) -> None:
        """Hand the task over; a worker that died while it waited is replaced once."""
        if not worker.give(index, order, self._limits.seconds):
            self._dismiss(worker)
            worker = self._hire()
            worker.give(index, order, self._limits.seconds)
        self._running[index] = 0.0
        self._selector.register(worker.line, selectors.EVENT_READ, worker)

    def _order(self, index: int) -> str:
        return order(self._task, given(self._payloads[index]), self._limits.seconds, self._limits.memory_mb)

    def _hear(self, worker: Worker) -> list[Outcome]:
        """What a worker's words come to; one whose line has ended died of its task."""
        try:
            said = worker.hear()
        except QuorumError as error:
            label = self._name(worker.index)
            return self._end(worker, failed(worker.index, label, "QuorumError", error.found, error.remedy))
        if said is None:
            return self._end(worker, None)
        for words in said:
            if "kept" in words:
                return self._answered(worker, words)
            self._running[worker.index] = words["share"]
            self._tell()
        return []

    def _answered(self, worker: Worker, words: Mapping[str, Any]) -> list[Outcome]:
        outcome = outcome_of(words, worker.index, self._name(worker.index), self._limits.memory_mb)
        self._forget(worker)
        counted = self._counted(outcome)
        if words["kept"] <= KEPT_SHARE * (self._limits.memory_mb or inf):
            return [counted, *self._employ(worker)]
        self._dismiss(worker)
        return [counted, *self._employ(None)]

    def _end(self, worker: Worker, lost: Lost | None) -> list[Outcome]:
        """Kill a worker, and take another for what is left to do; without a reason, how it died is the reason."""
        index = worker.index
        self._forget(worker)
        code = self._dismiss(worker)
        if lost is None:
            timed = code == -signal.SIGALRM and self._limits.seconds is not None
            lost = self._too_slow(index) if timed else died(index, self._name(index), code)
        return [self._counted(lost), *self._employ(None)]

    def _overdone(self, worker: Worker) -> Lost | None:
        """Why a worker is to be killed: its time is up, or its memory. What answers in time may finish doing so."""
        limit = self._limits.memory_mb
        if limit is not None and worker.private_mb() > limit + SLACK_MB:
            return too_large(worker.index, self._name(worker.index), limit)
        late = time.monotonic() - worker.deadline
        return self._too_slow(worker.index) if late > (ANSWER_SECONDS if worker.is_answering else 0.0) else None

    def _too_slow(self, index: int) -> Lost:
        return too_slow(index, self._name(index), self._limits.seconds)

    def _forget(self, worker: Worker) -> None:
        self._selector.unregister(worker.line)
        del self._running[worker.index]

    def _counted(self, outcome: Outcome) -> Outcome:
        self._done += 1
        self._tell()
        return outcome

    def _tell(self) -> None:
        self._told(Progress(self._done, len(self._payloads), dict(self._running)))

    def _name(self, index: int) -> str:
        return named(self._task, index, len(self._payloads))

    def _patience(self) -> float:
        """Seconds until somebody may be late, or is to be weighed, or a signal is to be heeded."""
        if self._limits.memory_mb is not None:
            return SAMPLE_SECONDS
        if self._limits.seconds is None:
            return HEED_SECONDS
        return min(HEED_SECONDS, max(0.0, min(w.deadline for w in self._hired) - time.monotonic()))


def cores() -> int:
    """How many workers can run at once here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
