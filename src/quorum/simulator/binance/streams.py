"""Binance's streams: /ws/<stream>, /stream?streams=a/b/c, and what is told on each."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web

from quorum.domain import SECOND
from quorum.simulator.binance.client import MOST_STREAMS, Client, Wants
from quorum.simulator.binance.forms import (
    INTERVALS,
    MS,
    candle_event,
    day_event,
    deal_event,
    depth_event,
    levels,
    small_day_event,
    touch_event,
    trade_event,
)
from quorum.simulator.public import (
    Beat,
    Candle,
    Change,
    Deal,
    Frame,
    Happening,
    Manners,
    Market,
    Markets,
    Pending,
    Print,
    Touch,
    Wire,
)
from quorum.simulator.serving import Line, Simulation

MANNERS = Manners(ping=20.0, pong=60.0, lasts=86_400.0, messages=5)
_FAST, _SLOW, _LONG = SECOND // 10, SECOND, 2 * SECOND
_WARNING = 60.0  # seconds between serverShutdown and the end of a connection
_MOST_CLOSED = 100
_ALL = "!miniTicker@arr"


class Streams:
    """Every client, and what it is told as the markets move."""

    def __init__(self, simulation: Simulation, markets: Markets) -> None:
        self._simulation = simulation
        self._markets = markets
        self._wanted: defaultdict[str, dict[str, dict[Client, None]]] = defaultdict(dict)
        self._pending: defaultdict[tuple[str, int], Pending] = defaultdict(Pending)
        self._told: dict[tuple[str, str], tuple[int, int]] = {}
        self._clients: dict[Client, Wire] = {}
        self._verbatim: set[str] = set()  # streams whose own frames were recorded
        markets.watch(self._happened)
        simulation.on_shutdown.append(self._shut)

    def routes(self) -> Iterable[web.RouteDef]:
        """Every door."""
        return [
            web.get("/ws", self.raw),
            web.get("/ws/{streams:.*}", self.raw),
            web.get("/stream", self.combined),
        ]

    async def raw(self, request: web.Request) -> web.StreamResponse:
        """A connection whose events come bare."""
        return await self._serve(request, request.match_info.get("streams", ""), combined=False)

    async def combined(self, request: web.Request) -> web.StreamResponse:
        """A connection whose events come with the names of their streams."""
        return await self._serve(request, request.query.get("streams", ""), combined=True)

    async def _serve(self, request: web.Request, asked: str, combined: bool) -> web.StreamResponse:
        names = list(dict.fromkeys(filter(None, asked.split("/"))))
        if len(names) > MOST_STREAMS:
            return web.Response(status=400, text=f"more than {MOST_STREAMS} streams")
        ws = web.WebSocketResponse(autoping=False, timeout=1.0)
        await ws.prepare(request)
        line = Line(self._simulation, ws, request, _compact)
        micros = request.query.get("timeUnit", "").upper() == "MICROSECOND"
        client = Client(self._simulation, line, Wants(self._more, self._less), combined, micros)
        wire = self._clients[client] = Wire(self._simulation, request, line, ws)
        self._markets.lines.add(line)
        try:
            client.add(names)
            await wire.attend(MANNERS, client.hear, self._end(client, wire))
        finally:
            client.drop(client.names)
            self._clients.pop(client, None)
            self._markets.lines.discard(line)
        return ws

    async def _end(self, client: Client, wire: Wire) -> None:
        """A connection's last minute: announced, then closed."""
        await wire.wait(MANNERS.lasts - _WARNING)
        client.announce(self._simulation.shown_now() // MS)
        await wire.close(_WARNING)

    def _shut(self, seconds: float) -> None:
        for client, wire in list(self._clients.items()):
            client.announce(self._simulation.shown_now() // MS)
            self._simulation.spawn(wire.close(seconds * self._simulation.options.timers))

    def _more(self, client: Client, name: str) -> None:
        symbol, _, channel = name.partition("@")
        self._wanted[symbol].setdefault(channel, {})[client] = None
        self._markets.begin()

    def _less(self, client: Client, name: str) -> None:
        symbol, _, channel = name.partition("@")
        self._wanted[symbol].get(channel, {}).pop(client, None)

    def _happened(self, market: Market, what: Happening) -> None:
        match what:
            case Print():
                self._say(market, "trade", what.frame, lambda: trade_event(market, what))
            case Deal():
                self._say(market, "aggTrade", None, lambda: deal_event(market, what))
            case Touch():
                self._say(market, "bookTicker", what.frame, lambda: touch_event(market, what))
            case Change():
                self._changed(market, what)
            case Frame():
                self._verbatim.add(f"{market.symbol}@{what.channel}")
                self._say(market, what.channel, what.frame, dict)
            case Beat():
                self._beat(market, what)

    def _changed(self, market: Market, change: Change) -> None:
        if change.frame is not None:
            self._say(market, "depth@100ms", change.frame, dict)
        elif not change.whole:
            self._pending[market.symbol, _FAST].add(change)
        if not change.whole:
            self._pending[market.symbol, _SLOW].add(change)

    def _beat(self, market: Market, beat: Beat) -> None:
        for step, channel in ((_FAST, "depth@100ms"), (_SLOW, "depth")):
            if beat.passed(step) and (change := self._pending[market.symbol, step].taken(beat.time)) is not None:
                self._say(market, channel, None, lambda change=change: depth_event(market, change))  # type: ignore[misc]
        for channel in list(self._wanted.get(market.symbol.lower(), ())):
            self._at_interval(market, channel, beat)
        if market is next(iter(self._markets)) and self._due(market, _ALL, _SLOW, beat):
            self._all(beat)

    def _at_interval(self, market: Market, channel: str, beat: Beat) -> None:
        kind, _, name = channel.partition("_")
        if not self._wanted[market.symbol.lower()][channel] or f"{market.symbol}@{channel}" in self._verbatim:
            return
        if kind == "kline" and name in INTERVALS:
            self._candle(market, name, beat)
        elif channel in ("miniTicker", "ticker") and self._due(market, channel, _SLOW, beat):
            make = small_day_event if channel == "miniTicker" else day_event
            if (day := market.day()) is not None:
                self._say(market, channel, None, lambda: make(market, day))
        elif (found := _partial(channel)) is not None and self._due(market, channel, found[1], beat):
            self._say(market, channel, None, lambda: _part(market, found[0]))

    def _candle(self, market: Market, name: str, beat: Beat) -> None:
        length = INTERVALS[name]
        first, last = beat.since // length * length, beat.time // length * length
        if first != last:
            for closed in market.candles(length, max(first, last - _MOST_CLOSED * length), last):
                self._kline(market, name, closed, True)
        step = _SLOW if name == "1s" else _LONG
        running = market.running(length) if self._due(market, f"kline_{name}", step, beat) else None
        if running is not None:
            self._kline(market, name, running, False)

    def _kline(self, market: Market, name: str, candle: Candle, closed: bool) -> None:
        self._say(market, f"kline_{name}", None, lambda: candle_event(market, name, candle, closed))

    def _all(self, beat: Beat) -> None:
        wanting = self._wanted.get("!miniTicker", {}).get("arr", {})
        if wanting:
            days = [(market, market.day()) for market in self._markets]
            events = [small_day_event(market, day) for market, day in days if day is not None]
            for client in wanting:
                client.tell(_ALL, _ALL, None, events)

    def _due(self, market: Market, channel: str, step: int, beat: Beat) -> bool:
        """Whether it is time to speak: an interval has passed, or, where the clock stands, something has happened."""
        mark = (market.last_number, market.book.update)
        if beat.time != beat.since:
            return beat.passed(step)
        if self._told.get((market.symbol, channel)) == mark:
            return False
        self._told[market.symbol, channel] = mark
        return True

    def _say(self, market: Market, channel: str, frame: Any, make: Callable[[], Any]) -> None:
        wanting = self._wanted.get(market.symbol.lower(), {}).get(channel)
        if not wanting:
            return
        event, stream = frame if frame is not None else make(), f"{market.symbol.lower()}@{channel}"
        for client in list(wanting):
            client.tell(stream, channel, market.symbol, event)


def _partial(channel: str) -> tuple[int, int] | None:
    """Levels and interval of `depth<N>` and `depth<N>@100ms`."""
    name, _, speed = channel.partition("@")
    found = name.removeprefix("depth")
    if found not in ("5", "10", "20") or speed not in ("", "100ms"):
        return None
    return int(found), _FAST if speed else _SLOW


def _part(market: Market, most: int) -> dict[str, Any]:
    book = market.book
    return {
        "lastUpdateId": book.update,
        "bids": levels(book.best_bids(most)),
        "asks": levels(book.best_asks(most)),
    }


def _compact(message: Any) -> str:
    return json.dumps(message, separators=(",", ":"))
