"""Kraken's streams: who listens to which topic, and what each is told as the markets move."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any

from aiohttp import web

from quorum.domain import SECOND, ZERO
from quorum.simulator.core import Event, Mode, Suspended
from quorum.simulator.faults import ACKED, SHOWN, SUMMED
from quorum.simulator.kraken.dialect import Dialect, Shown, Topic, Wish
from quorum.simulator.kraken.first import First
from quorum.simulator.kraken.forms import INTERVALS, written
from quorum.simulator.kraken.second import INSTRUMENT, Second, instruments
from quorum.simulator.public import (
    Book,
    Change,
    Frame,
    Happening,
    Levels,
    Manners,
    Market,
    Markets,
    Print,
    Touch,
    Turnstile,
    Wire,
)
from quorum.simulator.serving import Line, Simulation

MANNERS = Manners(silence=60.0)
MOST_CONNECTIONS, _WINDOW = 150, 600.0  # attempts in so many seconds; who makes more is kept out as long
_HEARTBEAT = 1.0  # seconds of silence after which one is sent
_SHOWN_TRADES = 50
_BEST = 10
_INSTRUMENTS = Topic(INSTRUMENT, "")


class Feed:
    """Every client of both protocols."""

    def __init__(self, simulation: Simulation, markets: Markets) -> None:
        self._simulation = simulation
        self._markets = markets
        self._clients: dict[Client, Wire] = {}
        self._count = 0
        most, scale = MOST_CONNECTIONS if simulation.options.rate else 0, 1 / simulation.options.timers
        self._turnstile = Turnstile(most, _WINDOW * scale, _WINDOW * scale)
        markets.watch(self._happened)
        simulation.on_shutdown.append(self._shut)
        simulation.on_mode.append(self._switched)
        simulation.exchange.listen(self._traded_at)

    def routes(self) -> Iterable[web.RouteDef]:
        """Every door."""
        return [web.get("/v2", self.second), web.get("/", self.first)]

    async def second(self, request: web.Request) -> web.StreamResponse:
        """A connection that speaks the second protocol."""
        return await self._serve(request, Second())

    async def first(self, request: web.Request) -> web.StreamResponse:
        """A connection that speaks the first protocol."""
        return await self._serve(request, First())

    async def _serve(self, request: web.Request, dialect: Dialect) -> web.StreamResponse:
        if (wait := self._turnstile.wait()) > 0:
            return web.Response(status=429, text="error code: 1015", headers={"Retry-After": str(int(wait) + 1)})
        ws = web.WebSocketResponse(autoping=False, timeout=1.0)
        await ws.prepare(request)
        line = Line(self._simulation, ws, request, written)
        self._count += 1
        client = Client(self._simulation, self._markets, line, dialect, self._count)
        wire = self._clients[client] = Wire(self._simulation, request, line, ws)
        self._markets.lines.add(line)
        client.greet()
        try:
            await wire.attend(MANNERS, client.hear, client.heartbeats())
        finally:
            self._clients.pop(client, None)
            self._markets.lines.discard(line)
            line.end()
        return ws

    def _shut(self, seconds: float) -> None:
        for wire in self._clients.values():
            self._simulation.spawn(wire.close(seconds * self._simulation.options.timers))

    def _switched(self, mode: Mode) -> None:
        for client in list(self._clients):
            client.greet()
            client.instruments()

    def _traded_at(self, event: Event) -> None:
        if isinstance(event, Suspended):
            for client in list(self._clients):
                client.instruments()

    def _happened(self, market: Market, what: Happening) -> None:
        for client in list(self._clients):
            client.happened(market, what)


class Client:
    """One connection and its topics; of a book, the levels that the client has been shown."""

    def __init__(self, simulation: Simulation, markets: Markets, line: Line, dialect: Dialect, number: int) -> None:
        self._number = simulation.options.seed * 10**9 + number
        self._simulation = simulation
        self._markets = markets
        self._line = line
        self._dialect = dialect
        self._topics: dict[Topic, Book] = {}
        self._last = monotonic()

    async def heartbeats(self) -> None:
        """A heartbeat after each second in which nothing else was said to one who has subscribed."""
        pause = _HEARTBEAT / self._simulation.options.timers
        while True:
            await asyncio.sleep(max(self._last + pause - monotonic(), pause / 20))
            if monotonic() - self._last >= pause:
                if self._topics and not self._simulation.pingless:
                    self._line.answer(self._dialect.heartbeat)
                self._last = monotonic()

    def greet(self) -> None:
        """Say in which state the venue is."""
        self._line.answer(self._dialect.greeting(self._number, self._simulation.exchange.mode.value))

    def instruments(self, first: bool = False) -> None:
        """Say what is traded, to one who has subscribed to that."""
        if _INSTRUMENTS in self._topics:
            exchange = self._simulation.exchange
            message = instruments(self._markets, exchange.mode.value, exchange.floor.halted, first)
            self._tell(_INSTRUMENTS, message)

    def hear(self, said: str | bytes) -> None:
        """A message of the client."""
        wish = self._dialect.read(said)
        if wish.wrong or not wish.topics:
            self._answer(wish, None, wish.wrong)
        for topic in wish.topics:
            self._wished(wish, topic)

    def happened(self, market: Market, what: Happening) -> None:
        """Tell what happened at a market, to the topics that it concerns."""
        for topic in [each for each in self._topics if each.symbol == market.symbol]:
            frame = getattr(what, "frame", None)
            if isinstance(self._dialect, First) and frame is not None and _recorded_for(topic, what):
                if frame:
                    self._tell(topic, self._dialect.verbatim(topic, frame))
            elif not isinstance(what, Frame):
                self._told(topic, market, what)

    def _told(self, topic: Topic, market: Market, what: Happening) -> None:
        tell: Callable[[Any], None] = lambda one: self._form(topic, market, one)  # noqa: E731 (a name for a closure)
        match topic.channel, what:
            case "trade", Print():
                tell(what)
            case ("ticker", Print()) | ("ticker", Touch()) if bool(topic.setting) is isinstance(what, Touch):
                tell(None)
            case "spread", Touch():
                tell(what)
            case "ohlc", Print():
                tell(market.running(INTERVALS[topic.setting]))
            case "book", Change():
                self._changed(topic, market)
            case _:
                pass

    def _wished(self, wish: Wish, topic: Topic) -> None:
        known = topic in self._topics
        if topic == _INSTRUMENTS:
            self._wished_all(wish, known)
            return
        market = self._markets.by_symbol.get(topic.symbol)
        if market is None:
            self._answer(wish, topic, _unsupported(self._dialect, topic.symbol))
        elif wish.word == "unsubscribe":
            self._topics.pop(topic, None)
            self._answer(wish, topic, "" if known else "Subscription Not Found")
        elif known:
            self._answer(wish, topic, "Already subscribed")
        else:
            if self._simulation.faults.draw(ACKED, "STREAM acks", topic.symbol) is None:
                self._answer(wish, topic, "")
            self._topics[topic] = Book()
            self._markets.begin()
            self._begin(topic, market, wish.snapshot)

    def _wished_all(self, wish: Wish, known: bool) -> None:
        if known is (wish.word == "subscribe"):
            self._answer(wish, _INSTRUMENTS, "Already subscribed" if known else "Subscription Not Found")
            return
        self._answer(wish, _INSTRUMENTS, "")
        if known:
            del self._topics[_INSTRUMENTS]
            return
        self._topics[_INSTRUMENTS] = Book()
        if wish.snapshot:
            self.instruments(first=True)

    def _begin(self, topic: Topic, market: Market, wanted: bool) -> None:
        if topic.channel == "book":
            self._show(topic, market, wanted)
        elif not wanted or topic.channel not in self._dialect.snapshots:
            return
        elif topic.channel == "trade":
            forms = [self._dialect.form(topic, market, each, True) for each in market.recent(_SHOWN_TRADES)]
            if forms:
                self._tell(topic, forms[0] | {"data": [row for form in forms for row in form["data"]]})
        elif topic.channel == "ohlc":
            self._form(topic, market, market.running(INTERVALS[topic.setting]), True)
        elif topic.channel == "spread":
            self._form(topic, market, market.book.touch(market.now), True)
        else:
            self._form(topic, market, None, True)

    def _show(self, topic: Topic, market: Market, wanted: bool) -> None:
        """The whole book down to the depth of the topic, old where a fault wants it."""
        book: Book | None = market.book
        if (fault := self._simulation.faults.draw(SHOWN, "STREAM book", topic.symbol)) is not None:
            book = market.memory.before(market.now - int(fault.lasts(10) * SECOND))
        book = book or market.book
        bids, asks = book.best_bids(topic.setting), book.best_asks(topic.setting)
        now = market.book
        shown = dict(now.best_bids(topic.setting)), dict(now.best_asks(topic.setting))
        self._topics[topic] = Book(now.update, *shown)
        if wanted and (bids or asks):
            self._form(topic, market, Shown(bids, asks, bids[:_BEST], asks[:_BEST], whole=True), True)

    def _changed(self, topic: Topic, market: Market) -> None:
        shown, book = self._topics[topic], market.book
        bids, asks = book.best_bids(topic.setting), book.best_asks(topic.setting)
        more = _difference(shown.bids, bids, book.bids.keys()), _difference(shown.asks, asks, book.asks.keys())
        self._topics[topic] = Book(book.update, dict(bids), dict(asks))
        if any(more):
            spoiled = self._simulation.faults.draw(SUMMED, "STREAM book", topic.symbol) is not None
            self._form(topic, market, Shown(*more, bids[:_BEST], asks[:_BEST], whole=False, spoiled=spoiled))

    def _form(self, topic: Topic, market: Market, what: Any, first: bool = False) -> None:
        if what is None and topic.channel != "ticker":
            return
        message = self._dialect.form(topic, market, what, first)
        if message is not None:
            self._tell(topic, message)

    def _tell(self, topic: Topic, message: Any) -> None:
        self._last = monotonic()
        self._line.tell(topic.channel, topic.symbol, message)

    def _answer(self, wish: Wish, topic: Topic | None, wrong: str) -> None:
        self._last = monotonic()
        self._line.answer(self._dialect.answer(wish, topic, wrong, self._simulation.shown_now()))


def _recorded_for(topic: Topic, what: Happening) -> bool:
    """Whether a recorded message is one of this topic."""
    match what:
        case Print():
            return topic.channel == "trade"
        case Change():
            return topic.channel == "book" and f"book-{topic.setting}" == what.frame[-2]
        case Frame():
            return topic.channel == what.channel
        case _:
            return False


def _difference(before: dict[Any, Any], now: Levels, there: Iterable[Any]) -> Levels:
    """What a client must be told: levels that are new or changed, and those that are gone; not those pushed out."""
    kept = dict(now)
    gone = tuple((price, ZERO) for price in before if price not in kept and price not in there)
    return gone + tuple((price, size) for price, size in now if before.get(price) != size)


def _unsupported(dialect: Dialect, symbol: str) -> str:
    return "Currency pair not supported" + (f" {symbol}" if not isinstance(dialect, First) else "")
