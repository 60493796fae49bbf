"""Pulling: which opens are missing, asked for page after page into the lake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from quorum.domain import Clock, DataError, Timeframe, UsageError, iso, split_symbol
from quorum.lake.bars import Bars
from quorum.lake.calendars import Gap, find_gaps
from quorum.lake.intake import Rows
from quorum.lake.pull.vendor import BarVendor, Page, Reach
from quorum.lake.reports import SeriesInfo
from quorum.lake.series import Series, Span, missing
from quorum.lake.store import Lake


@dataclass(frozen=True, slots=True)
class Asked:
    """Bars of `symbol` that open at or after `since` and before `until` (ns UTC); until now when that is None."""

    symbol: str
    timeframe: Timeframe
    since: int
    until: int | None = None


def listed(symbol: str, between: str = "") -> str:
    """The name under which the lake keeps what is asked for as `symbol`: BTCUSDT for btc/usdt, AAPL for aapl.

    `between` stands between the two of a pair: a slash, where the venue's orders name it so.
    """
    upper = symbol.strip().upper()
    base, quote = split_symbol(upper)
    if not upper or not upper.isprintable() or " " in upper:
        raise UsageError(f"{symbol!r} is no symbol", "write it as BTCUSDT, BTC/USD or AAPL")
    return upper if base == upper else base + between + quote


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a pull has come: opens before `upto` of `span` are in the lake, `rows_added` of them new."""

    series: Series
    span: Span
    upto: int
    rows_added: int

    @property
    def share(self) -> float:
        """The part of the span that is done, 0 to 1."""
        return (self.upto - self.span.start) / (self.span.end - self.span.start)


@dataclass(frozen=True, slots=True)
class PullReport:
    """What a pull did to its series.

    `rows`, `first` and `last` (opens in ns UTC) are those of the series after it, `gaps` those of the period asked
    for. `pages` is 0 when nothing could be new. `not_closed` rows were left out; bars of `out_of_reach` are missing
    because the vendor does not go back that far, `remedy` says what to do.
    """

    series: Series
    since: int
    until: int
    pages: int
    rows: int
    rows_added: int
    revised: int
    duplicates: int
    out_of_order: int
    quarantined: int
    reasons: Mapping[str, int]
    not_closed: int
    first: int
    last: int
    revision: int
    gaps: tuple[Gap, ...]
    out_of_reach: Span | None
    remedy: str

    @property
    def missing(self) -> int:
        return sum(gap.missing for gap in self.gaps)


@dataclass(slots=True)
class _Tally:
    pages: int = 0
    not_closed: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)


def pull(
    lake: Lake,
    vendor: BarVendor,
    asked: Asked,
    clock: Clock,
    tell: Callable[[Progress], None] = lambda progress: None,
) -> PullReport:
    """Bring the closed bars that the lake does not have from the vendor into it, and its newest bar again.

    Each page is kept before the next is asked for, so a pull that was broken off goes on where it stopped. Where the
    vendor restates old prices and has done so, the whole series is pulled again. UsageError for a period that makes
    no sense; DataError when the vendor has no bar of it; else what the vendor raises, with what came before kept.
    """
    now = clock.now()
    period = _period(asked, now)
    series = Series(asked.symbol, vendor.venue, asked.timeframe)
    reach = vendor.reach(asked.timeframe, now)
    tally = _Tally()
    run = _Run(lake, vendor, series, now, tally, tell)
    if not all(run.fetch(part) for part in _parts(lake, vendor, series, period, reach)):
        lake.ask_anew(series)
        for part in _parts(lake, vendor, series, period, reach):
            run.fetch(part, anew=True)
    info = lake.newest(series)
    if info is None:
        first, end = iso(max(period.start, reach.first)), iso(min(now, asked.until or now))
        raise DataError(
            f"{vendor.venue} has no closed bars of {asked.symbol} {asked.timeframe} from {first} to {end}",
            reach.remedy if reach.first >= period.end else "check the symbol and the period",
        )
    return _report(lake, info, period, reach, tally)


def _period(asked: Asked, now: int) -> Span:
    """The opens whose bars are closed at `now`."""
    if asked.since > now:
        raise UsageError(f"{iso(asked.since)} lies in the future, it is {iso(now)}", "choose an earlier --since")
    if asked.until is not None and asked.until <= asked.since:
        raise UsageError(
            f"nothing lies between {iso(asked.since)} and {iso(asked.until)}", "choose a later --until than --since"
        )
    closed = now - asked.timeframe.nanoseconds + 1
    end = closed if asked.until is None else min(closed, asked.until)
    if end <= asked.since:
        raise UsageError(
            f"no bar of {asked.timeframe} that opens from {iso(asked.since)} on is closed at {iso(now)}",
            "choose an earlier --since",
        )
    return Span(asked.since, end)


