"""The streams of market data: /v2/iex, /v2/sip, /v2/test, /v1beta3/crypto/us, and news; arrays in JSON or msgpack."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import msgpack
from aiohttp import WSMessage, WSMsgType, web

from quorum.domain import parse_instant
from quorum.simulator.alpaca.data.history import ONE_DAY, History
from quorum.simulator.alpaca.data.ticks import band_form, bar_form, book_form, quote_form, status_form, trade_form
from quorum.simulator.alpaca.door import KEY, SECRET, allowed
from quorum.simulator.alpaca.listings import TEST_SYMBOL, is_pair
from quorum.simulator.core import Event, Suspended, Top
from quorum.simulator.prices import Bar
from quorum.simulator.serving import Line, Simulation

PATHS = ("/v2/iex", "/v2/sip", "/v2/test", "/v1beta3/crypto/us")
NEWS = "/v1beta1/news"
_PACKED = "application/msgpack"
_CHANNELS = ("trades", "quotes", "bars", "updatedBars", "dailyBars", "statuses", "lulds", "corrections", "cancelErrors")
_PAIR_CHANNELS = ("trades", "quotes", "orderbooks", "bars", "updatedBars", "dailyBars")
_ERRORS = {
    400: "invalid syntax",
    401: "not authenticated",
    402: "auth failed",
    403: "already authenticated",
    404: "auth timeout",
    406: "connection limit exceeded",
    410: "invalid subscribe action for this feed",
}
_TIMES = ("t", "created_at", "updated_at")
_TO_AUTHENTICATE = 10.0


class Feed:
    """The data streams of a run; one connection for each of them, as most plans have it."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._clients: dict[str, Client] = {}
        simulation.exchange.listen(self._happened)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """One client, from its greeting to its end."""
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        client = Client(self._simulation, ws, request)
        client.say([{"T": "success", "msg": "connected"}])
        simulation, path = self._simulation, request.path
        if allowed(simulation, request.headers.get(KEY), request.headers.get(SECRET)):
            self._enter(client, path)
        try:
            while not ws.closed:
                wait = None if client.known else _TO_AUTHENTICATE
                said = await asyncio.wait_for(ws.receive(), wait)
                if said.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
                    break
                self._hear(client, path, said)
        except TimeoutError:
            client.refuse(404, end=True)
            await ws.receive()
        finally:
            client.end()
            if self._clients.get(path) is client:
                del self._clients[path]
        return ws

    def _happened(self, event: Event) -> None:
        if isinstance(event, Suspended):
            for client in list(self._clients.values()):
                client.suspended(event)

    def publish(self, article: dict[str, Any]) -> None:
        """Tell an article to who listens to news of one of its symbols, or of all."""
        if (client := self._clients.get(NEWS)) is not None:
            client.news(article)

    def _hear(self, client: Client, path: str, said: WSMessage) -> None:
        wish = client.read(said.data)
        action = wish.get("action") if wish is not None else None
        if wish is None or action not in ("auth", "subscribe", "unsubscribe"):
            client.refuse(400)
        elif action == "auth":
            if client.known:
                client.refuse(403)
            elif not allowed(self._simulation, wish.get("key"), wish.get("secret")):
                client.refuse(402)
            else:
                self._enter(client, path)
        elif not client.known:
            client.refuse(401)
        else:
            client.subscribe(wish, action == "subscribe")

    def _enter(self, client: Client, path: str) -> None:
        if path in self._clients:
            client.refuse(406, end=True)
            return
        self._clients[path] = client
        client.begin()
        client.say([{"T": "success", "msg": "authenticated"}])


