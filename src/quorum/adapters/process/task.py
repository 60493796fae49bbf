"""A task: a function of plain values that is known by its name and may tell how far it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from signal import Signals
from typing import Any

from quorum.domain import Done, Loss, Lost, NotFound, Outcome, QuorumError, errors

MOST_ANSWER = 48 << 20

Beat = Callable[[float], None]
Task = Callable[[Mapping[str, Any], Beat], Mapping[str, Any]]


def called(tasks: Mapping[str, Task], name: str, payload: Mapping[str, Any], beat: Beat) -> Mapping[str, Any]:
    """The task's answer. NotFound for an unknown name; whatever it raises is a QuorumError, or MemoryError."""
    if name not in tasks:
        raise NotFound(f"there is no task {name!r}", f"known are {', '.join(sorted(tasks))}")
    try:
        return tasks[name](payload, beat)
    except (QuorumError, MemoryError, KeyboardInterrupt):
        raise
    except (Exception, SystemExit) as error:
        raise QuorumError(f"{type(error).__name__}: {error}") from error


def given(payload: Mapping[str, Any]) -> str:
    """The payload as JSON; QuorumError when it is not plain."""
    return _written(payload, "was given")


def answered(answer: Mapping[str, Any]) -> str:
    """The answer as JSON; QuorumError when it is not plain, or too large for a line."""
    text = _written(answer, "answered with")
    if len(text) > MOST_ANSWER:
        raise QuorumError(f"answered with {len(text) >> 20} MB, {MOST_ANSWER >> 20} at most", "put it into a file")
    return text


def _written(values: Mapping[str, Any], how: str) -> str:
    try:
        return json.dumps(values)
    except (TypeError, ValueError, RecursionError) as error:
        remedy = "give plain values, and arrays as files"
        raise QuorumError(f"{how} something else than JSON ({error})", remedy) from error


def order(task: str, payload: str, seconds: float | None, memory_mb: float | None) -> str:
    """The line that a worker reads: what limits the task, its name, and its payload, which is JSON already."""
    words = {"seconds": seconds, "memory_mb": memory_mb, "task": task}
    return f'{json.dumps(words)[:-1]}, "payload": {payload}}}'


def outcome_of(words: Mapping[str, Any], index: int, label: str, memory_mb: float | None) -> Outcome:
    """What a worker's answer to an order comes to."""
    if "answer" in words:
        if isinstance(words["answer"], dict):
            return Done(index, words["answer"], words["cpu"], words["peak"])
        return failed(index, label, "QuorumError", "answered with something else than named values", "return a dict")
    if "error" in words:
        return failed(index, label, *words["error"])
    return too_large(index, label, memory_mb)


def named(task: str, index: int, total: int) -> str:
    """What an error calls a task: its name, and which of a batch it is."""
    return f"task {task}" if total == 1 else f"task {task} {index}"


def lost(index: int, why: Loss, kind: str, found: str, remedy: str) -> Lost:
    """A loss whose error is of that kind, where it is one of ours."""
    family = {k: v for k, v in vars(errors).items() if isinstance(v, type) and issubclass(v, QuorumError)}
    return Lost(index, why, family.get(kind, QuorumError)(found, remedy))


def failed(index: int, label: str, kind: str, found: str, remedy: str) -> Lost:
    """The task failed by itself; its error keeps its kind and says whose it is."""
    return lost(index, Loss.ERROR, kind, f"{label}: {found}", remedy)


def too_large(index: int, label: str, memory_mb: float | None) -> Lost:
    """The task wanted more memory than it may have, or than there is."""
    found = f"{label} wants more memory than " + (f"its {memory_mb:g} MB" if memory_mb else "there is")
    return Lost(index, Loss.MEMORY, QuorumError(found, "give it more, or smaller work"))


def too_slow(index: int, label: str, seconds: float | None) -> Lost:
    """The task took longer than it may."""
    return Lost(index, Loss.TIMEOUT, QuorumError(f"{label} took longer than {seconds:g} s", "give it more time"))


def died(index: int, label: str, code: int | None) -> Lost:
    """The task's process ended without an answer; `code` is how, negative for a signal, None when nobody knows."""
    how = "died" if code is None else f"ended with {code}" if code >= 0 else f"was killed by {Signals(-code).name}"
    return Lost(index, Loss.CRASH, QuorumError(f"{label}: its process {how}", "the machine's log may say why"))
