"""Whether the lake's series go on: the newest bar of each, its age, and the holes before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from quorum.desk.desk import Desk
from quorum.desk.work.asked import whole
from quorum.desk.work.assignment import Assignment
from quorum.desk.work.concerns import MOST_AGE, feed_concern
from quorum.domain import DAY, HOUR, iso
from quorum.lake import Bars, SeriesInfo
from quorum.lake.calendars import detect_calendar, find_gaps

SESSIONS_REST = 4 * DAY
EVENING = 20 * HOUR
MOST_LISTED, MOST_TOLD = 1_000, 20


def verify_data_feeds(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """The newest closed bar of every series, how many bars are due since then, and the gaps.

    A series is fresh when at most `max_age_bars` (3) are due by its own calendar; one of sessions with nights between
    when its newest bar closed within the last 4 days. `fresh` speaks of the series asked for, of all of them where
    none is. At most 1,000 are listed, the stale ones first.
    """
    limit = whole(assignment, "max_age_bars", MOST_AGE, 0)
    feeds = list(_feeds(desk, assignment.as_of, limit))
    wanted = [feed for feed in feeds if _asked_for(feed, assignment)]
    stale = [_name(feed) for feed in feeds if not feed["fresh"]]
    return {
        "as_of": iso(assignment.as_of),
        "fresh": bool(wanted) and all(feed["fresh"] for feed in wanted),
        "asked_for": [_name(feed) for feed in wanted][:MOST_LISTED],
        "series": len(feeds),
        "stale": stale[:MOST_LISTED],
        "with_gaps": sum(feed["missing_bars"] > 0 for feed in feeds),
        "max_age_bars": limit,
        "feeds": sorted(feeds, key=lambda feed: bool(feed["fresh"]))[:MOST_LISTED],
        "concerns": [
            feed_concern(_name(feed), feed["closed_at"], feed["age_bars"]) for feed in wanted if not feed["fresh"]
        ][:MOST_TOLD],
    }


def _feeds(desk: Desk, as_of: int, limit: int) -> Iterator[dict[str, Any]]:
    for info in desk.lake.series():
        if info.first + info.timeframe.nanoseconds <= as_of:
            bars = desk.lake.bars(info.symbol, info.timeframe, info.venue, funding_revision=0).as_of(as_of)
            yield _feed(info, bars, as_of, limit)


def _feed(info: SeriesInfo, bars: Bars, as_of: int, limit: int) -> dict[str, Any]:
    calendar = detect_calendar(bars.time, bars.timeframe)
    closed = int(bars.time[-1]) + bars.timeframe.nanoseconds
    gaps = find_gaps(bars.time, bars.timeframe, calendar)
    due = _due(bars, calendar, as_of)
    fresh = as_of - closed <= SESSIONS_REST if calendar == "sessions" else due <= limit
    return {
        "symbol": info.symbol,
        "venue": info.venue,
        "timeframe": str(info.timeframe),
        "calendar": calendar,
        "closed_at": iso(closed),
        "age_bars": due,
        "fresh": fresh,
        "rows": len(bars),
        "gaps": len(gaps),
        "missing_bars": sum(gap.missing for gap in gaps),
        "last_gap": None if not gaps else {"start": iso(gaps[-1].start), "missing": gaps[-1].missing},
    }


def _due(bars: Bars, calendar: str, as_of: int) -> int:
    """The bars that the calendar expects after the newest one and that would be closed by now."""
    step, last = bars.timeframe.nanoseconds, int(bars.time[-1])
    if calendar == "24/5" and _rests(last + step, as_of):
        return 0
    forming = last + ((as_of - last) // step) * step
    if forming <= last + step:
        return max(0, (forming - last) // step - 1)
    probe = np.append(bars.time, np.int64(forming))
    return sum(gap.missing for gap in find_gaps(probe, bars.timeframe, calendar) if gap.start > last)


def _rests(closed: int, as_of: int) -> bool:
    """Whether it is a weekend, and the bar that closed last did so on the Friday evening before it."""
    day = as_of // DAY
    since_friday = (day + 6) % 7  # days since the last Friday: 1970-01-01 was a Thursday
    return since_friday in (1, 2) and closed >= (day - since_friday) * DAY + EVENING


def _asked_for(feed: dict[str, Any], assignment: Assignment) -> bool:
    """Whether the feed is the one that the run is about; every feed is when the run is about none."""
    symbol, timeframe = assignment.params.get("symbol"), assignment.params.get("timeframe")
    if not symbol:
        return True
    named = [name.strip() for name in str(symbol).split(",")]
    mine = feed["symbol"] in named or f"{feed['symbol']}.{feed['venue']}" in named
    there = assignment.params.get("venue") in (None, feed["venue"])
    return mine and there and timeframe in (None, feed["timeframe"])


def _name(feed: dict[str, Any]) -> str:
    return f"{feed['symbol']}.{feed['venue']} {feed['timeframe']}"
