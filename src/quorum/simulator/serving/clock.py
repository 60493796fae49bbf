"""The venue's clock: as fast as it is told, and moved ahead by hand."""

from __future__ import annotations

from time import monotonic_ns


class SpeedClock:
    """A clock that began at `start` (ns UTC) and runs `speed` times as fast as the machine's; 0 stands still."""

    def __init__(self, start: int, speed: float = 1.0) -> None:
        self._start = start
        self._since = monotonic_ns()
        self.speed = speed

    def now(self) -> int:
        """See Clock."""
        return self._start + int((monotonic_ns() - self._since) * self.speed)

    def advance(self, nanoseconds: int) -> int:
        """Move ahead; the new instant."""
        self._start += max(nanoseconds, 0)
        return self.now()
