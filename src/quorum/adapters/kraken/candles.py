"""Trades to candles, as the venue makes them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple


class Print(NamedTuple):
    """A trade: its time in ns UTC, its price and quantity as the venue writes them, and its number."""

    time: int
    price: str
    quantity: str
    number: int


class Candle(NamedTuple):
    """A candle whose open is `time` (ns UTC), prices as the venue writes them."""

    time: int
    open: str
    high: str
    low: str
    close: str
    volume: str


class Candles:
    """Makes candles of `step` ns of trades that come in order; a candle without a trade repeats the close before it.

    A trade whose number has been seen counts once. The trades begin at or before the open of a candle; where `close`
    is what was paid before them, candles come from `first` on, else from the first trade on.
    """

    def __init__(self, step: int, first: int = 0, close: str | None = None) -> None:
        self._step = step
        self._next = first
        self._close = close
        self._open: list[Print] = []
        self._last = -1

    def add(self, prints: Iterable[Print]) -> list[Candle]:
        """The candles that these trades close: a later trade proves that nothing more comes."""
        done: list[Candle] = []
        for trade in prints:
            if trade.number > self._last:
                self._last = trade.number
                done += self.until(trade.time)
                self._open.append(trade)
        return done

    def until(self, instant: int) -> list[Candle]:
        """The candles that are closed at `instant` and were not given before."""
        done = []
        if self._open:
            start = self._open[0].time // self._step * self._step
            if start + self._step > instant:
                return []
            done.append(_candle(start, self._open))
            self._open, self._close, self._next = [], done[0].close, start + self._step
        if self._close is not None:
            end = max(self._next, instant // self._step * self._step)
            done += [_quiet(time, self._close) for time in range(self._next, end, self._step)]
            self._next = end
        return done


def _quiet(start: int, close: str) -> Candle:
    return Candle(start, close, close, close, close, "0")


def _candle(start: int, trades: list[Print]) -> Candle:
    prices = sorted((Decimal(t.price), t.price) for t in trades)
    volume = sum((Decimal(t.quantity) for t in trades), Decimal(0))
    return Candle(start, trades[0].price, prices[-1][1], prices[0][1], trades[-1].price, str(volume))
