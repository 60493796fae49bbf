"""Views brought up to date behind the work, as long as something changes."""

from __future__ import annotations

import threading

from quorum.desk.desk import Desk
from quorum.desk.views import show_system
from quorum.domain import QuorumError


class Viewer:
    """Writes the system's views every `seconds` in a thread of its own; what fails is tried again the next time."""

    def __init__(self, desk: Desk, seconds: float) -> None:
        self._desk = desk
        self._seconds = seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="views", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write them a last time, and stop."""
        self._ended.set()
        self._thread.join(10.0)

    def _work(self) -> None:
        while True:
            ended = self._ended.wait(self._seconds)
            try:
                show_system(self._desk)
            except QuorumError as error:
                self.trouble = error
            if ended:
                return

    trouble: QuorumError | None = None
