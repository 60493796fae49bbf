"""The simulated venue's prices: the bars of the lake."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from quorum.domain import NotFound, Trade
from quorum.execution.simulated import Range
from quorum.lake import Bars, Lake, SeriesInfo
from quorum.lake.bars import Floats


class LakePrices:
    """Prices from the lake: the opens of a symbol's shortest bars and how far they went, else their closes."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._read: dict[SeriesInfo, Bars] = {}
        self._ranged: dict[tuple[str, int], Bars] = {}

    def prints(self, symbol: str, since: int, until: int) -> Iterable[Trade]:
        bars = self._ranged.pop((symbol, since), None) or self.series(symbol, since)
        instants = bars.time if bars.open is not None else bars.time + bars.timeframe.nanoseconds
        first, last = instants.searchsorted(since, "left"), instants.searchsorted(until, "right")
        prices = bars.close if bars.open is None else bars.open
        due = range(int(first), int(last))
        return (_print(bars, int(instants[i]), float(prices[i]), i) for i in due if _traded(bars, i))

    def ranges(self, symbol: str, since: int, until: int) -> Iterable[Range]:
        """See RangedPrices; none of a series that has closes only. The prints of the same look are of the same bars."""
        bars = self.series(symbol, since)
        self._ranged = {(symbol, since): bars}
        if bars.open is None or bars.high is None or bars.low is None:
            return ()
        first = int(bars.time.searchsorted(since, "left"))
        last = int((bars.time + bars.timeframe.nanoseconds).searchsorted(until, "right"))
        columns = [_exact(column[first:last]) for column in (bars.open, bars.high, bars.low)]
        return map(Range, bars.time[first:last].tolist(), *columns)

    def series(self, symbol: str, since: int) -> Bars:
        """The shortest bars of `symbol` that reach to `since`, else the longest-lived ones."""
        known = [s for s in self._lake.series() if s.symbol == symbol]
        if not known:
            raise NotFound(f"the lake has no prices of {symbol}", "import them with `quorum data import`")
        reaching = [s for s in known if s.last >= since] or [max(known, key=lambda s: s.last)]
        best = min(reaching, key=lambda s: (s.timeframe, s.venue))
        if best not in self._read:
            self._read[best] = self._lake.bars(symbol, best.timeframe, best.venue)
        return self._read[best]


def _traded(bars: Bars, i: int) -> bool:
    """Whether anything traded in bar i; a series that does not tell its volume always traded."""
    return bars.volume is None or bool(bars.volume[i] > 0)


def _print(bars: Bars, instant: int, price: float, i: int) -> Trade:
    volume = Decimal(0) if bars.volume is None else _decimal(float(bars.volume[i]))
    return Trade(bars.symbol, instant, _decimal(price), volume)


def _exact(column: Floats) -> list[Decimal]:
    return [_decimal(value) for value in column.tolist()]


@lru_cache(maxsize=65_536)
def _decimal(value: float) -> Decimal:
    """As it is written; kept, since every order that rests asks for the same bars again."""
    return Decimal(str(value))
