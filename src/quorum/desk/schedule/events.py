"""Runs that an event asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from quorum.desk.schedule.arming import Schedule
from quorum.desk.schedule.plan import request_at
from quorum.desk.workflows.spec import OnEvent
from quorum.domain import ConfigError, content_hash, utc_day
from quorum.domain.grammar import evaluate


@dataclass(frozen=True, slots=True)
class Asked:
    """A run to be asked for: an event that is heard twice has the same id, so that it is one run."""

    identity: str
    schedule: str
    request: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened: the event's name, the key that tells it from others of its kind, when (ns UTC), what."""

    event: str
    key: str
    at: int
    facts: Mapping[str, Any]


def on_event(happened: Happening, schedules: Iterable[Schedule]) -> list[Asked]:
    """The runs that enabled schedules want of what happened; they decide at that instant.

    A trigger's condition reads the facts; one that reads what the facts lack does not hold.
    """
    return [
        Asked(_identity(happened, schedule.name), schedule.name, _request(happened, schedule))
        for schedule in schedules
        if schedule.enabled and any(_fits(t, happened) for t in schedule.triggers if isinstance(t, OnEvent))
    ]


def _identity(happened: Happening, schedule: str) -> str:
    told = content_hash({"event": happened.event, "key": happened.key, "schedule": schedule})
    return f"WF-{utc_day(happened.at)}-{told[:12]}"


def _request(happened: Happening, schedule: Schedule) -> Mapping[str, Any]:
    event = {"name": happened.event, "key": happened.key, "facts": happened.facts}
    return {**request_at(schedule, happened.at, {}), "event": event}


def _fits(trigger: OnEvent, happened: Happening) -> bool:
    if trigger.event != happened.event:
        return False
    if trigger.condition is None:
        return True
    try:
        return evaluate(trigger.condition, happened.facts) is True
    except ConfigError:
        return False
