"""A vendor with its bars on a shelf, for tests."""

from __future__ import annotations

from collections.abc import Iterator

from quorum.domain import NotFound, Timeframe, UsageError
from quorum.lake.bars import Bars
from quorum.lake.pull.vendor import COLUMNS, Page, Reach
from quorum.lake.series import Span


class ShelfVendor:
    """A BarVendor that gives `bars` in pages of `size`, and remembers in `asked` which spans it was asked for."""

    def __init__(self, bars: Bars, size: int = 1000, *, reach: int = 0, restates: bool = False) -> None:
        self.bars = bars
        self.asked: list[Span] = []
        self._size = size
        self._reach = reach
        self._restates = restates

    @property
    def venue(self) -> str:
        return self.bars.venue

    @property
    def restates(self) -> bool:
        return self._restates

    def reach(self, timeframe: Timeframe, now: int) -> Reach:
        if timeframe != self.bars.timeframe:
            raise UsageError(f"{self.venue} has no bars of {timeframe}", f"it has {self.bars.timeframe}")
        return Reach(self._reach, "ask somebody else")

    def pages(self, symbol: str, timeframe: Timeframe, span: Span) -> Iterator[Page]:
        if symbol != self.bars.symbol:
            raise NotFound(f"{self.venue} has no {symbol}", f"it has {self.bars.symbol}")
        self.asked.append(span)
        found = self.bars.between(span.start, span.end)
        for first in range(0, len(found) or 1, self._size):
            part = found.slice(first, first + self._size)
            upto = int(part.time[-1]) + 1 if first + self._size < len(found) else span.end
            columns = part.columns()
            yield Page(part.time, {name: columns[name] for name in COLUMNS}, upto)
