"""Ticks in memory: as the store's, for one process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from quorum.desk.schedule.ports import RUNS, Tick, TickStatus
from quorum.domain import Clock, utc_day


class MemoryTicks:
    """Ticks that end with the process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._armed: dict[str, tuple[str, int]] = {}
        self._ticks: dict[tuple[str, int], Tick] = {}
        self._counts: Counter[str] = Counter()
        self.booked: dict[str, Mapping[str, Any]] = {}

    def arm(self, schedule: str, trigger: str, now: int) -> int:
        known = self._armed.get(schedule)
        if known is None or known[0] != trigger:
            self._armed[schedule] = (trigger, now)
        return self._armed[schedule][1]

    def claim(self, tick: Tick) -> Tick | None:
        key = (tick.schedule, tick.due_at)
        if key in self._ticks:
            return None
        if tick.status in RUNS:
            day = utc_day(self._clock.now())
            self._counts[day] += 1
            tick = replace(tick, workflow_id=f"WF-{day}-{self._counts[day]:03d}")
        self._ticks[key] = tick
        return tick

    def move(
        self, tick: Tick, status: TickStatus, reason: str | None = None, request: Mapping[str, Any] | None = None
    ) -> bool:
        key = (tick.schedule, tick.due_at)
        known = self._ticks[key]
        if known.status is not tick.status:
            return False
        self._ticks[key] = replace(known, status=status, reason=known.reason if reason is None else reason)
        if request is not None:
            self.booked.setdefault(tick.workflow_id, request)
        return True

    def open(self) -> Sequence[Tick]:
        return sorted((t for t in self._ticks.values() if t.status in RUNS), key=lambda t: (t.due_at, t.schedule))

    def newest(
        self, schedule: str, limit: int = 1, until: int | None = None, *, only_runs: bool = False
    ) -> Sequence[Tick]:
        asked = (TickStatus.CLAIMED, TickStatus.SENT) if only_runs else tuple(TickStatus)
        mine = [t for t in self._ticks.values() if t.schedule == schedule and t.status in asked]
        found = sorted((t for t in mine if until is None or t.due_at <= until), key=lambda t: -t.due_at)
        return found[:limit]
