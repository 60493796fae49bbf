"""Bars played one instant after the other: a clock, the prices of now, and nothing of what comes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal

import numpy as np

from quorum.domain import ZERO, Trade
from quorum.engine.inputs import market_of, rates_of
from quorum.engine.kernel import Market
from quorum.engine.terms import Terms
from quorum.execution.simulated import Range, VenueCosts
from quorum.lake import Bars, Panel


class Tape:
    """The bars as Clock and MarkedPrices. It stands in a bar, before its inside or at its close.

    `showing` says whether orders may see the print of this instant. `market` is what the kernel trades on: the same
    prices, volume, funding and impact. DataError as of `market_of`.
    """

    def __init__(self, bars: Bars | Panel, terms: Terms) -> None:
        self.market: Market = market_of(bars, terms)
        self.rates = rates_of(bars, terms)
        self.symbols = (bars.symbol,) if isinstance(bars, Bars) else bars.symbols
        self.index: Mapping[str, int] = {symbol: j for j, symbol in enumerate(self.symbols)}
        self._time, self._length = bars.time, bars.timeframe.nanoseconds
        self._now, self._bar, self._known = 0, 0, -1
        self.showing = False

    def open_bar(self, i: int) -> None:
        """Stand at the open of bar i; orders that fill at an open see its print."""
        self._now, self._bar, self._known = int(self._time[i]), i, i - 1
        self.showing = not self.rates.late

    def close_bar(self, i: int, showing: bool) -> None:
        """Stand at the close of bar i; `showing` its print to orders that fill there."""
        end = int(self._time[i]) + self._length
        self._now = min(end, int(self._time[i + 1])) if i + 1 < len(self._time) else end
        self._bar, self._known, self.showing = i, i, showing

    @property
    def end(self) -> int:
        """The close of the last bar."""
        return int(self._time[-1]) + self._length

    def now(self) -> int:
        """See Clock."""
        return self._now

    def prints(self, symbol: str, since: int, until: int) -> Iterable[Trade]:
        """See Prices: the print of this instant alone, since those before it were shown when they were new.

        Its quantity is the bar's volume where that bounds a fill, else 0; a bar that may fill nothing prints nothing.
        """
        price = self.quoted(symbol)
        if price is None or not since <= self._now <= until:
            return ()
        if not self.rates.share:
            return (Trade(symbol, self._now, price, ZERO),)
        volume = self.market.volume[self._bar, self.index[symbol]].item()
        return (Trade(symbol, self._now, price, exact(volume)),) if volume > 0.0 else ()

    def quoted(self, symbol: str) -> Decimal | None:
        """See MarkedPrices."""
        if not self.showing:
            return None
        price = self.market.fill[self._bar, self.index[symbol]].item()
        return exact(price) if price == price else None

    def mark(self, symbol: str) -> Decimal:
        """See MarkedPrices; NaN for a symbol that has not had a price yet."""
        price = self.quoted(symbol)
        return self.last(symbol) if price is None else price

    def last(self, symbol: str) -> Decimal:
        """The newest close that is known; NaN without any."""
        j, known = self.index[symbol], self._known
        last = self.market.close[known, j].item() if known >= 0 else math.nan
        if last != last and known > 0:
            there = np.flatnonzero(~np.isnan(self.market.close[:known, j]))
            last = self.market.close[there[-1], j].item() if len(there) else last
        return exact(last)

    def opening(self, symbol: str) -> Decimal:
        """The open of this bar, the newest close where there is no bar."""
        price = self.market.open[self._bar, self.index[symbol]].item()
        return exact(price) if price == price else self.last(symbol)

    def inside(self) -> Range:
        """The range of the one symbol's bar."""
        i, market = self._bar, self.market
        start, high, low = market.open[i, 0].item(), market.high[i, 0].item(), market.low[i, 0].item()
        return Range(self._now, exact(start), exact(high), exact(low))

    def moved(self, symbol: str) -> Decimal:
        """The fraction by which trading one unit of `symbol` in this bar moves its price."""
        return exact(self.market.impact[self._bar, self.index[symbol]].item())


class TapeCosts:
    """The costs of `terms` on a tape: those of a venue, and the square-root impact of each bar."""

    def __init__(self, tape: Tape, terms: Terms) -> None:
        self._tape = tape
        self._venue = VenueCosts(
            exact(terms.fee_bps),
            exact(terms.slippage_bps),
            exact(tape.rates.share) if tape.rates.share else Decimal(1),
            None if terms.maker_bps is None else exact(terms.maker_bps),
            exact(terms.fee_per_unit),
            exact(terms.minimum_fee),
            ZERO,
        )
        self.max_volume_share = self._venue.max_volume_share
        self.fee, self.outlay = self._venue.fee, self._venue.outlay
        self._steady = self._venue.worse("", ZERO)
        self._moves = terms.impact > 0.0

    def worse(self, symbol: str, quantity: Decimal) -> Decimal:
        """See Costs."""
        return self._steady + self._tape.moved(symbol) * quantity.sqrt() if self._moves else self._steady


def exact(number: float) -> Decimal:
    """The number as it is written: two floats are equal, or one is higher, when their Decimals are."""
    return Decimal(repr(number))
