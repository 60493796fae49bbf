"""All markets of a run, fed by the touches that it plays or by a recording."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Iterator, Mapping

from aiohttp import web

from quorum.domain import SECOND, ZERO, Side, plain
from quorum.simulator.core import Top
from quorum.simulator.prices import Bar
from quorum.simulator.public.before import Before
from quorum.simulator.public.making import Maker
from quorum.simulator.public.market import Market, Watcher
from quorum.simulator.public.playing import Played, Player, Recording
from quorum.simulator.public.words import Print, Touch
from quorum.simulator.serving import Line, Simulation

_BEAT = 0.05  # seconds
_AT_ONCE = 500
_MOST = 100_000
_STEP = SECOND // 10
_FULL = 1_000  # messages that wait in a line while a recording is played as fast as it goes


class Markets:
    """The public markets by symbol. A recording begins with the first subscription, or as the clock is moved."""

    def __init__(self, simulation: Simulation, recording: Recording | None = None) -> None:
        self._simulation = simulation
        self.lines: set[Line] = set()
        self._begun = recording is None
        listings = simulation.exchange.listings
        befores = {s: None if recording else Before(each, simulation.pasts[s]) for s, each in listings.items()}
        self.by_symbol: Mapping[str, Market] = {s: Market(each, befores[s]) for s, each in listings.items()}
        if recording is None:
            self._makers = {s: Maker(each, simulation.options.seed) for s, each in self.by_symbol.items()}
            simulation.watch(self._moved)
            for symbol in self.by_symbol:
                self._makers[symbol].move(simulation.touch(symbol)._replace(last_size=ZERO))
            simulation.spawn(self._beats())
        else:
            for symbol, change in recording.opening.items():
                self.by_symbol[symbol].happen(change._replace(frame=None))
            simulation.spawn(self._play(Player(recording)))

    def watch(self, watcher: Watcher) -> None:
        """Tell `watcher` what happens at every symbol."""
        for market in self:
            market.watchers.append(watcher)

    def __iter__(self) -> Iterator[Market]:
        return iter(self.by_symbol.values())

    def routes(self) -> Iterable[web.RouteDef]:
        """The truth about a symbol, which no fault touches: its trades and its book."""
        return [web.get("/sim/trades", self.trades), web.get("/sim/book", self.book)]

    async def trades(self, request: web.Request) -> web.Response:
        """Trades of the run with a number above `after`, the oldest first."""
        market, after = self._named(request), request.query.get("after", "0")
        known = market.trades[0].number if market.trades else 0
        found = market.trades_from(max(int(after) + 1 if after.isdigit() else 0, known), _MOST)
        return web.json_response([{**plain(each._replace(frame=None)._asdict())} for each in found])

    async def book(self, request: web.Request) -> web.Response:
        """The book as it is."""
        book = self._named(request).book
        sides = {"bids": book.best_bids(_MOST), "asks": book.best_asks(_MOST)}
        rows = {name: [[str(price), str(size)] for price, size in side] for name, side in sides.items()}
        return web.json_response({"update": book.update, **rows})

    def _named(self, request: web.Request) -> Market:
        found = self.by_symbol.get(request.query.get("symbol", ""))
        if found is None:
            raise web.HTTPUnprocessableEntity(text=f"name a symbol of {', '.join(self.by_symbol)}")
        return found

    def begin(self) -> None:
        """Somebody listens: a recording begins."""
        if not self._begun:
            self._begun = True
            speed = self._simulation.options.speed
            self._simulation.clock.run(0 if math.isinf(speed) else speed)

    def _moved(self, symbol: str, top: Top, closed: Bar | None) -> None:
        self._makers[symbol].move(top)

    def _settle(self) -> None:
        now = self._simulation.clock.now()
        for market in self:
            market.settle(now)

    async def _beats(self) -> None:
        while not self._simulation.closing.is_set():
            self._settle()
            await asyncio.sleep(_BEAT)

    async def _play(self, player: Player) -> None:
        while not self._simulation.closing.is_set():
            at_once = self._begun and math.isinf(self._simulation.options.speed)
            if at_once and player.next is not None:
                await self._hurry(player)
                continue
            for _, symbol, what in player.take(self._simulation.clock.now(), _AT_ONCE):
                self._happen(symbol, what)
            self._settle()
            await asyncio.sleep(_BEAT if not player.next or player.next > self._simulation.clock.now() else 0)

    async def _hurry(self, player: Player) -> None:
        """The next tenth of a second of a recording, once everybody has heard the last."""
        clock, due = self._simulation.clock, player.next or 0
        clock.advance(due // _STEP * _STEP + _STEP - 1 - clock.now())
        for _, symbol, what in player.take(clock.now(), 10**9):
            self._happen(symbol, what)
        self._settle()
        await asyncio.sleep(0)
        while any(line.waiting > _FULL for line in self.lines) and not self._simulation.closing.is_set():
            await asyncio.sleep(0.001)

    def _happen(self, symbol: str, what: Played) -> None:
        market = self.by_symbol[symbol]
        market.happen(what)
        if isinstance(what, Print):
            self._simulation.moved(symbol, _top(market, what))


def _top(market: Market, trade: Print) -> Top:
    """The touch that goes with a recorded trade."""
    tick, shown = market.listing.instrument.tick, market.touched or market.book.touch(trade.time)
    if shown is None or shown.bid >= shown.ask:
        buys = trade.taker is Side.BUY
        bid, ask = (trade.price - tick, trade.price) if buys else (trade.price, trade.price + tick)
        shown = Touch(trade.time, 0, bid, trade.size, ask, trade.size)
    return Top(trade.time, shown.bid, shown.bid_size, shown.ask, shown.ask_size, trade.price, trade.size)
