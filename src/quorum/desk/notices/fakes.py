"""A double of this room's outbox, for tests of what raises notices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from quorum.desk.notices.notice import Concern, Escalation, Notice, Occurrence
from quorum.desk.notices.ports import Told
from quorum.domain import Clock, NotFound, Transaction, UsageError, utc_day


class MemoryOutbox:
    """An outbox that lives as long as its process; nothing is delivered from it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._notices: dict[str, Notice] = {}
        self._concerns: dict[str, Escalation] = {}

    def raise_(self, occurrence: Occurrence, within: Transaction | None = None) -> Notice:
        at = self._clock.now()
        identity = f"NOT-{utc_day(at)}-{_next(at, [n.at for n in self._notices.values()]):03d}"
        return self._notices.setdefault(occurrence.identity, Notice.of(identity, at, occurrence))

    def escalate(self, concern: Concern, within: Transaction | None = None) -> Escalation:
        at, key = self._clock.now(), f"{concern.event}/{concern.key}"
        if key not in self._concerns:
            identity = f"ESC-{utc_day(at)}-{_next(at, [e.at for e in self._concerns.values()]):03d}"
            self._concerns[key] = Escalation.of(identity, at, concern)
            self.raise_(concern.occurrence(identity))
        return self._concerns[key]

    def acknowledge(self, notification_id: str, by: str) -> Notice:
        if not by.strip():
            raise UsageError("an acknowledgement has a name", "say who has seen it: --by NAME")
        for key, notice in self._notices.items():
            if notice.notification_id == notification_id:
                if notice.acknowledged_at is None:
                    seen = replace(notice, acknowledged_at=self._clock.now(), acknowledged_by=by.strip())
                    self._notices[key] = seen
                return self._notices[key]
        raise NotFound(f"there is no notification {notification_id}", "list them with `quorum notices`")

    def listed(self, limit: int = 50, *, only_open: bool = False) -> Sequence[Told]:
        found = [n for n in reversed(self._notices.values()) if n.needs_acknowledgement or not only_open]
        return [Told(notice, ()) for notice in found[:limit]]

    def escalations(self, limit: int = 50) -> Sequence[Escalation]:
        return list(reversed(self._concerns.values()))[:limit]


def _next(at: int, earlier: Sequence[int]) -> int:
    return 1 + sum(utc_day(one) == utc_day(at) for one in earlier)
