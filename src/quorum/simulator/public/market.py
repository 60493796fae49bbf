"""The public market of one symbol: its trades, its book, its candles, and who watches."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from quorum.domain import DAY, MINUTE, SECOND
from quorum.simulator.core import Listing
from quorum.simulator.public.before import Before
from quorum.simulator.public.book import Book, Memory
from quorum.simulator.public.log import Log, deals, prints
from quorum.simulator.public.words import (
    Beat,
    Candle,
    Change,
    Deal,
    Frame,
    Happening,
    Print,
    Touch,
    candle_of,
    filled,
    folded,
    quiet,
)

_SPREADS = 200
_KEPT = 400_000  # trades and deals of the run: a day of the usual market
Watcher = Callable[["Market", Happening], None]


@dataclass(slots=True)
class Market:
    """What happens at one symbol, told to the watchers as it does; `before` is None where nothing was before the run.

    Trades have contiguous numbers, deals too; candles of any length are those of the trades.
    """

    listing: Listing
    before: Before | None = None
    book: Book = field(default_factory=Book)
    memory: Memory = field(default_factory=lambda: Memory(2 * SECOND))
    trades: Log[Print] = field(default_factory=lambda: prints(_KEPT))
    deals: Log[Deal] = field(default_factory=lambda: deals(_KEPT))
    minutes: dict[int, Candle] = field(default_factory=dict)
    watchers: list[Watcher] = field(default_factory=list)
    touches: deque[Touch] = field(default_factory=lambda: deque(maxlen=_SPREADS))
    now: int = 0
    settled: int = 0
    _open: Deal | None = None
    _next_deal: int = 0

    @property
    def symbol(self) -> str:
        return self.listing.symbol

    @property
    def touched(self) -> Touch | None:
        """The touch that was told last."""
        return self.touches[-1] if self.touches else None

    @property
    def last_number(self) -> int:
        """The number of the newest trade."""
        return self.trades[-1].number if self.trades else (self.before.count if self.before else 0)

    @property
    def last_deal(self) -> int:
        """The number of the newest deal."""
        return self.deals[-1].number if self.deals else (self.before.count if self.before else 0)

    @property
    def began(self) -> int:
        """The instant of the oldest trade (ns UTC); now before there was one."""
        if self.before is not None:
            return self.before.start
        return next(iter(self.minutes), self.now)

    def happen(self, what: Print | Change | Touch | Frame) -> None:
        """Take in what happened, and tell it."""
        self.now = max(self.now, what.time)
        match what:
            case Print():
                self._deal(what)
                self.trades.append(what)
                minute = what.time // MINUTE * MINUTE
                single = candle_of(what, minute)
                self.minutes[minute] = self.minutes[minute].joined(single) if minute in self.minutes else single
            case Change():
                self.book.apply(what)
            case Touch():
                self.touches.append(what)
            case _:
                pass
        self._tell(what)

    def settle(self, now: int) -> None:
        """Time has come to `now`: close what waits for it, and tell what is said at intervals."""
        self.now = max(self.now, now)  # a recorder's clock may be behind the venue's
        since, self.settled = self.settled or self.now, self.now
        if self._open is not None:
            self._close()
        self.memory.note(self.now, self.book)
        self._tell(Beat(self.now, since))

    def recent(self, most: int) -> list[Print]:
        """The newest trades, oldest first."""
        return self.trades_from(self.last_number - most + 1, most)

    def trades_from(self, number: int, most: int) -> list[Print]:
        """Trades from `number` on, in order; what is older than the memory is left out."""
        found: list[Print] = []
        if self.before is not None and number <= self.before.count:
            found = self.before.trades(number, number + most - 1)
            number = self.before.count + 1
        if self.trades and len(found) < most:
            first = max(number - self.trades[0].number, 0)
            found += self.trades.part(first, most - len(found))
        return found

    def trades_since(self, instant: int, most: int) -> list[Print]:
        """Trades at or after `instant` (ns UTC), in order."""
        if self.before is not None and instant < self.before.end:
            return self.trades_from(self.before.number_at(instant), most)
        return self.trades.part(self.trades.place_at(instant), most)

    def deals_from(self, number: int, most: int) -> list[Deal]:
        """Deals from `number` on, in order; before the run each trade is one."""
        found: list[Deal] = []
        if self.before is not None and number <= self.before.count:
            found = [_alone(each) for each in self.before.trades(number, number + most - 1)]
            number = self.before.count + 1
        if self.deals and len(found) < most:
            first = max(number - self.deals[0].number, 0)
            found += self.deals.part(first, most - len(found))
        return found

    def deal_at(self, instant: int) -> int:
        """The number of the first deal at or after `instant` (ns UTC)."""
        if self.before is not None and instant < self.before.end:
            return self.before.number_at(instant)
        first = self.deals.place_at(instant)
        return self.deals[first].number if first < len(self.deals) else self.last_deal + 1

    def candles(self, length: int, start: int, end: int) -> list[Candle]:
        """Candles of `length` ns that open in [start, end), up to now; quiet ones where nothing was traded."""
        edge, until = start // length * length, min(end, self.now + 1)
        found: dict[int, Candle] = {}
        if self.before is not None and edge < self.before.end:
            found = self.before.candles(length, edge, until)
        for time, each in self._of_run(length, edge, until).items():
            found[time] = found[time].joined(each) if time in found else each
        if edge not in found and (paid := self._paid_before(edge)) is not None:
            found[edge] = quiet(edge, paid.close)
        return [each for each in filled(found, length, until) if each.time >= start]

    def running(self, length: int) -> Candle | None:
        """The candle of `length` ns that runs now; None before the first trade."""
        found = self.candles(length, self.now // length * length, self.now + 1)
        return found[-1] if found else None

    def day(self) -> Candle | None:
        """The last 24 hours as one candle; None before the first trade."""
        return self.past(DAY)

    def past(self, length: int) -> Candle | None:
        """The last `length` ns, in whole minutes, as one candle; None before the first trade."""
        found = folded(self.candles(MINUTE, self.now - length + MINUTE, self.now + 1), 10**20).get(0)
        return found._replace(time=self.now - length) if found is not None else None

    def _of_run(self, length: int, start: int, end: int) -> dict[int, Candle]:
        if length < MINUTE:
            first, last = self.trades.place_at(start), self.trades.place_at(end)
            inside = self.trades.part(first, last - first)
            return folded((candle_of(each, each.time) for each in inside), length)
        return folded((c for time, c in self.minutes.items() if start <= time < end), length)

    def _paid_before(self, instant: int) -> Candle | None:
        older = [candle for time, candle in self.minutes.items() if time < instant]
        if older:
            return older[-1]
        if self.before is None:
            return None
        end = min(instant, self.before.end) // MINUTE * MINUTE
        return self.before.candles(MINUTE, end - MINUTE, end).get(end - MINUTE)

    def _deal(self, trade: Print) -> None:
        one = self._open
        if one is not None and (one.time, one.price, one.taker) == (trade.time, trade.price, trade.taker):
            self._open = one._replace(size=one.size + trade.size, last=trade.number)
            return
        if one is not None:
            self._close()
        number = self._next_deal or trade.number
        self._next_deal = number + 1
        self._open = Deal(number, trade.time, trade.price, trade.size, trade.number, trade.number, trade.taker)

    def _close(self) -> None:
        assert self._open is not None
        done, self._open = self._open, None
        self.deals.append(done)
        self._tell(done)

    def _tell(self, what: Happening) -> None:
        for watcher in list(self.watchers):
            watcher(self, what)


def _alone(trade: Print) -> Deal:
    return Deal(trade.number, trade.time, trade.price, trade.size, trade.number, trade.number, trade.taker)
