"""The executor over other processes: a fresh one for a task that shall inherit nothing, warm ones for many."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Self

from quorum.adapters.process.batch import Batch
from quorum.adapters.process.workers import Workers
from quorum.domain import Halted, Limits, NeedsApproval, Outcome, Progress, QuorumError, UsageError

_KINDS = {kind.exit_code: kind for kind in (QuorumError, UsageError, NeedsApproval, Halted)}


class ProcessExecutor:
    """Executor that starts `command` + the task's name for one task, and keeps warm workers of `nursery` for many.

    A process for one task reads the payload as JSON on its standard input and answers with JSON on its standard
    output, or fails with one line on its standard error and the exit code of the error's kind. On the deadline it is
    killed with every process that it started. `nursery` is a command that calls `serve` with the same tasks; what a
    task of many prints goes to standard error. Workers live until `close`, or as long as this process.
    """

    def __init__(
        self, command: Sequence[str], nursery: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        self._command = list(command)
        self._workers = Workers(nursery, environment)
        self._ended = weakref.finalize(self, self._workers.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the warm workers; a later batch has new ones."""
        self._workers.close()

    def run_many(
        self,
        task: str,
        payloads: Sequence[Mapping[str, Any]],
        limits: Limits,
        told: Callable[[Progress], object] = lambda progress: None,
    ) -> Iterator[Outcome]:
        if limits.memory_mb is not None and sys.platform != "linux":
            raise UsageError(f"memory can be limited on Linux only, not on {sys.platform}", "leave the limit out")
        return self._outcomes(Batch(self._workers, task, payloads, limits, told))

    def _outcomes(self, batch: Batch) -> Iterator[Outcome]:
        """Those of the batch; its workers live at least as long, since this holds the executor."""
        yield from batch.outcomes()

    def run(self, task: str, payload: Mapping[str, Any], timeout: float | None = None) -> Mapping[str, Any]:
        code, answer, said = self._ask(task, json.dumps(payload), timeout)
        if code != 0:
            lines = said.strip().splitlines() or [f"ended with {code}"]
            raise _KINDS.get(code, QuorumError)(f"task {task}: {lines[-1].removeprefix('error: ')}")
        try:
            read: Mapping[str, Any] = json.loads(answer)
        except ValueError as error:
            raise QuorumError(f"task {task} answered with something else than JSON", "report it") from error
        return read

    def _ask(self, task: str, text: str, timeout: float | None) -> tuple[int, str, str]:
        pipe = subprocess.PIPE
        command = [*self._command, task]
        try:
            process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, start_new_session=True)
        except OSError as error:
            raise QuorumError(f"task {task}: {self._command[0]} does not start ({error.strerror})") from error
        with process:
            try:
                answer, said = process.communicate(text, timeout)
            except BaseException as error:
                os.killpg(process.pid, signal.SIGKILL)
                if isinstance(error, subprocess.TimeoutExpired):
                    raise QuorumError(f"task {task} took longer than {timeout} s", "give it more time") from None
                raise
        return process.returncode, answer, said
