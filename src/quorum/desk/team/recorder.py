"""The recorder: what is kept of agents is written behind the work, in few commits."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from quorum.desk.agents import Call, Delegated, Delegation, DiscoveredIssue, Finish, Handoff, Staff
from quorum.domain import StoreError

PAUSE_SECONDS = 0.5
LONG_SECONDS = 1.0
MOST = 10_000


class Entry(NamedTuple):
    """A task that was given, its calls, and how it was handed on; without a signal it is still under way."""

    delegation: Delegation
    signal: Handoff | None
    note: str
    calls: Sequence[Call]
    ended: int


class Recorder:
    """Writes entries in one batch every half second; keys make a second writing of one harmless.

    A task that has begun and takes longer than `LONG_SECONDS` is written as one under way, before it ends.
    While the database does not answer, up to `MOST` entries wait; older ones are dropped then and counted.
    """

    def __init__(self, staff: Staff) -> None:
        self._staff = staff
        self._waiting: deque[Entry] = deque(maxlen=MOST)
        self._begun: dict[str, tuple[float, Callable[[], Delegation]]] = {}
        self._wake = threading.Event()
        self._ended = False
        self.dropped = 0
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
        self._thread.start()

    def begin(self, key: str, given: Callable[[], Delegation]) -> None:
        """A task is given under that key; it is written, as it is `given` then, once it has taken long."""
        self._begun[key] = (time.monotonic(), given)
        self._wake.set()

    def put(self, entry: Entry) -> None:
        """Have it written soon."""
        self._begun.pop(entry.delegation.key, None)
        self.dropped += len(self._waiting) == MOST
        self._waiting.append(entry)
        self._wake.set()

    def close(self) -> None:
        """Write what waits, and stop."""
        self._ended = True
        self._wake.set()
        self._thread.join(10.0)

    def flush(self) -> None:
        """Write what waits, now."""
        batch = [*self._long(), *(self._waiting.popleft() for _ in range(len(self._waiting)))]
        if not batch:
            return
        try:
            self._write(batch)
        except StoreError:
            self._waiting.extendleft(reversed(batch))
            raise

    def _write(self, batch: Sequence[Entry]) -> None:
        given = self._staff.tasks.delegate_all([entry.delegation for entry in batch])
        passed = [entry for entry, held in zip(batch, given, strict=True) if _passed_on(entry, held)]
        others = self._staff.tasks.delegate_all([_other(entry) for entry in passed]) if passed else ()
        taken = dict(zip([entry.delegation.key for entry in passed], others, strict=True))
        ends = [_finish(entry, held, taken.get(entry.delegation.key)) for entry, held in zip(batch, given, strict=True)]
        self._staff.tasks.finish_all([end for found in ends for end in found])
        self._staff.calls.record_all([call for entry in batch for call in entry.calls])

    def _long(self) -> list[Entry]:
        """Tasks that have been under way for long, each told once."""
        before = time.monotonic() - LONG_SECONDS
        keys = [key for key, (began, _) in list(self._begun.items()) if began <= before]
        found = [held for key in keys if (held := self._begun.pop(key, None)) is not None]
        return [Entry(given(), None, "", (), 0) for _, given in found]

    def _work(self) -> None:
        while not self._ended:
            self._wake.wait(LONG_SECONDS if self._begun else None)
            self._wake.clear()
            if not self._ended:
                threading.Event().wait(PAUSE_SECONDS)
            try:
                self.flush()
            except StoreError:
                self._wake.set()


def _passed_on(entry: Entry, held: Delegated) -> bool:
    """Whether another agent did the task than the one that it was written down for."""
    return entry.signal is not None and held.task.target_agent != entry.delegation.target_agent


def _other(entry: Entry) -> Delegation:
    task = entry.delegation
    return replace(task, key=f"{task.key}/{task.target_agent}")


def _finish(entry: Entry, held: Delegated, other: Delegated | None) -> list[Finish]:
    """How an entry's task ended; where another agent did it, the first one's task says so."""
    if entry.signal is None:
        return []
    if other is None:
        return [Finish(held.task_id, entry.signal, entry.note, entry.ended)]
    issue = f"{held.task.target_agent} gave no answer: it was handed to {entry.delegation.target_agent or 'nobody'}"
    return [
        Finish(held.task_id, DiscoveredIssue(), issue, entry.ended),
        Finish(other.task_id, entry.signal, entry.note, entry.ended),
    ]
