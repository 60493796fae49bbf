"""When bars are due: which of them are missing is judged against a calendar."""

from __future__ import annotations

import difflib
import threading
import warnings
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DAY, HOUR, DataError, NotFound, Timeframe
from quorum.lake.bars import Instants

CALENDARS = ("24/7", "24/5", "weekdays", "XNYS", "sessions", "auto")
XNYS_FROM = 1980
LONGEST_SESSION = 20 * HOUR
WEEKEND = 84 * HOUR
_LOADING = threading.Lock()  # warnings are silenced for the whole process, so by one thread at a time


@dataclass(frozen=True, slots=True)
class Gap:
    """A run of `missing` bars: the first of them would open at `start`, the next bar there opens at `end`."""

    start: int
    end: int
    missing: int


class Sessions(NamedTuple):
    """Trading days of an exchange: midnight UTC of each day, its open and its close; ns UTC, shapes (n,)."""

    day: Instants
    open: Instants
    close: Instants


def find_gaps(time: Instants, timeframe: Timeframe, calendar: str) -> tuple[Gap, ...]:
    """Runs of bars that `calendar` expects between the first and the last of `time` (sorted) and it lacks.

    24/7: every step. 24/5: the same, but for jumps over a Saturday of up to 84 hours. weekdays: Monday to
    Friday UTC. XNYS: the exchange's days, within a day every step from open to close; from 1980 on. sessions: every
    step between two bars of one UTC day, nothing between days. Bars longer than a day: every step on any calendar.
    """
    if len(time) < 2:
        return ()
    step = timeframe.nanoseconds
    if step > DAY or calendar in ("24/7", "24/5", "sessions"):
        return _by_distance(time, step, _absences(time, step, calendar))
    if calendar == "weekdays" and step < DAY:
        found = _by_distance(time, step, np.rint(np.diff(_weekday_clock(time)) / step) - 1)
        return tuple(_on_a_weekday(gap) for gap in found)
    if step == DAY:
        days = day_labels(time)
        return _by_schedule(time, days, _due_days(days, calendar))
    return _by_schedule(time, time, _due_slots(time, step))


