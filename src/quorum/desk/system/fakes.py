"""The system's state in memory, with the promises of the real store."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from quorum.desk.system.states import NEVER_STARTED, Moved, Part, Person, SystemState, judge
from quorum.domain import Clock


class MemoryStates:
    """States that live as long as this object."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._turn = threading.Lock()
        self._moves: list[Moved] = []

    def move(self, to: SystemState, by: Person | Part, reason: str) -> Moved:
        with self._turn:
            judge(self.current(), to, by, reason)
            self._moves.append(Moved(self._clock.now(), to, by, reason))
            return self._moves[-1]

    def current(self) -> Moved:
        return self._moves[-1] if self._moves else NEVER_STARTED

    def history(self, limit: int = 50) -> Sequence[Moved]:
        return self._moves[::-1][:limit]
