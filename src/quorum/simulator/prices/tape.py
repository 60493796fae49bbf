"""What has been seen of a market: the newest trades and quotes, and bars of a minute."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from quorum.domain import MINUTE, Side
from quorum.simulator.core import Top

_KEPT, _MINUTES = 2_000, 60 * 24 * 7


class Bar(NamedTuple):
    """A bar: `time` is its open (ns UTC), `vwap` its volume-weighted price, `trades` their number."""

    time: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    trades: int
    vwap: float

    def joined(self, other: Bar) -> Bar:
        """This bar and the next one as one."""
        volume = self.volume + other.volume
        paid = self.vwap * self.volume + other.vwap * other.volume
        return Bar(
            self.time,
            self.open,
            max(self.high, other.high),
            min(self.low, other.low),
            other.close,
            volume,
            self.trades + other.trades,
            paid / volume if volume else other.close,
        )


class Print(NamedTuple):
    """A trade of the market: its id, instant, price, size and who took."""

    number: int
    time: int
    price: Decimal
    size: Decimal
    taker: Side


@dataclass(slots=True)
class Tape:
    """The newest prints, quotes and closed minutes of one symbol, and the minute that runs."""

    prints: deque[Print] = field(default_factory=lambda: deque(maxlen=_KEPT))
    quotes: deque[Top] = field(default_factory=lambda: deque(maxlen=_KEPT))
    minutes: deque[Bar] = field(default_factory=lambda: deque(maxlen=_MINUTES))
    running: Bar | None = None
    count: int = 0

    def record(self, top: Top) -> Bar | None:
        """Note a touch and its trade; the minute that closed with it, if one did."""
        self.count += 1
        taker = Side.BUY if top.ask - top.last <= top.last - top.bid else Side.SELL
        self.prints.append(Print(self.count, top.time, top.last, top.last_size, taker))
        self.quotes.append(top)
        price, minute = float(top.last), top.time // MINUTE * MINUTE
        now = Bar(minute, price, price, price, price, float(top.last_size), 1, price)
        if self.running is not None and self.running.time == minute:
            self.running = self.running.joined(now)
            return None
        closed, self.running = self.running, now
        if closed is not None:
            self.minutes.append(closed)
        return closed

    def bars(self) -> Iterator[Bar]:
        """Closed minutes, then the one that runs."""
        yield from self.minutes
        if self.running is not None:
            yield self.running
