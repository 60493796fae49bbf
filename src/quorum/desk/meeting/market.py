"""What a meeting may propose on: series of the lake, and their bars."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from quorum.desk.desk import Desk
from quorum.desk.settings.meeting import MeetingFile
from quorum.discovery import DIRECTIONS, Offer
from quorum.domain import DAY, MINUTE, UsageError
from quorum.lake import Bars

SHORTEST = 15 * MINUTE


def offers(desk: Desk, settings: MeetingFile, as_of: int) -> tuple[Offer, ...]:
    """The series that meeting.yaml takes, up to `as_of`; UsageError when there is none."""
    asked = set(settings.timeframes)
    rates = {(info.symbol, info.venue) for info in desk.lake.rates.series()}
    found = []
    for series in desk.lake.series():
        length = series.timeframe
        if str(length) not in asked if asked else length.nanoseconds < SHORTEST:
            continue
        if settings.symbols and series.symbol not in settings.symbols:
            continue
        end = min(series.last + length.nanoseconds, as_of)
        if settings.venue not in (None, series.venue) or end <= series.first:
            continue
        funded = bool({(series.symbol, series.venue), (series.symbol, series.venue.removesuffix(".perp"))} & rates)
        found.append(Offer(series.symbol, series.venue, length, series.first, end, funded, series.closes_only))
    if not found:
        raise UsageError(
            "there are no bars that an idea could be proposed on",
            "import some with `quorum data import PATH`, or widen symbols, timeframes and venue in config/meeting.yaml",
        )
    return tuple(found)


def bars_until(desk: Desk, instant: int) -> Callable[[Offer], Bars]:
    """The bars of a series that were closed at `instant`; what was read is kept."""

    @lru_cache(maxsize=64)
    def bars(offer: Offer) -> Bars:
        return desk.lake.bars(offer.symbol, offer.timeframe, offer.venue).as_of(instant)

    return bars


def held_back(bars: Callable[[Offer], Bars], days: int) -> Callable[[Offer], Bars]:
    """The same without the newest days of each series."""
    return lambda offer: bars(offer).as_of(offer.end - days * DAY)


def directions(desk: Desk, settings: MeetingFile) -> tuple[str, ...]:
    """What may be proposed: as meeting.yaml says, else long only unless the limits of a book allow shorts."""
    if settings.directions is not None:
        return settings.directions
    books = desk.settings.risk.books.values()
    return DIRECTIONS if any(book.allow_short for book in books) else DIRECTIONS[:1]
