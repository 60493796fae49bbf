"""A market made of touches: each becomes trades of one taker and changes of the book, by seed."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from quorum.domain import ZERO, Side
from quorum.simulator.core import Top
from quorum.simulator.public.market import Market
from quorum.simulator.public.words import Change, Levels, Print

_DEPTH = 250  # levels on each side
_STIRRED = 3  # levels on each side that change at random with a touch
_REACH = 400  # how far from the touch levels lie, in steps
_MICROSECOND = 1_000


class Maker:
    """Makes what a venue shows of each touch of `market`; the same seed and touches make the same."""

    def __init__(self, market: Market, seed: int) -> None:
        self._market = market
        self._random = Random(f"{seed}:{market.symbol}:public")

    def move(self, top: Top) -> None:
        """The market is at `top`: change the book, then print the trade that went with it."""
        market, time, top = self._market, top.time // _MICROSECOND * _MICROSECOND, self._exact(top)
        first, update = not market.book.update, market.book.update or self._random.randrange(10**9, 10**10)
        bids, asks = self._side(top, Side.BUY), self._side(top, Side.SELL)
        changes = len(bids) + len(asks)
        market.happen(Change(time, update + 1, update + max(changes, 1), bids, asks, whole=first))
        touch = market.book.touch(time)
        if touch is not None:
            market.happen(touch)
        if top.last_size > 0:
            self._print(top, time)

    def _exact(self, top: Top) -> Top:
        """The touch with sizes in whole lots: one that was set by hand need not have them."""
        each = self._market.listing.instrument

        def lots(size: Decimal) -> Decimal:
            return max(each.quantity(size), each.lot) if size else ZERO

        return top._replace(bid_size=lots(top.bid_size), ask_size=lots(top.ask_size), last_size=lots(top.last_size))

    def _print(self, top: Top, time: int) -> None:
        taker = Side.BUY if top.ask - top.last <= top.last - top.bid else Side.SELL
        limit, number = self._random.random() < 0.6, self._market.last_number
        for size in self._parts(top.last_size):
            number += 1
            self._market.happen(Print(number, time, top.last, size, taker, limit))

    def _parts(self, size: Decimal) -> list[Decimal]:
        """A taker's size as it meets one to three makers."""
        lot = self._market.listing.instrument.lot
        count = min(self._random.choice((1, 1, 2, 3)), max(int(size / lot), 1))
        part = size / count // lot * lot
        return [part] * (count - 1) + [size - part * (count - 1)]

    def _side(self, top: Top, side: Side) -> Levels:
        """What changes on one side: levels that were passed go, the touch comes, some behind it are stirred."""
        book, random = self._market.book, self._random
        buys = side is Side.BUY
        known, other = (book.bids, book.asks) if buys else (book.asks, book.bids)
        best, size = (top.bid, top.bid_size) if buys else (top.ask, top.ask_size)
        passed = [price for price in known if (price > best if buys else price < best)]
        found = dict.fromkeys(passed, ZERO)
        found[best] = size
        behind = _STIRRED if other or known else 0
        left = len(known) - len(passed)
        for _ in range(max(behind, _DEPTH - left)):
            price = self._behind(best, buys)
            if price > 0 and price != best:
                gone = left >= _DEPTH and price in known and random.random() < 0.3
                found[price] = ZERO if gone else self._size(best)
        if left > _DEPTH:
            ends = sorted(known, reverse=buys)[_DEPTH:]
            found |= dict.fromkeys(ends, ZERO)
        return tuple((price, size) for price, size in found.items() if known.get(price, ZERO) != size)

    def _behind(self, best: Decimal, buys: bool) -> Decimal:
        tick = self._market.listing.instrument.tick
        step = max(best * Decimal("0.00005") // tick, Decimal(1)) * tick
        away = step * (1 + int(_REACH * self._random.random() ** 2))
        return best - away if buys else best + away

    def _size(self, best: Decimal) -> Decimal:
        listing = self._market.listing
        drawn = Decimal(repr(round(self._random.lognormvariate(0, 0.8), 6))) * listing.depth / best / 4
        return max(listing.instrument.quantity(drawn), listing.instrument.lot)
