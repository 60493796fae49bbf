"""Of when a price is, and what is held at the lake's newest prices."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from quorum.desk.desk import Desk
from quorum.domain import DAY, ZERO, Book, Instrument, split_symbol
from quorum.lake import Bars
from quorum.lake.calendars import detect_calendar
from quorum.risk import LastTrade

FRIDAY = 4
RECENT = 40 * DAY
FINE = Decimal("0.01")
"""The price step of what nobody knows one of."""


class Priced(NamedTuple):
    """A symbol's newest price by the lake, and its steps."""

    last: LastTrade
    instrument: Instrument


def priced(desk: Desk, symbols: Iterable[str], now: int) -> dict[str, Priced]:
    """The newest closes at `now` (ns UTC) of the shortest bars that the lake has; without any a symbol is left out."""
    found = {}
    series = desk.lake.series()
    for symbol in sorted(set(symbols)):
        held = [s for s in series if s.symbol == symbol and s.first + s.timeframe.nanoseconds <= now]
        if held:
            best = min(held, key=lambda s: (-min(s.last + s.timeframe.nanoseconds, now), s.timeframe, s.venue))
            bars = desk.lake.bars(symbol, best.timeframe, best.venue, funding_revision=0).as_of(now)
            instrument = desk.settings.instruments.instrument(bars)
            price = instrument.price(float(bars.close[-1]))
            found[symbol] = Priced(LastTrade(price, price_time(bars.between(now - RECENT), now)), instrument)
    return found


def blind(desk: Desk, account: str, book: Book, symbols: Iterable[str]) -> dict[str, Priced]:
    """Holdings of which the lake has no bars: at the book's own mark, or at what they cost, of no known time."""
    venue, file, found = desk.settings.accounts.accounts[account].venue, desk.settings.instruments, {}
    for symbol in symbols:
        base, quote = split_symbol(symbol)
        price, given = book.marks.get(symbol) or book.positions[symbol].average_price, file.symbols.get(symbol)
        tick = (given.tick if given else None) or FINE
        least = given.min_notional if given else ZERO
        instrument = Instrument(symbol, venue, base, quote, tick, file.lot(symbol), least)
        found[symbol] = Priced(LastTrade(max(price, tick), 0), instrument)
    return found


def price_time(bars: Bars, as_of: int) -> int:
    """The instant (ns UTC) up to which the newest close of `bars` is the market's price, at the latest `as_of`.

    Around the clock the next bar is due one length later; in a market with sessions by the end of the next weekday,
    and of the one after it, since that may be a holiday.
    """
    if not len(bars):
        return as_of - RECENT
    length = bars.timeframe.nanoseconds
    closed = int(bars.time[-1]) + length
    if detect_calendar(bars.time, bars.timeframe) == "24/7":
        return min(as_of, closed + length)
    day = int(bars.time[-1]) // DAY
    for _ in range(2):
        day += 1
        while (day + 3) % 7 > FRIDAY:
            day += 1
    return min(as_of, max(closed + length, (day + 1) * DAY))
