"""Bars of any length over any span: those from before the run, then those that the run has seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple, Protocol, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DAY, HOUR, MINUTE, SECOND
from quorum.simulator.alpaca.listings import is_pair
from quorum.simulator.core import NEW_YORK, Listing, is_open
from quorum.simulator.prices import Bar, Columns, columns_of, grouped, joined
from quorum.simulator.serving import Simulation

_CHICAGO = ZoneInfo("America/Chicago")  # Alpaca's day of a pair begins at midnight there
_AT_ONCE, _LONGEST = 2_000, 366 * DAY  # bars, and the time that they cover


class Timed(Protocol):
    """Something that happened at an instant."""

    @property
    def time(self) -> int: ...


T = TypeVar("T", bound=Timed)


class Frame(NamedTuple):
    """The length of a bar: so many of a unit, `Min`, `Hour`, `Day`, `Week` or `Month`."""

    many: int
    unit: str

    @property
    def about(self) -> int:
        """Its length in ns; of a month the longest."""
        return self.many * _UNITS[self.unit]


_UNITS = {"Min": MINUTE, "Hour": HOUR, "Day": DAY, "Week": 7 * DAY, "Month": 31 * DAY}
ONE_MINUTE, ONE_DAY = Frame(1, "Min"), Frame(1, "Day")


class Span(NamedTuple):
    """What is asked for: from `start` to `end`, both included (ns UTC), in order or backwards."""

    start: int
    end: int
    backwards: bool = False

    def of(self, rows: Iterable[T]) -> list[T]:
        """The rows that lie in it, in its order."""
        found = [row for row in rows if self.start <= row.time <= self.end]
        return found[::-1] if self.backwards else found


class History:
    """Bars of the symbols of a run."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def bars(self, listing: Listing, frame: Frame, span: Span) -> Iterator[Bar]:
        """Bars that open in `span`, made as they are taken."""
        past = self._simulation.pasts[listing.symbol]
        edges = _edges(listing, frame, max(span.start, past.start), min(span.end, self._simulation.clock.now()))
        size = max(min(_AT_ONCE, _LONGEST // frame.about), 1)
        windows = list(range(0, len(edges) - 1, size))
        for first in reversed(windows) if span.backwards else windows:
            part = edges[first : first + size + 1]
            minutes = self._minutes(listing, int(part[0]), int(part[-1]), frame.unit not in ("Min", "Hour"))
            yield from span.of(grouped(minutes, part[:-1]))

    def latest(self, listing: Listing, frame: Frame) -> list[Bar]:
        """The last bars up to now, in order; of the last five days."""
        now = self._simulation.clock.now()
        return list(self.bars(listing, frame, Span(now - max(5 * DAY, 2 * frame.about), now)))

    def _minutes(self, listing: Listing, start: int, end: int, days: bool) -> Columns:
        """The minutes of a span; of bars of `days` those of sessions alone, as an exchange's official prices are."""
        seen = [bar for bar in self._simulation.tapes[listing.symbol].bars() if start <= bar.time < end]
        if days and not listing.round_clock:
            seen = [bar for bar in seen if is_open(self._simulation.exchange.hours, bar.time)]
        past = self._simulation.pasts[listing.symbol]
        return joined(past.minutes(start, end), columns_of(seen))


def _edges(listing: Listing, frame: Frame, start: int, end: int) -> NDArray[np.int64]:
    """When the bars of a span open, from the one in which it begins, and when the last of them closes."""
    length = frame.about
    if frame.unit in ("Min", "Hour"):
        return np.arange(start // length * length, end + length + 1, length, dtype=np.int64)
    zone = _CHICAGO if is_pair(listing) else NEW_YORK
    day = _first_day(datetime.fromtimestamp(start // SECOND, zone).date(), frame)
    found: list[int] = []
    while not found or found[-1] <= end:
        found.append(_midnight(day.year, day.month, day.day, zone))
        day = _next_day(day, frame)
    return np.array(found, dtype=np.int64)


def _first_day(day: date, frame: Frame) -> date:
    """The day with which the bar of `day` begins: weeks on Mondays, months with their quarter, half or whole year."""
    if frame.unit == "Week":
        return day - timedelta(days=day.weekday())
    if frame.unit == "Month":
        return day.replace(month=(day.month - 1) // frame.many * frame.many + 1, day=1)
    return day


def _next_day(day: date, frame: Frame) -> date:
    if frame.unit == "Month":
        later = day.month - 1 + frame.many
        return date(day.year + later // 12, later % 12 + 1, 1)
    return day + timedelta(days=7 if frame.unit == "Week" else 1)


def _midnight(year: int, month: int, day: int, zone: ZoneInfo) -> int:
    return int(datetime(year, month, day, tzinfo=zone).timestamp()) * SECOND
