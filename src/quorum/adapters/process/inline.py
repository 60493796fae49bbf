"""The executor without processes: tasks run where they are asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from quorum.adapters.process.footprint import cpu_seconds, here
from quorum.adapters.process.task import Beat, Task, answered, called, failed, given, named, too_large
from quorum.domain import Done, Limits, Outcome, Progress, QuorumError


class InlineExecutor:
    """Executor that calls the tasks here, one after the other; it enforces no limit, since nothing could stop them.

    A task's `peak_mb` is how far it raised the peak of this process, or how much it kept where it raised none.
    """

    def __init__(self, tasks: Mapping[str, Task]) -> None:
        self._tasks = tasks

    def run(self, task: str, payload: Mapping[str, Any], timeout: float | None = None) -> Mapping[str, Any]:
        return called(self._tasks, task, payload, lambda share: None)

    def run_many(
        self,
        task: str,
        payloads: Sequence[Mapping[str, Any]],
        limits: Limits,
        told: Callable[[Progress], object] = lambda progress: None,
    ) -> Iterator[Outcome]:
        total = len(payloads)
        for index, payload in enumerate(payloads):
            outcome = self._outcome((task, index, total), payload, partial(_tell, told, index, total))
            told(Progress(index + 1, total, {}))
            yield outcome

    def _outcome(self, which: tuple[str, int, int], payload: Mapping[str, Any], beat: Beat) -> Outcome:
        """What becomes of a task; values go through JSON both ways, so that what works here works elsewhere."""
        task, index, _ = which
        before, seconds = here(), cpu_seconds()
        try:
            answer = json.loads(answered(called(self._tasks, task, json.loads(given(payload)), beat)))
        except QuorumError as error:
            return failed(index, named(*which), type(error).__name__, error.found, error.remedy)
        except MemoryError:
            return too_large(index, named(*which), None)
        now = here()
        top = now.peak if now.peak > before.peak else now.resident
        return Done(index, answer, cpu_seconds() - seconds, max(0.0, top - before.resident))


def _tell(told: Callable[[Progress], object], index: int, total: int, share: float) -> None:
    told(Progress(index, total, {index: share}))
