"""A database that does not answer cannot be told of at once: it is told of when it answers again."""

from __future__ import annotations

from collections.abc import Callable

from quorum.desk.notices.notice import Occurrence
from quorum.desk.notices.ports import Outbox
from quorum.desk.notices.table import Event
from quorum.domain import SECOND, Clock, StoreError, iso


class Outage:
    """Sees which acts the database refuses; the first that it takes again tells from when to when it was away."""

    def __init__(self, outbox: Outbox, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock
        self._since: int | None = None
        self._error = ""

    def over(self, act: Callable[[], None]) -> Callable[[], None]:
        """The same act, watched; what it raises is raised."""

        def watched() -> None:
            began = self._clock.now()  # a lock is waited for, and the refusal comes seconds later
            try:
                act()
                self._tell()
            except StoreError as error:
                self._since = self._since or began
                self._error = str(error)
                raise

        return watched

    def _tell(self) -> None:
        if self._since is None:
            return
        since, now = iso(self._since), self._clock.now()
        seconds = (now - self._since) / SECOND
        facts = {"since": since, "until": iso(now), "seconds": seconds, "error": self._error}
        for event, summary in (
            (Event.STORE_UNREACHABLE, f"the database did not answer from {since} on: {self._error}"),
            (Event.STORE_BACK, f"the database answers again, after {seconds:.0f} s"),
        ):
            self._outbox.raise_(Occurrence(event, since, summary, facts))
        self._since = None
