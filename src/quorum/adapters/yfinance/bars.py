"""Frames of yfinance as bars."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from quorum.adapters.rest import Budget
from quorum.domain import DAY, HOUR, MINUTE, SECOND, DataError, Timeframe, UsageError, split_symbol
from quorum.lake import Span
from quorum.lake.pull import COLUMNS, Page, Reach

Download = Callable[[str, str, int, int], Any]


class _Interval(NamedTuple):
    """Yahoo's name of a timeframe, how many days back it goes, and how many it gives at once."""

    name: str
    reach: int | None
    at_once: int


_INTERVALS = {
    MINUTE: _Interval("1m", 8, 7),
    **{n * MINUTE: _Interval(f"{n}m", 60, 59) for n in (2, 5, 15, 30)},
    HOUR: _Interval("1h", 730, 365),
    DAY: _Interval("1d", None, 3650),
}


class YahooBars:
    """BarVendor of Yahoo Finance by way of `download`, asked at the pace of `budget`."""

    venue = "yfinance"
    restates = True

    def __init__(self, download: Download, budget: Budget) -> None:
        self._download = download
        self._budget = budget

    def reach(self, timeframe: Timeframe, now: int) -> Reach:
        interval = _INTERVALS.get(timeframe.nanoseconds)
        if interval is None:
            known = ", ".join(str(Timeframe(length)) for length in _INTERVALS)
            raise UsageError(f"yahoo has no bars of {timeframe}", f"choose one of {known}")
        if interval.reach is None:
            return Reach(-(2**62))
        remedy = f"yahoo gives {timeframe} of the last {interval.reach} days only; take 1d, or another source"
        return Reach(now - interval.reach * DAY + HOUR, remedy)

    def pages(self, symbol: str, timeframe: Timeframe, span: Span) -> Iterator[Page]:
        """As BarVendor; a day opens at midnight UTC of its date at the exchange, as dates do everywhere in the lake."""
        base, quote = split_symbol(symbol)
        ticker = symbol if base == symbol else f"{base}-{quote}"
        interval, days = _INTERVALS[timeframe.nanoseconds], timeframe.nanoseconds == DAY
        start, room = span.start, DAY if days else 0
        while start < span.end:
            end = min(start + interval.at_once * DAY, span.end)
            self._budget.take(1)
            frame = self._download(ticker, interval.name, (start - room) // SECOND, -(-(end + room) // SECOND))
            yield _page(frame, ticker, days, end)
            start = end


def _page(frame: Any, ticker: str, days: bool, upto: int) -> Page:
    if frame is None or not len(frame):
        return Page(np.empty(0, np.int64), {name: np.empty(0) for name in COLUMNS}, upto)
    names = [name.capitalize() for name in COLUMNS]
    absent = [name for name in names if name not in frame.columns]
    if absent or getattr(frame.index, "tz", None) is None:
        raise DataError(
            f"yfinance gave a frame of {ticker} without {', '.join(absent) or 'a time zone'}",
            "install the yfinance that quorum[yfinance] asks for",
        )
    local = frame.index.tz_localize(None) if days else frame.index.tz_convert("UTC").tz_localize(None)
    time = local.to_numpy().astype("datetime64[ns]").astype(np.int64)
    columns = {n.lower(): frame[n].to_numpy(dtype=np.float64, copy=True) for n in names}
    return Page(time // DAY * DAY if days else time, columns, upto)
