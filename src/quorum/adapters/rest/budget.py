"""How much may be asked of a host."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Budget:
    """`per_minute` units of weight flow in, at most `burst` of them are kept; `take` waits for what is missing."""

    def __init__(
        self,
        per_minute: float,
        burst: float,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate = per_minute / 60
        self._burst = burst
        self._left = burst
        self._monotonic = monotonic
        self._sleep = sleep
        self._seen = monotonic()
        self._one = threading.Lock()

    def take(self, weight: float) -> None:
        """Spend `weight`, as soon as it is there."""
        with self._one:
            self._flow()
            short = min(weight, self._burst) - self._left
            if short > 0:
                self._sleep(short / self._rate)
                self._flow()
            self._left -= weight

    def at_most(self, left: float) -> None:
        """The host itself counts `left` units for us: keep no more than that, below zero too."""
        with self._one:
            self._flow()
            self._left = min(self._left, left)

    def flows(self, per_minute: float) -> None:
        """The host itself says how much it takes."""
        with self._one:
            self._flow()
            self._rate = per_minute / 60

    def _flow(self) -> None:
        now = self._monotonic()
        self._left = min(self._burst, self._left + (now - self._seen) * self._rate)
        self._seen = now