class Client:
    """One connection: what it subscribed to, and how it is told."""

    def __init__(self, simulation: Simulation, ws: web.WebSocketResponse, request: web.Request) -> None:
        self._simulation = simulation
        self._ws = ws
        self._path = request.path
        self._packed = request.headers.get("Content-Type") == _PACKED
        self._line = Line(simulation, ws, request, self._write)
        self._channels = (
            ("news",) if request.path == NEWS else _PAIR_CHANNELS if "crypto" in request.path else _CHANNELS
        )
        self._wanted: dict[str, list[str]] = {name: [] for name in self._channels}
        self._history = History(simulation)
        self.known = False

    def _write(self, message: Any) -> str | bytes:
        if self._packed:
            found: bytes = msgpack.packb([_timed(row) for row in message])
            return found
        return json.dumps(message)

    def read(self, data: str | bytes) -> dict[str, Any] | None:
        """What the client says; None when it is no message."""
        try:
            found = msgpack.unpackb(data) if self._packed and isinstance(data, bytes) else json.loads(data)
        except (ValueError, TypeError, msgpack.exceptions.UnpackException):
            return None
        return found if isinstance(found, dict) else None

    def say(self, message: Any) -> None:
        """Answer the client."""
        self._line.answer(message)

    def refuse(self, code: int, end: bool = False) -> None:
        """Tell the client an error, and close the stream after it where that is the `end`."""
        self._line.answer([{"T": "error", "code": code, "msg": _ERRORS[code]}], end)

    def begin(self) -> None:
        """Its keys were right: from now on it is told what it subscribes to."""
        self.known = True
        self._simulation.watch(self._moved)

    def end(self) -> None:
        """It has gone."""
        self._line.end()
        if self.known:
            self.known = False
            self._simulation.unwatch(self._moved)

    def subscribe(self, wish: dict[str, Any], more: bool) -> None:
        """Add to what it wants, or take from it."""
        for channel, symbols in wish.items():
            if channel == "action":
                continue
            if channel not in self._wanted or not isinstance(symbols, list):
                self.refuse(410 if channel not in self._wanted else 400)
                return
            kept = [s for s in self._wanted[channel] if s not in symbols]
            self._wanted[channel] = kept + [str(s) for s in symbols] if more else kept
        self.say([{"T": "subscription", **self._wanted}])

    def _wants(self, channel: str, symbol: str) -> bool:
        wanted = self._wanted[channel]
        return symbol in wanted or "*" in wanted

    def suspended(self, event: Suspended) -> None:
        """Trading of a symbol was halted, or goes on."""
        if self._concerns(event.symbol) and "statuses" in self._wanted and self._wants("statuses", event.symbol):
            listing = self._simulation.exchange.listings[event.symbol]
            self._tell("statuses", event.symbol, "s", status_form(listing, event.at, event.halted))

    def news(self, article: dict[str, Any]) -> None:
        """An article, without its pictures."""
        symbols = article["symbols"]
        if any(self._wants("news", symbol) for symbol in (symbols or [""])):
            form = {name: value for name, value in article.items() if name != "images"}
            self._line.tell("news", symbols[0] if symbols else None, [{"T": "n", **form}])

    def _concerns(self, symbol: str) -> bool:
        listing = self._simulation.exchange.listings[symbol]
        return is_pair(listing) == ("crypto" in self._path) and (symbol == TEST_SYMBOL) == (self._path == "/v2/test")

    def _moved(self, symbol: str, top: Top, closed: Bar | None) -> None:
        if not self._concerns(symbol):
            return
        listing = self._simulation.exchange.listings[symbol]
        last = self._simulation.tapes[symbol].prints[-1]
        self._say("trades", symbol, "t", lambda: trade_form(listing, last))
        self._say("quotes", symbol, "q", lambda: quote_form(listing, top))
        self._say("orderbooks", symbol, "o", lambda: book_form(top) | {"r": True})
        if closed is not None:
            self._say("bars", symbol, "b", lambda: bar_form(listing, closed))
            self._say("dailyBars", symbol, "d", lambda: bar_form(listing, self._history.latest(listing, ONE_DAY)[-1]))
            self._say("lulds", symbol, "l", lambda: band_form(listing, top.time, top.last))

    def _say(self, channel: str, symbol: str, word: str, form: Callable[[], dict[str, Any]]) -> None:
        if channel in self._wanted and self._wants(channel, symbol):
            self._tell(channel, symbol, word, form())

    def _tell(self, channel: str, symbol: str, word: str, form: dict[str, Any]) -> None:
        self._line.tell(channel, symbol, [{"T": word, "S": symbol, **form}])


def _timed(row: dict[str, Any]) -> dict[str, Any]:
    """A message as msgpack has it, its time a timestamp of that format."""
    times = {name: msgpack.Timestamp.from_unix_nano(parse_instant(row[name])) for name in _TIMES if name in row}
    return row | times
