"""The simulated venue's prices: the bars of the lake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from quorum.domain import NotFound, Trade
from quorum.execution.simulated import Range
from quorum.lake import Bars, Lake, Series, SeriesInfo


class LakePrices:
    """Prices from the lake: the opens of a symbol's shortest bars and how far they went, else their closes."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._read: dict[Series, tuple[SeriesInfo, LakeChart]] = {}

    def prints(self, symbol: str, since: int, until: int) -> Iterable[Trade]:
        return (trade for trade, _ in self.chart(symbol, since).bars(since, until))

    def chart(self, symbol: str, since: int) -> LakeChart:
        """See ChartedPrices: the shortest bars of `symbol` that reach to `since`, else the longest-lived ones."""
        known = self._lake.series(symbol)
        if not known:
            raise NotFound(f"the lake has no prices of {symbol}", "import them with `quorum data import`")
        reaching = [s for s in known if s.last >= since] or [max(known, key=lambda s: s.last)]
        return self._newest(min(reaching, key=lambda s: (s.timeframe, s.venue)))

    def series(self, symbol: str, since: int) -> Bars:
        """The bars of `chart`."""
        return self.chart(symbol, since).held

    def _newest(self, info: SeriesInfo) -> LakeChart:
        series = Series(info.symbol, info.venue, info.timeframe)
        before, chart = self._read.get(series, (None, None))
        if before == info and chart is not None:
            return chart
        held = self._lake.bars(info.symbol, info.timeframe, info.venue, funding_revision=0)
        told = 0 if chart is None else chart.told + (not _begins_with(held, chart.held))
        self._read[series] = info, LakeChart(series, told, held)
        return self._read[series][1]


class LakeChart(NamedTuple):
    """A series as Chart; `told` counts how often bars that were told have changed."""

    series: Series
    told: int
    held: Bars

    @property
    def edition(self) -> tuple[Series, int]:
        """See Chart."""
        return self.series, self.told

    def bars(self, since: int, until: int) -> Iterator[tuple[Trade, Range | None]]:
        """See Chart; bars without volume are no prints."""
        held, length = self.held, self.held.timeframe.nanoseconds
        prices, late = (held.close, length) if held.open is None else (held.open, 0)
        first, last = held.time.searchsorted(since - late, "left"), held.time.searchsorted(until - late, "right")
        ended = int(held.time.searchsorted(until - length, "right"))
        for i in range(int(first), int(last)):
            if _traded(held, i):
                trade = _print(held, int(held.time[i]) + late, float(prices[i]), i)
                yield trade, _range(held, i) if i < ended else None


def _begins_with(held: Bars, before: Bars) -> bool:
    """Whether bars are those that were there before, and later ones."""
    old, new = before.columns(), held.columns()
    count = len(before)
    return old.keys() == new.keys() and all(np.array_equal(old[n], new[n][:count], equal_nan=True) for n in old)


def _traded(bars: Bars, i: int) -> bool:
    """Whether anything traded in bar i; a series that does not tell its volume always traded."""
    return bars.volume is None or bool(bars.volume[i] > 0)


def _print(bars: Bars, instant: int, price: float, i: int) -> Trade:
    volume = Decimal(0) if bars.volume is None else _decimal(float(bars.volume[i]))
    return Trade(bars.symbol, instant, _decimal(price), volume)


def _range(bars: Bars, i: int) -> Range | None:
    """How far bar i went; None of a series that has closes only."""
    if bars.open is None or bars.high is None or bars.low is None:
        return None
    return Range(int(bars.time[i]), *(_decimal(float(column[i])) for column in (bars.open, bars.high, bars.low)))


@lru_cache(maxsize=65_536)
def _decimal(value: float) -> Decimal:
    """As it is written; kept, since orders that rest meet the same bars."""
    return Decimal(str(value))
