"""Hands in this process, for tests and for looking at a workflow without a pool; nothing is killed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from quorum.domain import Done, Loss, Lost, QuorumError


class OwnHands:
    """Hands that call the task here and now; its payload and answer go through JSON as they would elsewhere."""

    def __init__(self, tasks: Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]]) -> None:
        self._tasks = tasks

    def call(self, task: str, payload: Mapping[str, Any], seconds: float) -> Done | Lost:
        try:
            answer = self._tasks[task](json.loads(json.dumps(payload)))
        except QuorumError as error:
            return Lost(0, Loss.ERROR, error)
        return Done(0, json.loads(json.dumps(answer)), 0.0, 0.0)

    def warm(self, task: str, payload: Mapping[str, Any]) -> object:
        return None

    def close(self) -> None:
        return None
