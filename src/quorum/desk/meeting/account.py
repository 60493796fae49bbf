"""One meeting at a time, and what its models took: kept before each call, whatever becomes of the meeting."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from quorum.desk.desk import Desk
from quorum.desk.life import Record
from quorum.desk.meeting.past import SPENT
from quorum.desk.meeting.ports import Purse
from quorum.desk.settings.meeting import MeetingFile
from quorum.domain import WorkspaceError, utc_day


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Hold the turn of meetings against every other process and thread of this machine; waits for it."""
    path = home / "pipeline" / ".running" / "meeting"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise WorkspaceError(f"{path}: {error.strerror}", "make the workspace writable for you") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


class Account:
    """What the models of one meeting take; a record of it begins with their first call.

    `record_id` is None before that. A meeting that is tried only, or broken off, leaves its record as SPENT.
    """

    def __init__(self, desk: Desk, settings: MeetingFile, records: Sequence[Record], as_of: int) -> None:
        self._desk, self._as_of = desk, as_of
        self.record_id: str | None = None
        day = utc_day(as_of)
        spent = sum(float(r.get("spent", 0.0)) for r in records if utc_day(int(r["as_of"])) == day)
        budget = settings.budget
        left = max(0.0, min(budget.money, budget.money_per_day - spent))
        self.purse = Purse(budget.calls, left, kept=self._keep)

    def close(self, told: Mapping[str, Any]) -> Record:
        """Keep the meeting, in the place of what is known of its cost."""
        books = self._desk.life.books.meetings
        if self.record_id is None:
            return books.open(told)
        return books.change((self.record_id,), lambda found: {**found, **told})

    def _keep(self, purse: Purse) -> None:
        told = {"status": SPENT, "as_of": self._as_of, "spent": round(purse.spent, 6), "calls": purse.made}
        self.record_id = str(self.close(told)["meeting_id"])