def _absences(time: Instants, step: int, calendar: str) -> NDArray[np.float64]:
    apart = np.diff(time)
    missing: NDArray[np.float64] = np.rint(apart / step) - 1
    if step > DAY or calendar == "24/7":
        return missing
    if calendar == "24/5":
        weekend = np.where(apart <= WEEKEND, 0, np.rint((apart - 2 * DAY) / step) - 1)
        return np.where(_over_saturday(time), weekend, missing)
    return np.where(np.diff(time // DAY) == 0, missing, 0)


def _by_distance(time: Instants, step: int, missing: NDArray[np.float64]) -> tuple[Gap, ...]:
    before = np.flatnonzero(missing >= 1)
    return tuple(Gap(int(time[i]) + step, int(time[i + 1]), int(missing[i])) for i in before)


def _on_a_weekday(gap: Gap) -> Gap:
    """`gap` with its start moved from a weekend to the Monday after it."""
    weekday = (gap.start // DAY + 3) % 7
    return gap if weekday < 5 else replace(gap, start=(gap.start // DAY + 7 - weekday) * DAY)


def _by_schedule(time: Instants, labels: Instants, due: Instants) -> tuple[Gap, ...]:
    """Runs of neighbours in `due` that `labels` (sorted, one for each of `time`) lacks."""
    absent = np.flatnonzero(~_among(due, labels))
    if not len(absent):
        return ()
    runs = np.split(absent, np.flatnonzero(np.diff(absent) > 1) + 1)
    after = np.searchsorted(labels, [due[run[-1]] for run in runs], "right")
    return tuple(Gap(int(due[r[0]]), int(time[i]), len(r)) for r, i in zip(runs, after, strict=True))


def _due_days(days: Instants, calendar: str) -> Instants:
    if calendar == "XNYS":
        return _within(xnys(_year(days[-1])).day, days)
    every = np.arange(days[0], days[-1] + 1, DAY)
    return every[_weekday(every) < 5]


def _due_slots(time: Instants, step: int) -> Instants:
    """Opens of the bars of XNYS, aligned to the exchange's open or to the clock, whichever fits more of `time`."""
    sessions = xnys(_year(time[-1]))
    near = (sessions.close > time[0] - DAY) & (sessions.open < time[-1] + DAY)
    opens, closes = sessions.open[near], sessions.close[near]
    slots = [_slots(start, closes, step) for start in (opens, opens // step * step)]
    due: Instants = max(slots, key=lambda s: int(_among(time, s).sum()))
    return _within(due, time)


def _slots(opens: Instants, closes: Instants, step: int) -> Instants:
    counts = -((opens - closes) // step)
    ordinal = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    slots: Instants = np.repeat(opens, counts) + ordinal * step
    return slots


def _among(wanted: Instants, held: Instants) -> NDArray[np.bool_]:
    """Which of `wanted` are in `held`, which is sorted."""
    if not len(held):
        return np.zeros(len(wanted), dtype=np.bool_)
    at = np.minimum(np.searchsorted(held, wanted), len(held) - 1)
    there: NDArray[np.bool_] = held[at] == wanted
    return there


def _within(due: Instants, labels: Instants) -> Instants:
    inside: Instants = due[(due > labels[0]) & (due < labels[-1])]
    return inside


def _year(day: np.int64) -> int:
    return int(np.datetime64(int(day), "ns").astype("datetime64[Y]").astype(int)) + 1970


def _weekday(time: Instants) -> Instants:
    days: Instants = time // DAY
    return (days + 3) % 7


def _over_saturday(time: Instants) -> NDArray[np.bool_]:
    """Whether a whole Saturday lies between neighbours of `time`, as far as their opens tell."""
    tomorrow = time[:-1] // DAY + 1
    saturday = tomorrow + (5 - _weekday(tomorrow * DAY)) % 7
    over: NDArray[np.bool_] = (saturday + 1) * DAY <= time[1:]
    return over


def _weekday_clock(time: Instants) -> Instants:
    """`time` on a clock that stands still on Saturdays and Sundays."""
    since_monday = time + 3 * DAY
    return since_monday // (7 * DAY) * 5 * DAY + np.minimum(since_monday % (7 * DAY), 5 * DAY)


def day_labels(time: Instants) -> Instants:
    """Midnight UTC of the day that each daily bar stands for.

    That is the UTC day of its open; where that puts bars on weekends and the nearest midnight does not (days that
    begin at a local midnight east of Greenwich), it is the nearest midnight.
    """
    floor = time // DAY * DAY
    if bool((_weekday(floor) < 5).all()):
        return floor
    nearest = (time + DAY // 2) // DAY * DAY
    return nearest if bool((_weekday(nearest) < 5).all()) else floor


def detect_calendar(time: Instants, timeframe: Timeframe) -> str:
    """The calendar that a series (sorted times) keeps.

    Bars of a day or longer without any weekend: XNYS when 95 % of the days since 1980 are its sessions, else
    weekdays. Shorter bars: sessions when no weekend occurs and two or more days use the same part of the day, at
    most 20 hours; weekdays when a Friday and the next Monday are there and no weekend is; 24/5 when two Fridays
    and the Sundays after them are there and no Saturday is. Otherwise 24/7.
    """
    if not len(time):
        return "24/7"
    if timeframe.nanoseconds >= DAY:
        return _detect_daily(day_labels(time))
    days = np.unique(time // DAY)
    weekend = set((days[(days + 3) % 7 >= 5] + 3) % 7)
    if not weekend and len(days) > 1 and _window(time, timeframe) <= LONGEST_SESSION:
        return "sessions"
    fridays = days[(days + 3) % 7 == 4]
    if not weekend:
        return "weekdays" if _among(fridays + 3, days).any() else "24/7"
    return "24/5" if weekend == {6} and int(_among(fridays + 2, days).sum()) > 1 else "24/7"


def _detect_daily(days: Instants) -> str:
    if bool((_weekday(days) >= 5).any()):
        return "24/7"
    known = days[days >= np.datetime64(str(XNYS_FROM), "ns").astype(np.int64)]
    if not len(known):
        return "weekdays"
    return "XNYS" if float(_among(known, xnys(_year(known[-1])).day).mean()) >= 0.95 else "weekdays"


def _window(time: Instants, timeframe: Timeframe) -> int:
    clock = time % DAY
    return int(clock.max() - clock.min()) + timeframe.nanoseconds


def xnys(last_year: int) -> Sessions:
    """Sessions of the New York Stock Exchange from 1980 to the end of `last_year`, by exchange_calendars."""
    return exchange_sessions("XNYS", XNYS_FROM, max(last_year, XNYS_FROM))


def exchange_sessions(calendar: str, first_year: int, last_year: int) -> Sessions:
    """Sessions of an exchange from `first_year` to the end of `last_year`, by exchange_calendars.

    NotFound, with the nearest name, for a calendar that there is not; DataError for years that it does not cover.
    """
    with _LOADING:
        return _load_sessions(calendar, first_year, last_year)


@lru_cache(maxsize=16)
def _load_sessions(calendar: str, first_year: int, last_year: int) -> Sessions:
    import exchange_calendars
    from exchange_calendars.errors import InvalidCalendarName

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # exchange_calendars speaks to an older pandas
        try:
            found = exchange_calendars.get_calendar(calendar, start=f"{first_year}-01-01", end=f"{last_year}-12-31")
        except InvalidCalendarName:
            raise _unknown(calendar, exchange_calendars.get_calendar_names()) from None
        except ValueError as error:
            raise DataError(
                f"calendar {calendar}: {error}", "choose another calendar, or newer locked rules"
            ) from error
        instants = (found.sessions, found.opens.dt.tz_convert(None), found.closes.dt.tz_convert(None))
    return Sessions(*(np.asarray(i, dtype="datetime64[ns]").astype(np.int64) for i in instants))


def _unknown(calendar: str, names: list[str]) -> NotFound:
    near = difflib.get_close_matches(calendar.upper(), names, 3, 0.5)
    return NotFound(f"there is no calendar {calendar!r}", f"it may be {', '.join(near) or 'XNYS, XLON or 24/7'}")
