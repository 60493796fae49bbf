"""The schedules at a glance, for people and programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from quorum.desk.schedule.arming import Schedule
from quorum.desk.schedule.bars import NewestClose, next_wanted
from quorum.desk.schedule.due import next_due
from quorum.desk.schedule.ports import Tick, Ticks
from quorum.desk.workflows.spec import Cron, Trigger
from quorum.domain import SECOND, ConfigError, iso

COUNTED = 1_000


def overview(
    schedules: Mapping[str, Schedule | ConfigError], ticks: Ticks, now: int, newest: NewestClose
) -> list[dict[str, Any]]:
    """Every schedule: when it is next due, its last tick, what was missed or skipped in its last 1,000 ticks."""
    return [
        _broken(name, found) if isinstance(found, ConfigError) else _shown(found, ticks, _next(found, now, newest))
        for name, found in schedules.items()
    ]


def shown(tick: Tick) -> dict[str, Any]:
    """A tick as plain values, its lateness in seconds."""
    return {
        "due_at": iso(tick.due_at),
        "status": tick.status.value,
        "seen_at": iso(tick.seen_at),
        "lateness_seconds": round(tick.lateness / SECOND, 3),
        "workflow_id": tick.workflow_id or None,
        "reason": tick.reason,
        "count": tick.count,
    }


def _broken(name: str, error: ConfigError) -> dict[str, Any]:
    return {"schedule": name, "enabled": False, "error": str(error)}


def _next(schedule: Schedule, now: int, newest: NewestClose) -> int | None:
    """When an enabled schedule runs next; a tick without a bar to wait for is none."""
    if not schedule.enabled:
        return None
    found = [_after(trigger, schedule, now, newest) for trigger in schedule.timed]
    return min((instant for instant in found if instant is not None), default=None)


def _after(trigger: Trigger, schedule: Schedule, now: int, newest: NewestClose) -> int | None:
    length = schedule.timeframe
    if isinstance(trigger, Cron) and trigger.bars and length is not None:
        return next_wanted(trigger, now, length, newest(schedule.params))
    return next_due(trigger, now)


def _shown(schedule: Schedule, ticks: Ticks, due: int | None) -> dict[str, Any]:
    newest = ticks.newest(schedule.name, COUNTED)
    counts: Counter[str] = Counter()
    for tick in newest:
        counts[tick.status.value] += tick.count
    return {
        "schedule": schedule.name,
        "workflow": schedule.spec.name,
        "enabled": schedule.enabled,
        "execution": schedule.execution or schedule.spec.execution,
        "triggers": schedule.written,
        "params": dict(schedule.params),
        "next_due": None if due is None else iso(due),
        "last": shown(newest[0]) if newest else None,
        "missed": counts["missed"],
        "skipped": counts["skipped"],
        "waiting": counts["waiting"],
        "policies": {"missed": schedule.missed, "overlap": schedule.overlap},
    }
