"""Binance's streams: /ws/<stream>, /stream?streams=a/b/c, and what is told on each."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web

from quorum.domain import DAY, HOUR, MINUTE, SECOND
from quorum.simulator.binance.asking import plain_complaint
from quorum.simulator.binance.client import MOST_STREAMS, Client, Wants
from quorum.simulator.binance.forms import (
    MS,
    average_event,
    candle_event,
    day_event,
    deal_event,
    depth_event,
    levels,
    small_day_event,
    touch_event,
    trade_event,
    window_event,
)
from quorum.simulator.binance.intervals import INTERVALS, candles_of, follows, opens, running
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
    Turnstile,
    Wire,
)
from quorum.simulator.serving import Line, Simulation

MANNERS = Manners(ping=20.0, pong=60.0, lasts=86_400.0, messages=5)
MOST_CONNECTIONS, _WINDOW = 300, 300.0  # attempts, in so many seconds
_FAST, _SLOW, _LONG = SECOND // 10, SECOND, 2 * SECOND
_WARNING = 60.0  # seconds between serverShutdown and the end of a connection
_MOST_CLOSED = 100
_ALL = {"!miniTicker": small_day_event, "!ticker": day_event}
_WINDOWS = {"1h": HOUR, "4h": 4 * HOUR, "1d": DAY}


class Streams:
    """Every client, and what it is told as the markets move."""

    def __init__(self, simulation: Simulation, markets: Markets) -> None:
        self._simulation = simulation
        self._markets = markets
        self._wanted: defaultdict[str, dict[str, dict[Client, None]]] = defaultdict(dict)
        self._pending: defaultdict[tuple[str, int], Pending] = defaultdict(Pending)
        self._told: dict[tuple[str, str], tuple[int, int]] = {}
        self._clients: dict[Client, Wire] = {}
        most = MOST_CONNECTIONS if simulation.options.rate else 0
        self._turnstile = Turnstile(most, _WINDOW / simulation.options.timers)
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
        if (wait := self._turnstile.wait()) > 0:
            return web.json_response(plain_complaint(429), status=429, headers={"Retry-After": str(int(wait) + 1)})
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
            line.end()
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
        wanted = self._wanted[symbol]
        wanted.get(channel, {}).pop(client, None)
        if not wanted.get(channel):
            wanted.pop(channel, None)
        if not wanted:
            del self._wanted[symbol]

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
        if market is next(iter(self._markets)) and self._due(market, "arr", _SLOW, beat):
            self._all()

    def _at_interval(self, market: Market, channel: str, beat: Beat) -> None:
        kind, _, name = channel.partition("_")
        if f"{market.symbol}@{channel}" in self._verbatim:
            return
        if kind == "kline" and name in INTERVALS:
            self._candle(market, name, beat)
        elif channel in ("miniTicker", "ticker") and self._due(market, channel, _SLOW, beat):
            make = small_day_event if channel == "miniTicker" else day_event
            if (day := market.day()) is not None:
                self._say(market, channel, None, lambda: make(market, day))
        elif kind == "ticker" and name in _WINDOWS and self._due(market, channel, _SLOW, beat):
            if (hours := market.past(_WINDOWS[name])) is not None:
                self._say(market, channel, None, lambda: window_event(market, name, hours))
        elif channel == "avgPrice" and self._due(market, channel, _SLOW, beat):
            part, last = market.past(5 * MINUTE), market.recent(1)
            if part is not None and last:
                self._say(market, channel, None, lambda: average_event(market, part, last[-1].time))
        elif (found := _partial(channel)) is not None and self._due(market, channel, found[1], beat):
            self._say(market, channel, None, lambda: _part(market, found[0]))

    def _candle(self, market: Market, name: str, beat: Beat) -> None:
        first, last = opens(name, beat.since), opens(name, beat.time)
        if first != last:
            start = max(first, follows(name, last, -_MOST_CLOSED))
            for closed in candles_of(market, name, start, last):
                self._kline(market, name, closed, True)
        step = _SLOW if name == "1s" else _LONG
        now = running(market, name) if self._due(market, f"kline_{name}", step, beat) else None
        if now is not None:
            self._kline(market, name, now, False)

    def _kline(self, market: Market, name: str, candle: Candle, closed: bool) -> None:
        self._say(market, f"kline_{name}", None, lambda: candle_event(market, name, candle, closed))

    def _all(self) -> None:
        """Every market in one event, for each stream of that kind."""
        for name, make in _ALL.items():
            if self._wanted.get(name, {}).get("arr"):
                self._arr(name, [make(m, day) for m in self._markets if (day := m.day()) is not None])
        for name, length in _WINDOWS.items():
            if self._wanted.get(f"!ticker_{name}", {}).get("arr"):
                parts = [(market, market.past(length)) for market in self._markets]
                self._arr(f"!ticker_{name}", [window_event(m, name, part) for m, part in parts if part is not None])

    def _arr(self, name: str, events: list[Any]) -> None:
        for client in list(self._wanted[name]["arr"]):
            client.tell(f"{name}@arr", f"{name}@arr", None, events)

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
