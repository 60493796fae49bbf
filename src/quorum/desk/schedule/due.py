"""When a trigger is due: pure, from the trigger and an instant alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain, takewhile
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from quorum.desk.workflows.spec import Cron, Session, Trigger
from quorum.domain import DAY, HOUR, MINUTE, SECOND, ConfigError
from quorum.lake.calendars import exchange_sessions

ONLY = ("every", "first_of_week", "last_of_week", "first_of_month", "last_of_month")
_YEARS_AHEAD = 2


def due(trigger: Trigger, after: int, until: int) -> list[int]:
    """Every instant (ns UTC) after `after`, up to `until` itself, at which the trigger is due; ascending.

    A cron expression is read on the wall clock of its zone. A local time that does not exist that day is due at the
    first instant after the gap; one that occurs twice is due once, the first time. An expression of every hour runs
    through instead, in both passes of the repeated hour and in none of the missing one. A session is due
    `offset_minutes` from its open or close, on the exchange's own days and hours, half days included. An event is
    never due.
    """
    return list(takewhile(lambda instant: instant <= until, instants(trigger, after)))


def next_due(trigger: Trigger, after: int) -> int | None:
    """The first instant after `after` at which the trigger is due; None where there is none."""
    return next(instants(trigger, after), None)


def first_due(triggers: tuple[Trigger, ...], after: int) -> int | None:
    """The first instant after `after` at which one of the triggers is due; None where none is."""
    found = (next_due(trigger, after) for trigger in triggers)
    return min((instant for instant in found if instant is not None), default=None)


def latest_due(triggers: tuple[Trigger, ...], after: int, until: int, most: int) -> list[int]:
    """The newest instants at which one of the triggers is due, as `due`; `most` of them, or all there are."""
    width = HOUR
    while True:
        start = max(after, until - width)
        found = sorted(set(chain.from_iterable(due(trigger, start, until) for trigger in triggers)))
        if start == after or len(found) > most:
            return found[-most:]
        width *= 4


def instants(trigger: Trigger, after: int) -> Iterator[int]:
    """The instants after `after` at which the trigger is due, ascending, without end where it has none."""
    if isinstance(trigger, Cron):
        every_hour = _hours(trigger.expression) == ["*"]
        return (_running if every_hour else _on_the_wall)(trigger, after)
    return _sessions(trigger, after) if isinstance(trigger, Session) else iter(())


def _hours(expression: str) -> list[object]:
    from croniter import croniter

    return list(croniter.expand(expression)[0][1])


def _matches(expression: str, start: datetime) -> Iterator[datetime]:
    """Wall times after `start`, both without a zone, that the expression names."""
    from croniter import CroniterBadDateError, croniter

    found = croniter(expression, start)
    while True:
        try:
            yield found.get_next(datetime)
        except CroniterBadDateError:  # as on a 30th of February
            return


def _on_the_wall(cron: Cron, after: int) -> Iterator[int]:
    zone, last = ZoneInfo(cron.timezone), after
    for wall in _matches(cron.expression, _wall(zone, after // SECOND)):
        instant = _instant(zone, wall) * SECOND
        if instant > last:
            last = instant
            yield instant


def _running(cron: Cron, after: int) -> Iterator[int]:
    """Every hour alike: the wall clock is followed with its offset, which is taken anew where it changes."""
    zone, at = ZoneInfo(cron.timezone), after // SECOND
    offset = _offset(zone, at)
    while True:
        for wall in _matches(cron.expression, _naive(at + offset)):
            instant = _seconds(wall) - offset
            if _offset(zone, instant) != offset:
                at = _change(zone, at, instant) - 1
                offset = _offset(zone, at + 1)
                break
            at = instant
            yield instant * SECOND
        else:
            return


def _instant(zone: ZoneInfo, wall: datetime) -> int:
    """Seconds since 1970 at which a clock in `zone` shows `wall` for the first time, or jumps over it."""
    before, behind = (int(wall.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1))
    if _wall(zone, before) == wall:
        return before
    return _change(zone, behind, before)


def _change(zone: ZoneInfo, low: int, high: int) -> int:
    """The first second after `low`, up to `high`, whose offset is not that of `low`."""
    offset = _offset(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(zone, middle) == offset else (low, middle)
    return high


def _offset(zone: ZoneInfo, second: int) -> int:
    shift = datetime.fromtimestamp(second, zone).utcoffset() or timedelta()
    return int(shift.total_seconds())


def _wall(zone: ZoneInfo, second: int) -> datetime:
    return datetime.fromtimestamp(second, zone).replace(tzinfo=None, fold=0)


def _naive(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC).replace(tzinfo=None)


def _seconds(wall: datetime) -> int:
    return int(wall.replace(tzinfo=UTC).timestamp())


def _sessions(session: Session, after: int) -> Iterator[int]:
    year = datetime.fromtimestamp(after // SECOND, UTC).year
    shift = session.offset_minutes * MINUTE
    last = after
    for ahead in range(_YEARS_AHEAD + 1):
        found = exchange_sessions(session.calendar, year + ahead - 1, year + ahead + 1)
        times = (found.open if session.at == "open" else found.close)[_chosen(found.day, session.only)] + shift
        for instant in times[times > last]:
            last = int(instant)
            yield last


def _chosen(day: NDArray[np.int64], only: str) -> NDArray[np.bool_]:
    """Which of the days of trading (midnights, ascending) are the first or the last of their week or month."""
    if only == "every":
        return np.ones(len(day), dtype=np.bool_)
    edge, _, span = only.partition("_of_")
    if only not in ONLY:
        raise ConfigError(f"a session cannot be {only!r}", f"choose one of {', '.join(ONLY)}")
    groups = (
        (day // DAY + 3) // 7 if span == "week" else day.astype("datetime64[ns]").astype("datetime64[M]").astype(int)
    )
    changes = np.diff(groups) != 0
    return np.concatenate([[True], changes] if edge == "first" else [changes, [False]])
