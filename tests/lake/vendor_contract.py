"""What every vendor of bars promises, whatever stands behind it."""

from __future__ import annotations

from contextlib import suppress

import pytest

from quorum.domain import NotFound, Timeframe, UsageError
from quorum.lake import Span
from quorum.lake.pull import COLUMNS, BarVendor


class VendorContract:
    """The promise of BarVendor; a subclass has the fixture `vendor`, over hourly bars of BTCUSDT on `whole`."""

    symbol = "BTCUSDT"
    timeframe = Timeframe.parse("1h")
    whole = Span(0, 0)

    def test_pages_go_forward_and_end_at_the_end(self, vendor: BarVendor) -> None:
        pages = list(vendor.pages(self.symbol, self.timeframe, self.whole))
        upto = [page.upto for page in pages]
        assert upto == sorted(set(upto))
        assert upto[-1] == self.whole.end

    def test_every_bar_is_on_one_of_the_pages_and_none_comes_late(self, vendor: BarVendor) -> None:
        found: list[int] = []
        before = self.whole.start
        for page in vendor.pages(self.symbol, self.timeframe, self.whole):
            assert all(len(page.columns[name]) == len(page.time) for name in COLUMNS)
            fresh = [int(t) for t in page.time if self.whole.start <= t < self.whole.end]
            assert [t for t in fresh if t < before] == []
            found += fresh
            before = page.upto
        assert found == list(range(self.whole.start, self.whole.end, self.timeframe.nanoseconds))

    def test_a_part_is_given_as_it_is_in_the_whole(self, vendor: BarVendor) -> None:
        step = self.timeframe.nanoseconds
        part = Span(self.whole.start + 3 * step, self.whole.start + 5 * step + 1)
        rows = [
            int(t)
            for page in vendor.pages(self.symbol, self.timeframe, part)
            for t in page.time
            if part.start <= t < part.end
        ]
        assert rows == [part.start, part.start + step, part.start + 2 * step]

    def test_a_timeframe_that_it_has_not_is_refused_with_those_it_has(self, vendor: BarVendor) -> None:
        with pytest.raises(UsageError) as refusal:
            vendor.reach(Timeframe.parse("7m"), self.whole.end)
        assert refusal.value.remedy

    def test_it_reaches_what_it_gives(self, vendor: BarVendor) -> None:
        assert vendor.reach(self.timeframe, self.whole.end).first <= self.whole.start

    def test_a_symbol_that_it_does_not_know_is_named_or_has_no_bars(self, vendor: BarVendor) -> None:
        found: list[int] = []
        with suppress(NotFound):
            found += [len(page.time) for page in vendor.pages("NOSUCHUSDT", self.timeframe, self.whole)]
        assert sum(found) == 0
