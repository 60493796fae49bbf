"""Trades from before the run: made of the seed's minutes on demand, so many in each, and the candles of them."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from math import log10
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DAY, MINUTE, Side
from quorum.simulator.core import Listing
from quorum.simulator.prices import Past
from quorum.simulator.public.words import Candle, Print, candle_of, folded

EACH = 6  # trades of every minute before the run
_APART = MINUTE // EACH
_PRIME = 7919
_SPAN = 16 * DAY  # made at once
_DAYS = 2_000  # kept


class Lots(NamedTuple):
    """Trades of minutes as whole numbers: a row for each minute, prices in ticks and sizes in lots."""

    time: NDArray[np.int64]
    prices: NDArray[np.int64]
    sizes: NDArray[np.int64]
    bought: NDArray[np.bool_]


class Before:
    """What was traded before the run: `EACH` trades a minute, numbered from 1."""

    def __init__(self, listing: Listing, past: Past) -> None:
        self._past = past
        self._tick, self._lot = listing.instrument.tick, _unit(listing)
        self.start, self.end = past.start, past.end
        self._day = lru_cache(maxsize=_DAYS)(self._of_day)
        self.count = (past.end - past.start) // MINUTE * EACH

    def trades(self, first: int, last: int) -> list[Print]:
        """Trades of the numbers `first` to `last`, as far as they are from before the run."""
        first, last = max(first, 1), min(last, self.count)
        if first > last:
            return []
        start, end = (self._past.start + (n - 1) // EACH * MINUTE for n in (first, last))
        return [each for each in self._prints(self._lots(start, end + MINUTE)) if first <= each.number <= last]

    def number_at(self, instant: int) -> int:
        """The number of the first trade at or after `instant` (ns UTC)."""
        return max(1, min(-(-(instant - self._past.start) // _APART) + 1, self.count + 1))

    def candles(self, length: int, start: int, end: int) -> dict[int, Candle]:
        """Candles of `length` ns by their open, of the trades in [start, end); both lie on candles' edges."""
        start, end = max(start, self.start // length * length), min(end, self.end)
        if length % DAY == 0:
            days = (self._day(day) for day in range(start, end, DAY))
            return folded((each for each in days if each is not None), length)
        step = max(_SPAN // length, 1) * length
        found: dict[int, Candle] = {}
        for first in range(start, end, step):
            found |= self._folded(length, first, min(first + step, end))
        return found

    def _of_day(self, day: int) -> Candle | None:
        return self._folded(DAY, day, min(day + DAY, self.end)).get(day)

    def _folded(self, length: int, start: int, end: int) -> dict[int, Candle]:
        if length < MINUTE:
            lots = self._lots(start // MINUTE * MINUTE, end)
            inside = [p for p in self._prints(lots) if start <= p.time < end]
            return folded((candle_of(p, p.time) for p in inside), length)
        lots = self._lots(start, end)
        if not len(lots.time):
            return {}
        opens = lots.time // length * length
        first = np.flatnonzero(np.diff(opens, prepend=opens[0] - 1))
        values = lots.prices * lots.sizes
        columns = (
            opens[first],
            lots.prices[first, 0],
            np.maximum.reduceat(lots.prices.max(axis=1), first),
            np.minimum.reduceat(lots.prices.min(axis=1), first),
            lots.prices[np.append(first[1:], len(opens)) - 1, -1],
            np.add.reduceat(lots.sizes.sum(axis=1), first),
            np.add.reduceat(values.sum(axis=1), first),
            np.diff(np.append(first, len(opens))) * EACH,
            np.add.reduceat((lots.sizes * lots.bought).sum(axis=1), first),
            np.add.reduceat((values * lots.bought).sum(axis=1), first),
            (lots.time[first] - self._past.start) // MINUTE * EACH + 1,
        )
        rows = zip(*(column.tolist() for column in columns), strict=True)
        return {row[0]: self._candle(*row) for row in rows}

    def _candle(self, time: int, *of: int) -> Candle:
        tick, lot = self._tick, self._lot
        begin, high, low, close, volume, value, trades, bought, bought_value, first = of
        return Candle(
            time,
            tick * begin,
            tick * high,
            tick * low,
            tick * close,
            lot * volume,
            tick * lot * value,
            trades,
            lot * bought,
            tick * lot * bought_value,
            first,
            first + trades - 1,
        )

    def _lots(self, start: int, end: int) -> Lots:
        minutes = self._past.minutes(start, end)
        tick, lot = float(self._tick), float(self._lot)
        shown = (minutes.open, minutes.high, minutes.low, minutes.close)
        begin, high, low, close = (np.rint(column / tick).astype(np.int64) for column in shown)
        rising = close >= begin
        inner = (begin + close) // 2
        columns = (begin, np.where(rising, low, high), inner, np.where(rising, high, low), inner, close)
        prices = np.stack(columns, axis=1).reshape(-1, EACH)
        whole = np.maximum(np.rint(minutes.volume / lot).astype(np.int64), EACH)
        sizes = np.repeat(whole // EACH, EACH).reshape(-1, EACH)
        sizes[:, 0] += whole - sizes.sum(axis=1)
        numbers = (minutes.time // MINUTE)[:, None] * EACH + np.arange(EACH, dtype=np.int64)
        return Lots(minutes.time, prices, sizes, numbers * _PRIME % 5 < 3)

    def _prints(self, lots: Lots) -> list[Print]:
        found = []
        for row, time in enumerate(lots.time.tolist()):
            first = (time - self._past.start) // MINUTE * EACH + 1
            for place in range(EACH):
                price, size = self._tick * int(lots.prices[row, place]), self._lot * int(lots.sizes[row, place])
                taker = Side.BUY if lots.bought[row, place] else Side.SELL
                found.append(Print(first + place, time + place * _APART, price, Decimal(size), taker))
        return found


def _unit(listing: Listing) -> Decimal:
    """What sizes are counted in: so many lots that the value of weeks, in such units, fits 64 bits."""
    usual = float(listing.depth / listing.price / listing.instrument.lot)
    return listing.instrument.lot * Decimal(10) ** max(0, round(log10(usual)) - 6)
