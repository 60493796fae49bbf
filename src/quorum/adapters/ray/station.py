"""A station: what stands on a node of the cluster, a nursery there and its one warm worker."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from quorum.adapters.process import ProcessExecutor
from quorum.domain import Done, Limits, Progress


class Station:
    """Does one task at a time, under its limits; `share` may be asked meanwhile. Values cross as JSON texts."""

    def __init__(self, nursery: Sequence[str]) -> None:
        self._executor = ProcessExecutor([], [sys.executable, *nursery])
        self._share = 0.0

    def share(self) -> float:
        """What the task that runs has told of itself."""
        return self._share

    def outcome(self, task: str, payload: str, seconds: float | None, memory_mb: float | None) -> str:
        """The outcome of a task: its answer and what it took, or why it was lost and the error."""
        self._share = 0.0
        limits = Limits(seconds, memory_mb, 1)
        (found,) = self._executor.run_many(task, [json.loads(payload)], limits, self._hear)
        if isinstance(found, Done):
            return json.dumps({"done": [found.answer, found.cpu_seconds, found.peak_mb]})
        error = found.error
        return json.dumps({"lost": [found.why.value, type(error).__name__, error.found, error.remedy]})

    def _hear(self, progress: Progress) -> None:
        self._share = max(progress.running.values(), default=0.0)
