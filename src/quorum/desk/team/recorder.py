"""The recorder: what is kept of agents is written behind the work, in few commits."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from quorum.desk.agents import Call, Delegation, Finish, Handoff, Staff
from quorum.domain import StoreError

PAUSE_SECONDS = 0.25
MOST = 10_000


class Entry(NamedTuple):
    """A task that was given, how it was handed on, and its calls."""

    delegation: Delegation
    signal: Handoff
    note: str
    calls: Sequence[Call]
    ended: int


class Recorder:
    """Writes entries in one batch every quarter of a second; keys make a second writing of one harmless.

    While the database does not answer, up to `MOST` entries wait; older ones are dropped then and counted.
    """

    def __init__(self, staff: Staff) -> None:
        self._staff = staff
        self._waiting: deque[Entry] = deque(maxlen=MOST)
        self._wake = threading.Event()
        self._ended = False
        self.dropped = 0
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
        self._thread.start()

    def put(self, entry: Entry) -> None:
        """Have it written soon."""
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
        batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not batch:
            return
        try:
            self._write(batch)
        except StoreError:
            self._waiting.extendleft(reversed(batch))
            raise

    def _write(self, batch: Sequence[Entry]) -> None:
        given = self._staff.tasks.delegate_all([entry.delegation for entry in batch])
        ids = {delegated.task.key: delegated.task_id for delegated in given}
        self._staff.tasks.finish_all([Finish(ids[e.delegation.key], e.signal, e.note, e.ended) for e in batch])
        self._staff.calls.record_all([call for entry in batch for call in entry.calls])

    def _work(self) -> None:
        while not self._ended:
            self._wake.wait()
            self._wake.clear()
            if not self._ended:
                threading.Event().wait(PAUSE_SECONDS)
            try:
                self.flush()
            except StoreError:
                self._wake.set()
