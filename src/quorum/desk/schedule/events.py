"""Runs that an event asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from quorum.desk.schedule.arming import Schedule
from quorum.desk.schedule.plan import request_at
from quorum.desk.workflows.ports import Workflows
from quorum.desk.workflows.spec import OnEvent
from quorum.domain import ConfigError, IllegalMove, NotFound, content_hash, utc_day
from quorum.domain.grammar import evaluate

LOOKED_AT = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """A run to be asked for: an event that is heard twice has the same id, so that it is one run."""

    identity: str
    schedule: str
    request: Mapping[str, Any]
    overlap: str = "skip"


class Turn(StrEnum):
    """What became of a run that an event asks for: one that WAITS is looked at again, one that is KNOWN is there."""

    SENT = "sent"
    WAITS = "waits"
    SKIPPED = "skipped"
    KNOWN = "known"


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
        Asked(_identity(happened, schedule.name), schedule.name, _request(happened, schedule), schedule.overlap)
        for schedule in schedules
        if schedule.enabled and any(_fits(t, happened) for t in schedule.triggers if isinstance(t, OnEvent))
    ]


def take_turn(asked: Asked, workflows: Workflows, cancel: Callable[[str], object]) -> tuple[Turn, str]:
    """Ask for the run, unless an earlier one of its schedule has not ended: then as the schedule's `overlap` says.

    With the earlier one's id, empty without one.
    """
    with suppress(NotFound):
        workflows.run(asked.identity)
        return Turn.KNOWN, ""
    found = [run for status in ("enqueued", "running") for run in workflows.runs(LOOKED_AT, status=status)]
    earlier = [run.identity for run in found if run.request.get("origin") == asked.request["origin"]]
    if earlier and asked.overlap != "cancel":
        return (Turn.WAITS if asked.overlap == "queue" else Turn.SKIPPED), earlier[0]
    for identity in earlier:
        with suppress(IllegalMove):  # it has ended since
            cancel(identity)
    workflows.enqueue(asked.identity, asked.request)
    return Turn.SENT, earlier[0] if earlier else ""


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
