"""What a venue shows to everybody: trades, changes of the book, touches, candles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from quorum.domain import ZERO, Side

Levels = tuple[tuple[Decimal, Decimal], ...]


class Print(NamedTuple):
    """A trade: its number, its instant (ns UTC), price, size, who took, and whether by a limit order.

    `frame` is what the venue sent when it was recorded; None for one that was made here.
    """

    number: int
    time: int
    price: Decimal
    size: Decimal
    taker: Side
    limit: bool = True
    frame: Any = None


class Deal(NamedTuple):
    """Trades of one taker at one price and instant: numbers `first` to `last`."""

    number: int
    time: int
    price: Decimal
    size: Decimal
    first: int
    last: int
    taker: Side


class Change(NamedTuple):
    """Levels of the book that changed with the updates `first` to `last`; a size of 0 takes a level away.

    With `whole` the levels are the whole book, and what was there before is gone.
    """

    time: int
    first: int
    last: int
    bids: Levels
    asks: Levels
    whole: bool = False
    frame: Any = None


class Touch(NamedTuple):
    """The best bid and ask after the update of that number."""

    time: int
    update: int
    bid: Decimal
    bid_size: Decimal
    ask: Decimal
    ask_size: Decimal
    frame: Any = None


class Frame(NamedTuple):
    """A recorded message of a channel that nothing else is made of."""

    time: int
    channel: str
    frame: Any


class Beat(NamedTuple):
    """Time has passed: now it is `time`, before it was `since`; what is said at intervals is due."""

    time: int
    since: int

    def passed(self, step: int) -> bool:
        """Whether a multiple of `step` ns lies between; true where the clock stands, so that nothing waits for ever."""
        return self.time == self.since or self.time // step != self.since // step


Happening = Print | Deal | Change | Touch | Frame | Beat


class Candle(NamedTuple):
    """A candle that opens at `time` (ns UTC); `value` in quote currency, `bought` what takers bought of it.

    `first` and `last` are the numbers of its trades; -1 where it has none, and its prices are the close before it.
    """

    time: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    value: Decimal
    trades: int
    bought: Decimal
    bought_value: Decimal
    first: int
    last: int

    @property
    def vwap(self) -> Decimal:
        return self.value / self.volume if self.volume else ZERO

    def joined(self, other: Candle) -> Candle:
        """This candle and a later one as one."""
        if not other.trades:
            return self
        if not self.trades:
            return other._replace(time=self.time)
        return Candle(
            self.time,
            self.open,
            max(self.high, other.high),
            min(self.low, other.low),
            other.close,
            self.volume + other.volume,
            self.value + other.value,
            self.trades + other.trades,
            self.bought + other.bought,
            self.bought_value + other.bought_value,
            self.first,
            other.last,
        )


def candle_of(trade: Print, time: int) -> Candle:
    """The candle of one trade that opens at `time`."""
    price, size = trade.price, trade.size
    value, bought = price * size, trade.taker is Side.BUY
    return Candle(
        time,
        price,
        price,
        price,
        price,
        size,
        value,
        1,
        size if bought else ZERO,
        value if bought else ZERO,
        trade.number,
        trade.number,
    )


def quiet(time: int, price: Decimal) -> Candle:
    """A candle without a trade."""
    return Candle(time, price, price, price, price, ZERO, ZERO, 0, ZERO, ZERO, -1, -1)


def folded(candles: Iterable[Candle], length: int) -> dict[int, Candle]:
    """Candles of `length` ns by their open, made of shorter ones in order."""
    found: dict[int, Candle] = {}
    for each in candles:
        time = each.time // length * length
        found[time] = found[time].joined(each) if time in found else each._replace(time=time)
    return found


def filled(candles: Mapping[int, Candle], length: int, until: int) -> list[Candle]:
    """`candles` in order, quiet ones where none is between the first and `until` (ns, not included)."""
    if not candles:
        return []
    found: list[Candle] = []
    for time in range(min(candles), until, length):
        each = candles.get(time)
        found.append(each if each is not None else quiet(time, found[-1].close))
    return found
