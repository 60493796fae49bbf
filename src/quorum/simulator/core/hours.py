"""When a symbol trades: always, or in the sessions of New York."""

from __future__ import annotations

import warnings
from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from quorum.domain import DAY, HOUR, MINUTE, SECOND

NEW_YORK = ZoneInfo("America/New_York")
_LAST_CALL, _EVENING = 9 * 60 + 28, 19 * 60  # minutes of the day in New York between which no opening order is taken
_CLOSING_CALL = 15 * 60 + 50
_LATE = 4 * HOUR  # from a close, of half a day too, to the end of its evening


class Session(NamedTuple):
    """A session: its date as 2026-11-20, open and close in ns UTC."""

    date: str
    open: int
    close: int


class Hours(Protocol):
    """The sessions of an exchange."""

    def session(self, at: int) -> Session:
        """The session that runs at `at`, or the next one."""
        ...

    def sessions(self, start: int, end: int) -> Sequence[Session]:
        """Sessions that open in [start, end), in order."""
        ...

    def day(self, at: int) -> Session:
        """The session that runs at `at`, or the next one, with the hours before its open and after its close."""
        ...

    def takes_opening(self, at: int) -> bool:
        """Whether an order for the opening is taken now."""
        ...

    def takes_closing(self, at: int) -> bool:
        """Whether an order for the close is taken now."""
        ...


class Always:
    """Every UTC day is a session of 24 hours."""

    def session(self, at: int) -> Session:
        """See Hours."""
        start = at // DAY * DAY
        return Session(_date(start), start, start + DAY)

    def sessions(self, start: int, end: int) -> Sequence[Session]:
        """See Hours."""
        return [self.session(day) for day in range(-(-start // DAY) * DAY, end, DAY)]

    def day(self, at: int) -> Session:
        """See Hours; there are no others."""
        return self.session(at)

    def takes_opening(self, at: int) -> bool:
        """See Hours; the market is always opening."""
        return True

    def takes_closing(self, at: int) -> bool:
        """See Hours."""
        return True


class NewYork:
    """Sessions of the New York Stock Exchange, half days and holidays included, by exchange_calendars."""

    def __init__(self) -> None:
        import exchange_calendars

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # exchange_calendars speaks to an older pandas
            schedule = exchange_calendars.get_calendar("XNYS").schedule
        dates = [str(day.date()) for day in schedule.index]
        opens, closes = ([int(t.timestamp()) * SECOND for t in schedule[name]] for name in ("open", "close"))
        self._sessions = [Session(*each) for each in zip(dates, opens, closes, strict=True)]
        self._closes = closes
        self._opens = opens

    def session(self, at: int) -> Session:
        """See Hours."""
        return self._sessions[min(bisect_right(self._closes, at), len(self._sessions) - 1)]

    def sessions(self, start: int, end: int) -> Sequence[Session]:
        """See Hours."""
        return self._sessions[bisect_right(self._opens, start - 1) : bisect_right(self._opens, end - 1)]

    def day(self, at: int) -> Session:
        """See Hours: from 20:00 of the evening before until four hours after the close."""
        found = self.session(at - _LATE)
        evening = datetime.combine(date.fromisoformat(found.date) - timedelta(days=1), time(20), NEW_YORK)
        return Session(found.date, int(evening.timestamp()) * SECOND, found.close + _LATE)

    def takes_opening(self, at: int) -> bool:
        """See Hours: not from 09:28 to 19:00 in New York."""
        return not _LAST_CALL <= _minute(at) < _EVENING

    def takes_closing(self, at: int) -> bool:
        """See Hours: not from 15:50 to 19:00 in New York."""
        return not _CLOSING_CALL <= _minute(at) < _EVENING


def _date(at: int) -> str:
    return datetime.fromtimestamp(at // SECOND, UTC).date().isoformat()


def _minute(at: int) -> int:
    moment = datetime.fromtimestamp(at // SECOND, NEW_YORK)
    return moment.hour * 60 + moment.minute


def is_open(hours: Hours, at: int) -> bool:
    """Whether a session runs at `at`; its close is no part of it."""
    found = hours.session(at)
    return found.open <= at < found.close


def is_awake(hours: Hours, at: int) -> bool:
    """Whether extended orders trade: in a session, and in the hours around it."""
    found = hours.day(at)
    return found.open <= at < found.close


def waits(hours: Hours, life: str, at: int, extended: bool = False) -> tuple[int, int | None]:
    """From when an order placed at `at` may trade, and when it expires; None for never.

    One for the opening has the first two minutes of its session, one for the close the last one; one that is
    `extended` has the hours around the session as well.
    """
    found = hours.day(at) if extended else hours.session(at)
    if life == "gtc":
        return at, None
    if life == "opg":
        starts = at if isinstance(hours, Always) else _next_open(hours, at)
        return starts, starts + 2 * MINUTE
    if life == "cls":
        return max(at, found.close - MINUTE), found.close
    return at, found.close


def _next_open(hours: Hours, at: int) -> int:
    found = hours.session(at)
    return found.open if at < found.open else hours.session(found.close).open
