"""The venue's clock: as fast as it is told, and moved ahead by hand."""

from __future__ import annotations

from email.utils import formatdate
from time import monotonic_ns

from quorum.domain import SECOND


class SpeedClock:
    """A clock that began at `start` (ns UTC) and runs `speed` times as fast as the machine's; 0 stands still."""

    def __init__(self, start: int, speed: float = 1.0) -> None:
        self._start = start
        self._since = monotonic_ns()
        self.speed = speed

    def now(self) -> int:
        """See Clock."""
        return self._start + int((monotonic_ns() - self._since) * self.speed)

    def run(self, speed: float) -> None:
        """Go on from now, `speed` times as fast as the machine's clock."""
        self._start, self._since, self.speed = self.now(), monotonic_ns(), speed

    def advance(self, nanoseconds: int) -> int:
        """Move ahead; the new instant."""
        self._start += max(nanoseconds, 0)
        return self.now()


def web_date(at: int) -> str:
    """An instant (ns UTC) as the Date of an answer."""
    return formatdate(at / SECOND, usegmt=True)
