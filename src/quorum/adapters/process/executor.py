"""Executors: a named task in this process, or in a fresh one that inherits nothing but its payload."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from quorum.domain import NotFound, QuorumError

Task = Callable[[Mapping[str, Any]], Mapping[str, Any]]


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

    The process answers with JSON on its standard output; it is killed on the deadline.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)

    def run(self, task: str, payload: Mapping[str, Any], timeout: float | None = None) -> Mapping[str, Any]:
        text = json.dumps(payload)
        try:
            done = subprocess.run(
                [*self._command, task], input=text, capture_output=True, text=True, timeout=timeout, check=False
            )
        except subprocess.TimeoutExpired:
            raise QuorumError(f"task {task} took longer than {timeout} s", "give it more time") from None
        if done.returncode != 0:
            message = done.stderr.strip().splitlines()
            raise QuorumError(f"task {task} failed: {message[-1] if message else f'exit {done.returncode}'}")
        answer: Mapping[str, Any] = json.loads(done.stdout)
        return answer