def _parts(lake: Lake, vendor: BarVendor, series: Series, period: Span, reach: Reach) -> tuple[Span, ...]:
    """What has to be asked for, oldest first: what is not known, and behind the newest bar that bar too."""
    info = lake.newest(series)
    if info is None:
        found: tuple[Span, ...] = (period,)
    else:
        behind = info.last + series.timeframe.nanoseconds
        start = min(period.start, info.first) if vendor.restates else period.start
        known = lake.asked(series)
        if not missing(Span(info.last, info.last + 1), known):
            known = (*known, Span(info.last, behind))
        found = missing(Span(start, period.end), known)
        found = tuple(Span(info.last, s.end) if s.start == behind else s for s in found)
    return tuple(Span(max(s.start, reach.first), s.end) for s in found if s.end > reach.first)


@dataclass(frozen=True, slots=True)
class _Run:
    """One pull under way."""

    lake: Lake
    vendor: BarVendor
    series: Series
    now: int
    tally: _Tally
    tell: Callable[[Progress], None]

    def fetch(self, part: Span, anew: bool = False) -> bool:
        """Take every page of `part`; False, with nothing taken, when the vendor has restated the newest bar."""
        upto = part.start
        for page in self._pages(part):
            if not anew and upto == part.start and self._restated(page):
                return False
            if page.upto <= upto:
                raise DataError(
                    f"{self.vendor.venue} gives the same page of {self.series} again and again, from {iso(upto)}",
                    "what came before is in the lake; run it again later",
                )
            self._take(page, part, upto)
            upto = page.upto
        return True

    def _pages(self, part: Span) -> Iterator[Page]:
        return self.vendor.pages(self.series.symbol, self.series.timeframe, part)

    def _restated(self, page: Page) -> bool:
        info = self.lake.newest(self.series) if self.vendor.restates else None
        if info is None or info.last not in page.time:
            return False
        series = self.series
        held = self.lake.bars(series.symbol, series.timeframe, series.venue).close[-1]
        return not bool(np.isclose(page.columns["close"][page.time == info.last], held, rtol=1e-9, atol=0).all())

    def _take(self, page: Page, part: Span, start: int) -> None:
        """Keep the closed bars of a page, and that what opens before its `upto` need not be asked for again."""
        closed = min(self.now, page.as_of or self.now) - self.series.timeframe.nanoseconds
        inside = (page.time >= part.start) & (page.time < part.end)
        wanted = inside & (page.time <= closed)
        self.tally.not_closed += int((page.time > closed).sum())
        self.tally.pages += 1
        columns = {name: column[wanted] for name, column in page.columns.items()}
        rows = Rows(self.series, f"{self.vendor.venue} {iso(start)}", page.time[wanted], columns)
        taken = self.lake.take(rows, Span(part.start, min(page.upto, part.end)))
        if taken is not None:
            names = ("rows_added", "revised", "duplicates", "out_of_order")
            self.tally.counts.update({name: getattr(taken, name) for name in names})
            self.tally.reasons.update(taken.reasons)
        self.tell(Progress(self.series, part, min(page.upto, part.end), self.tally.counts["rows_added"]))


def _report(lake: Lake, info: SeriesInfo, period: Span, reach: Reach, tally: _Tally) -> PullReport:
    series = Series(info.symbol, info.venue, info.timeframe)
    lost = missing(Span(period.start, min(period.end, reach.first)), lake.asked(series))
    counts = tally.counts
    return PullReport(
        series=series,
        since=period.start,
        until=period.end,
        pages=tally.pages,
        rows=info.rows,
        rows_added=counts["rows_added"],
        revised=counts["revised"],
        duplicates=counts["duplicates"],
        out_of_order=counts["out_of_order"],
        quarantined=tally.reasons.total(),
        reasons=tally.reasons,
        not_closed=tally.not_closed,
        first=info.first,
        last=info.last,
        revision=info.revision,
        gaps=_gaps(lake.bars(info.symbol, info.timeframe, info.venue), period, info.calendar),
        out_of_reach=Span(lost[0].start, lost[-1].end) if lost else None,
        remedy=reach.remedy if lost else "",
    )


def _gaps(bars: Bars, period: Span, calendar: str) -> tuple[Gap, ...]:
    """Gaps that begin in the period, those behind a bar before it too."""
    found = find_gaps(bars.time, bars.timeframe, calendar)
    return tuple(gap for gap in found if gap.end > period.start and gap.start < period.end)
