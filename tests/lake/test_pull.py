"""Pulling: what is missing is asked for, once; every page that came is kept."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.tables import H1, bring, frame, write
from lake.vendor_contract import VendorContract
from quorum.domain import HOUR, DataError, Timeframe, UsageError, VirtualClock, WorkspaceError, parse_instant
from quorum.lake import Bars, Lake, Series, Span
from quorum.lake.pull import Asked, Page, Progress, PullReport, ShelfVendor, listed, pull
from quorum.lake.series import joined, missing

START = parse_instant("2024-01-01")
NOW = START + 100 * HOUR
SERIES = Series("BTCUSDT", "shelf", H1)


def shelf_bars(count: int = 101, first: int = 0, factor: float = 1.0, without: tuple[int, ...] = ()) -> Bars:
    """Hourly bars from `START` on; at NOW bar 99 has just closed and bar 100 is open."""
    k = np.array([i for i in range(first, first + count) if i not in without])
    close = (100 + 0.25 * k) * factor
    values = {"open": close, "high": close + 1, "low": close - 1, "volume": 1.0 + k}
    return Bars("BTCUSDT", "shelf", H1, START + k * HOUR, close, **values)


class TestShelf(VendorContract):
    whole = Span(START, START + 50 * HOUR)

    @pytest.fixture(params=[7, 1000])
    def vendor(self, request: pytest.FixtureRequest) -> ShelfVendor:
        return ShelfVendor(shelf_bars(51), request.param)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake", VirtualClock(NOW))


def pulled(lake: Lake, vendor: ShelfVendor, since: int = START, until: int | None = None, now: int = NOW) -> PullReport:
    return pull(lake, vendor, Asked("BTCUSDT", H1, since, until), VirtualClock(now))


def held(lake: Lake) -> list[int]:
    return [(int(t) - START) // HOUR for t in lake.bars("BTCUSDT", H1).time]


def hours(*spans: Span) -> list[tuple[float, float]]:
    return [((s.start - START) / HOUR, round((s.end - START) / HOUR, 6)) for s in spans]


def test_a_first_pull_brings_every_closed_bar_and_no_other(lake: Lake) -> None:
    report = pulled(lake, ShelfVendor(shelf_bars(), 30))
    assert held(lake) == list(range(100))
    assert (report.rows, report.rows_added, report.pages, report.gaps, report.missing) == (100, 100, 4, (), 0)
    assert lake.bars("BTCUSDT", H1).close.tolist() == shelf_bars(100).close.tolist()


def test_nothing_is_asked_when_nothing_can_be_new(lake: Lake) -> None:
    vendor = ShelfVendor(shelf_bars())
    pulled(lake, vendor)
    vendor.asked.clear()
    again = pulled(lake, vendor, now=NOW + HOUR - 1)
    assert vendor.asked == []
    assert (again.pages, again.rows, again.rows_added) == (0, 100, 0)


def test_a_second_pull_asks_from_the_newest_bar_on(lake: Lake) -> None:
    pulled(lake, ShelfVendor(shelf_bars()))
    vendor = ShelfVendor(shelf_bars(105))
    report = pulled(lake, vendor, now=NOW + 3 * HOUR)
    assert hours(*vendor.asked) == [(99.0, 102.0)]
    assert (report.rows_added, report.revised, report.rows) == (3, 0, 103)


def test_a_newest_bar_with_other_values_is_a_revision(lake: Lake) -> None:
    pulled(lake, ShelfVendor(shelf_bars()))
    report = pulled(lake, ShelfVendor(shelf_bars(105, factor=1.01)), now=NOW + HOUR)
    assert (report.rows_added, report.revised, report.revision) == (1, 1, 2)
    assert lake.bars("BTCUSDT", H1, revision=1).close[99] == shelf_bars().close[99]


def test_an_earlier_start_asks_for_what_lies_before(lake: Lake) -> None:
    vendor = ShelfVendor(shelf_bars())
    pulled(lake, vendor, since=START + 40 * HOUR)
    vendor.asked.clear()
    pulled(lake, vendor, since=START + 10 * HOUR)
    assert hours(*vendor.asked) == [(10.0, 40.0)]
    assert held(lake) == list(range(10, 100))


def test_what_lies_between_two_pulls_is_asked_for_when_it_is_wanted(lake: Lake) -> None:
    vendor = ShelfVendor(shelf_bars())
    pulled(lake, vendor, until=START + 20 * HOUR)
    report = pulled(lake, vendor, since=START + 60 * HOUR)
    assert report.gaps == ()  # none within the period
    vendor.asked.clear()
    assert pulled(lake, vendor).gaps == ()
    assert hours(*vendor.asked) == [(pytest.approx(19.0, abs=1e-6), 60.0)]
    assert held(lake) == list(range(100))


def test_bars_before_the_listing_are_asked_for_once(lake: Lake) -> None:
    vendor = ShelfVendor(shelf_bars(51, first=50))
    pulled(lake, vendor)
    vendor.asked.clear()
    pulled(lake, vendor)
    assert vendor.asked == []


def test_holes_that_the_vendor_has_are_reported_and_not_asked_for_again(lake: Lake) -> None:
    vendor = ShelfVendor(shelf_bars(without=(30, 31, 70)), 20)
    report = pulled(lake, vendor)
    assert [g.missing for g in report.gaps] == [2, 1]
    assert report.missing == 3
    vendor.asked.clear()
    assert [g.missing for g in pulled(lake, vendor).gaps] == [2, 1]
    assert vendor.asked == []


def test_a_bar_that_comes_late_is_asked_for_again(lake: Lake) -> None:
    pulled(lake, ShelfVendor(shelf_bars(99)))
    assert held(lake)[-1] == 98
    pulled(lake, ShelfVendor(shelf_bars(101)))
    assert held(lake)[-1] == 99


def test_bars_that_were_imported_are_not_asked_for(lake: Lake, tmp_path: Path) -> None:
    bring(tmp_path, write(frame(60, price=100.25), tmp_path / "x.csv"), symbol="BTCUSDT", venue="shelf")
    vendor = ShelfVendor(shelf_bars())
    pulled(lake, vendor)
    assert hours(*vendor.asked) == [(59.0, 99.0)]


class Dies(ShelfVendor):
    """Breaks off before page `last`."""

    def __init__(self, bars: Bars, size: int, last: int) -> None:
        super().__init__(bars, size)
        self._breaks_at = last

    def pages(self, symbol: str, timeframe: Timeframe, span: Span) -> Iterator[Page]:
        for i, page in enumerate(super().pages(symbol, timeframe, span)):
            if i == self._breaks_at:
                raise DataError("the line is dead", "try again")
            yield page


@pytest.mark.parametrize("since", [START, START + 5 * HOUR])
def test_a_pull_that_breaks_off_keeps_its_pages_and_goes_on(lake: Lake, since: int) -> None:
    pulled(lake, ShelfVendor(shelf_bars()), since=START + 80 * HOUR)
    with pytest.raises(DataError, match="the line is dead"):
        pulled(lake, Dies(shelf_bars(), 10, last=3), since=since)
    first = (since - START) // HOUR
    assert held(lake) == [*range(first, first + 30), *range(80, 100)]
    vendor = ShelfVendor(shelf_bars(), 10)
    assert pulled(lake, vendor, since=since).gaps == ()
    assert hours(*vendor.asked)[0][0] == pytest.approx(first + 29)
    assert held(lake) == list(range(first, 100))


def test_progress_is_told_page_by_page(lake: Lake) -> None:
    told: list[Progress] = []
    asked = Asked("BTCUSDT", H1, START)
    pull(lake, ShelfVendor(shelf_bars(), 25), asked, VirtualClock(NOW), told.append)
    assert [p.rows_added for p in told] == [25, 50, 75, 100]
    assert [p.share for p in told] == pytest.approx([0.25, 0.5, 0.75, 1.0], abs=0.01)


class Odd(ShelfVendor):
    """Gives one page: of bars 0 to 9, the seventh before the fifth, the second twice and once with other values."""

    def pages(self, symbol: str, timeframe: Timeframe, span: Span) -> Iterator[Page]:
        (page,) = super().pages(symbol, timeframe, span)
        order = [0, 1, 1, 2, 3, 7, 4, 5, 6, 1, 8, 9, 50]
        columns = {n: c[order].copy() for n, c in page.columns.items()}
        columns["close"][9] += 0.125
        columns["low"][11] = -1.0
        yield Page(page.time[order], columns, span.end)


def test_rows_in_disorder_are_put_right_and_impossible_ones_set_aside(lake: Lake) -> None:
    report = pulled(lake, Odd(shelf_bars()), until=START + 60 * HOUR)
    assert held(lake) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 50]
    assert (report.duplicates, report.out_of_order, report.quarantined) == (1, 4, 2)
    assert dict(report.reasons) == {"price not positive": 1, "same time as an earlier row, other values": 1}
    assert [r.reason for r in lake.quarantine("BTCUSDT", H1)] == [
        "price not positive",
        "same time as an earlier row, other values",
    ]


def test_a_newest_bar_that_was_impossible_is_asked_for_again(lake: Lake) -> None:
    odd = shelf_bars()
    assert odd.low is not None
    low = odd.low.copy()
    low[99] = np.nan
    report = pulled(lake, ShelfVendor(replace(odd, low=low)))
    assert (held(lake)[-1], report.quarantined) == (98, 1)
    assert pulled(lake, ShelfVendor(shelf_bars())).rows_added == 1


class Slow(ShelfVendor):
    """Its own clock is `behind` ns behind ours."""

    def __init__(self, bars: Bars, behind: int) -> None:
        super().__init__(bars)
        self._behind = behind

    def pages(self, symbol: str, timeframe: Timeframe, span: Span) -> Iterator[Page]:
        wide = Span(span.start, span.end + 5 * HOUR)  # it gives the running bar too
        for page in super().pages(symbol, timeframe, wide):
            yield Page(page.time, page.columns, span.end, NOW - self._behind)


def test_a_bar_is_closed_by_the_vendors_clock_as_well_as_by_ours(lake: Lake) -> None:
    report = pulled(lake, Slow(shelf_bars(), behind=1))
    assert held(lake) == list(range(99))
    assert report.not_closed == 2
    assert pulled(lake, Slow(shelf_bars(), behind=0)).rows_added == 1


class Endless(ShelfVendor):
    def pages(self, symbol: str, timeframe: Timeframe, span: Span) -> Iterator[Page]:
        (page,) = super().pages(symbol, timeframe, Span(span.start, span.start + 5 * HOUR))
        while True:
            yield page


def test_a_vendor_that_repeats_itself_is_stopped(lake: Lake) -> None:
    with pytest.raises(DataError, match=r"gives the same page of BTCUSDT\.shelf 1h again and again"):
        pulled(lake, Endless(shelf_bars()))


def test_what_the_vendor_has_no_more_is_named(lake: Lake) -> None:
    vendor = ShelfVendor(shelf_bars(), reach=START + 60 * HOUR)
    report = pulled(lake, vendor)
    assert hours(*vendor.asked) == [(60.0, 99.0)]
    assert report.out_of_reach == Span(START, START + 60 * HOUR)
    assert report.remedy == "ask somebody else"
    assert pulled(lake, vendor, since=START + 60 * HOUR).out_of_reach is None
    older = ShelfVendor(shelf_bars())
    assert pulled(lake, older).out_of_reach is None
    assert hours(*older.asked) == [(0.0, 60.0)]


def test_a_period_wholly_out_of_reach_is_refused(lake: Lake) -> None:
    with pytest.raises(DataError, match=r"has no closed bars .* ask somebody else"):
        pulled(lake, ShelfVendor(shelf_bars(), reach=START + 60 * HOUR), until=START + 9 * HOUR)


def test_restated_prices_are_pulled_again_as_a_whole(lake: Lake) -> None:
    pulled(lake, ShelfVendor(shelf_bars(), restates=True))
    vendor = ShelfVendor(shelf_bars(105, factor=0.25), 20, restates=True)
    report = pulled(lake, vendor, since=START + 90 * HOUR, now=NOW + 2 * HOUR)
    assert lake.bars("BTCUSDT", H1).close.tolist() == shelf_bars(102, factor=0.25).close.tolist()
    assert (report.rows_added, report.revised) == (2, 100)


@pytest.mark.parametrize("pages", [0, 1, 3])
def test_restating_that_breaks_off_is_finished_by_the_next_pull(lake: Lake, pages: int) -> None:
    pulled(lake, ShelfVendor(shelf_bars(), restates=True))

    class DiesRestating(Dies):
        restates = True  # type: ignore[assignment]

        def pages(self, symbol: str, timeframe: Timeframe, span: Span) -> Iterator[Page]:
            self._breaks_at = 99 if not self.asked else pages
            return super().pages(symbol, timeframe, span)

    with pytest.raises(DataError, match="the line is dead"):
        pulled(lake, DiesRestating(shelf_bars(105, factor=0.25), 20, last=99), now=NOW + 2 * HOUR)
    pulled(
        lake, ShelfVendor(shelf_bars(105, factor=0.25), 20, restates=True), since=START + 90 * HOUR, now=NOW + 3 * HOUR
    )
    assert lake.bars("BTCUSDT", H1).close.tolist() == shelf_bars(103, factor=0.25).close.tolist()


@pytest.mark.parametrize(
    ("since", "until", "what"),
    [
        (NOW + 1, None, "lies in the future"),
        (NOW - HOUR + 1, None, "no bar of 1h that opens from .* is closed"),
        (START, START, "nothing lies between"),
        (START + HOUR, START, "choose a later --until"),
    ],
)
def test_a_period_that_makes_no_sense_is_refused(lake: Lake, since: int, until: int | None, what: str) -> None:
    vendor = ShelfVendor(shelf_bars())
    with pytest.raises(UsageError, match=what):
        pulled(lake, vendor, since=since, until=until)
    assert vendor.asked == []


def test_a_vendor_without_a_bar_leaves_nothing_behind(lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="shelf has no closed bars of BTCUSDT 1h from 2024-01-01T00:00:00Z to"):
        pulled(lake, ShelfVendor(shelf_bars(5, first=300)))
    assert list(tmp_path.iterdir()) == []


def test_a_page_of_impossible_rows_is_refused_whole(lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none of its 100 rows is a bar \(price not positive: 100\)"):
        pulled(lake, ShelfVendor(shelf_bars(factor=-1.0)))
    assert list(tmp_path.iterdir()) == []


def test_a_record_that_is_damaged_is_named(lake: Lake, tmp_path: Path) -> None:
    pulled(lake, ShelfVendor(shelf_bars()))
    (file,) = tmp_path.rglob("pulled.json")
    file.write_text("{")
    with pytest.raises(Exception, match=r"pulled.json: is damaged; delete it"):
        pulled(lake, ShelfVendor(shelf_bars()))
    file.unlink()
    assert pulled(lake, ShelfVendor(shelf_bars())).rows == 100


def test_a_disk_that_refuses_keeps_what_was_there(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("a file stands here")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        pulled(lake, ShelfVendor(shelf_bars()))


@pytest.mark.parametrize(
    ("typed", "name"),
    [("btcusdt", "BTCUSDT"), ("BTC/USD", "BTCUSD"), ("BTC-USD", "BTCUSD"), ("aapl", "AAPL"), ("BRK.B", "BRK.B")],
)
def test_a_symbol_has_one_name(typed: str, name: str) -> None:
    assert listed(typed) == name


@pytest.mark.parametrize(("typed", "name"), [("btcusd", "BTC/USD"), ("BTC/USD", "BTC/USD"), ("aapl", "AAPL")])
def test_where_orders_name_a_pair_with_a_slash_its_bars_do(typed: str, name: str) -> None:
    assert listed(typed, "/") == name


@pytest.mark.parametrize("typed", ["", "  ", "BTC USD", "A\nB"])
def test_what_is_no_symbol_is_refused(typed: str) -> None:
    with pytest.raises(UsageError, match="is no symbol"):
        listed(typed)


SPANS = st.lists(st.tuples(st.integers(-20, 20), st.integers(0, 9)).map(lambda p: Span(p[0], p[0] + p[1])), max_size=6)


def opens(spans: tuple[Span, ...]) -> list[int]:
    return [i for s in spans for i in range(s.start, s.end)]


@given(SPANS, st.integers(-25, 25), st.integers(0, 30))
def test_known_and_missing_spans_make_up_the_wanted_one(known: list[Span], start: int, length: int) -> None:
    whole, left = joined(known), missing(Span(start, start + length), known)
    assert opens(whole) == sorted({i for s in known for i in range(s.start, s.end)})
    assert all(a.end < b.start for a, b in pairwise(whole))
    assert opens(left) == [i for i in range(start, start + length) if i not in opens(whole)]


def test_two_pulls_at_once_make_one_series(lake: Lake, tmp_path: Path) -> None:
    lakes = [lake, Lake(tmp_path / "lake", VirtualClock(NOW))]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda each: pulled(each, ShelfVendor(shelf_bars(), 7)), lakes))
    assert lake.bars("BTCUSDT", H1).close.tolist() == shelf_bars(100).close.tolist()
    assert [report.sound for report in lake.check()] == [True]
