"""When a workflow begins: cron, the sessions of an exchange, events, and the plain phrases for them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from quorum.desk.settings.reading import closest
from quorum.desk.settings.schedule import cron_expression
from quorum.desk.workflows.document.sheet import Entry, Keys, Sheet
from quorum.desk.workflows.spec import Cron, OnEvent, Session, Trigger
from quorum.domain import QuorumError
from quorum.lake.calendars import exchange_sessions

AT = ("open", "close")
ONLY = ("every", "first_of_week", "last_of_week", "first_of_month", "last_of_month")
FORMS = "write cron: with five fields, session: {calendar: XNYS}, or event: and its name"
AT_HAND = ("XNYS",)  # known without loading the calendars, which takes a second
ANY_YEAR = 2024
KEYS = {
    "cron": ("cron", "timezone", "bars", "grace_seconds"),
    "session": ("session",),
    "event": ("event", "condition"),
}
PHRASES: dict[str, tuple[Trigger, ...]] = {
    **dict.fromkeys(("on demand", "scheduled", "by hand"), ()),
    "hourly": (Cron("0 * * * *"),),
    "daily": (Cron("0 0 * * *"),),
    "weekly": (Cron("0 0 * * 0"),),
    "monthly": (Cron("0 0 1 * *"),),
    "start of trading day": (Cron("0 0 * * *"), Session("XNYS", "open", -60)),
    "on strategy changes": (OnEvent("strategy_changed"),),
    "on drift": (OnEvent("drift"),),
    "on deployment": (OnEvent("deployment"),),
    "on alert": (OnEvent("alert"),),
}
_EVERY = re.compile(r"(?:scheduled )?every (?:(\d+) )?(minute|hour)s?")
_EVENT = re.compile(r"[a-z][a-z0-9_]{0,63}")


def read_triggers(entry: Entry) -> tuple[Trigger, ...]:
    """What stands at `trigger`: one or a list; none where there is nothing."""
    found = entry.values.get("trigger")
    if found is None:
        return ()
    keys = (*entry.keys, "trigger")
    if isinstance(found, list):
        return tuple(t for k, each in enumerate(found) for t in _triggers(entry.sheet, (*keys, k), each))
    return _triggers(entry.sheet, keys, found)


def _triggers(sheet: Sheet, keys: Keys, found: Any) -> tuple[Trigger, ...]:
    if isinstance(found, str):
        parts = [part.strip() for part in found.lower().split(" or ")]
        return tuple(trigger for part in parts for trigger in _phrase(sheet, keys, part))
    entry = Entry(sheet, keys, "a trigger")
    kinds = [kind for kind in KEYS if kind in entry]
    if not kinds:
        entry.only(sorted({key for known in KEYS.values() for key in known}))
    if len(kinds) != 1:
        raise entry.refuse(None, f"a trigger with {' and '.join(kinds) or 'no time'}", FORMS)
    entry.only(KEYS[kinds[0]])
    read: dict[str, Callable[[Entry], Trigger]] = {"cron": _cron, "session": _session, "event": _event}
    return (read[kinds[0]](entry),)


def _phrase(sheet: Sheet, keys: Keys, text: str) -> tuple[Trigger, ...]:
    if text in PHRASES:
        return PHRASES[text]
    every = _EVERY.fullmatch(text)
    count, whole = (int(every[1] or 1), {"minute": 60, "hour": 24}[every[2]]) if every else (0, 0)
    if every is None or not 0 < count < whole or whole % count:
        raise sheet.refuse(keys, f"{text!r} does not say when{closest(text, PHRASES)}", FORMS)
    field = "*" if count == 1 else f"*/{count}"
    return (Cron(f"{field} * * * *" if every[2] == "minute" else f"0 {field} * * *"),)


def _cron(entry: Entry) -> Cron:
    expression, timezone = " ".join(entry.text("cron").split()), entry.text("timezone", "UTC")
    try:
        cron_expression(expression)
    except ValueError as error:
        raise entry.refuse("cron", f"cron: {expression!r} is none", str(error)) from None
    if not _comes(expression):
        raise entry.refuse("cron", f"cron: {expression!r} never comes", "write a day that there is")
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):  # a name that is none, one that is no path, one that is a folder
        found = f"timezone: there is no {timezone!r}"
        raise entry.refuse("timezone", found, "write it as UTC or America/New_York") from None
    bars = entry.values.get("bars", False)
    if not isinstance(bars, bool) and bars != "closed":
        raise entry.wrong("bars", "closed, or true or false")
    return Cron(expression, timezone, bool(bars), entry.seconds("grace_seconds", 3.0, low=0.0, high=3_600.0))


def _comes(expression: str) -> bool:
    from croniter import croniter

    try:
        croniter(expression, 0.0).get_next(float)
    except ValueError:
        return False
    return True


def _session(trigger: Entry) -> Session:
    entry = Entry(trigger.sheet, (*trigger.keys, "session"), "a session")
    entry.only(("calendar", "at", "offset_minutes", "only"))
    calendar = entry.text("calendar")
    if calendar not in AT_HAND:
        try:
            exchange_sessions(calendar, ANY_YEAR, ANY_YEAR)
        except QuorumError as error:
            raise entry.refuse("calendar", error.found, error.remedy) from None
    offset = entry.whole("offset_minutes", 0, -1_440, 1_440)
    return Session(calendar, entry.choice("at", AT, "open"), offset, entry.choice("only", ONLY, "every"))


def _event(entry: Entry) -> OnEvent:
    """What the condition of an event reads are the event's facts, which differ from event to event."""
    event, condition = entry.text("event"), entry.condition("condition")
    if not _EVENT.fullmatch(event):
        raise entry.refuse("event", f"{event!r} is no name of an event", "write small letters, digits and _")
    if condition is not None and condition.calls:
        raise entry.refuse("condition", f"there is no function {condition.calls[0]!r}", "a workflow calls none")
    return OnEvent(event, condition)
