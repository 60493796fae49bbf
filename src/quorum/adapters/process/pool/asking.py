"""One call on one worker: an order, and what is heard of it until its deadline."""

from __future__ import annotations

import time
from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple

from quorum.adapters.process.task import failed, named, order, outcome_of
from quorum.adapters.process.workers import SEND_SECONDS, Worker
from quorum.domain import Outcome, QuorumError


class Silence(Enum):
    """Why there is no answer: the time was over, or the worker died."""

    LATE = "late"
    DIED = "died"


class Heard(NamedTuple):
    """What a call came to, whether its worker may take another, and the MiB that it keeps of its own."""

    outcome: Outcome | Silence
    sound: bool
    kept_mb: float = 0.0


def ask(worker: Worker, task: str, payload: str, until: float) -> Heard:
    """Have a worker do a task whose payload is JSON already, until an instant of the monotonic clock."""
    left = until - time.monotonic()
    if left <= 0:
        return Heard(Silence.LATE, True)
    worker.line.settimeout(min(left, SEND_SECONDS))
    given = worker.give(0, order(task, payload, left, None), left)
    while (left := until - time.monotonic()) > 0:
        if not given:
            return Heard(Silence.DIED, False)
        if not worker.speaks(left):
            break
        try:
            said = worker.hear()
        except QuorumError as error:
            return Heard(failed(0, named(task, 0, 1), "QuorumError", error.found, error.remedy), False)
        if said is None:
            return Heard(Silence.DIED, False)
        for words in said:
            if "kept" in words:
                return _answered(worker, task, words)
    return Heard(Silence.LATE, False)


def _answered(worker: Worker, task: str, words: Mapping[str, Any]) -> Heard:
    """An answer; a worker that still speaks is not to be trusted with another task."""
    return Heard(outcome_of(words, 0, named(task, 0, 1), None), not worker.is_answering, words["kept"])
