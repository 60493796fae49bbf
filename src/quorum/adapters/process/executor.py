"""Executors: a named task in this process, or in a fresh one that inherits nothing but its payload."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from quorum.domain import Halted, NeedsApproval, NotFound, QuorumError, UsageError

Task = Callable[[Mapping[str, Any]], Mapping[str, Any]]
_KINDS = {kind.exit_code: kind for kind in (QuorumError, UsageError, NeedsApproval, Halted)}


class InlineExecutor:
    """Executor that calls the task here; `timeout` is not enforced, since nothing could stop the task."""

    def __init__(self, tasks: Mapping[str, Task]) -> None:
        self._tasks = tasks

    def run(self, task: str, payload: Mapping[str, Any], timeout: float | None = None) -> Mapping[str, Any]:
        if task not in self._tasks:
            raise NotFound(f"there is no task {task!r}", f"known are {', '.join(sorted(self._tasks))}")
        return self._tasks[task](payload)


class ProcessExecutor:
    """Executor that starts `command` + the task's name, with the payload as JSON on its standard input.

    The process answers with JSON on its standard output, or fails with one line on its standard error and the exit
    code of the error's kind. On the deadline it is killed with every process that it started.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)

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
