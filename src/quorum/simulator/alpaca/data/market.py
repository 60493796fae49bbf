"""The doors of market data: bars, trades, quotes and snapshots, past and latest, of shares and of pairs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from aiohttp import web

from quorum.domain import DAY
from quorum.simulator.alpaca.asking import instant, listing_named, missing
from quorum.simulator.alpaca.data.history import ONE_DAY, ONE_MINUTE, Frame, History, Span
from quorum.simulator.alpaca.data.pages import Rows, paged
from quorum.simulator.alpaca.data.ticks import bar_form, book_form, quote_form, trade_form
from quorum.simulator.alpaca.listings import is_pair
from quorum.simulator.alpaca.refusals import BAD_REQUEST, Complaint
from quorum.simulator.core import Listing
from quorum.simulator.serving import Simulation

_TIMEFRAME = re.compile(r"(\d{1,2})(Min|T|Hour|H|Day|D|Week|W|Month|M)")
_SHORT = {"T": "Min", "H": "Hour", "D": "Day", "W": "Week", "M": "Month"}
_FRAMES = "1-59Min, 1-23Hour, 1Day, 1Week, 1, 2, 3, 4, 6 or 12Month"
_COUNTS = {"Min": range(1, 60), "Hour": range(1, 24), "Day": (1,), "Week": (1,), "Month": (1, 2, 3, 4, 6, 12)}
_WORDS = {
    "feed": ("iex", "sip", "delayed_sip", "otc", "boats", "overnight"),
    "adjustment": ("raw", "split", "dividend", "spin-off", "all"),
    "sort": ("asc", "desc"),
}
Read = Callable[[Listing, Span, web.Request], Rows]


class Market:
    """/v2/stocks and /v1beta3/crypto/us."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._history = History(simulation)
        self._latest = {"bars": self._latest_bar, "trades": self._latest_trade, "quotes": self._latest_quote}
        self._latest["orderbooks"] = self._latest_book
        self._past: dict[str, Read] = {
            "bars": self._bars,
            "trades": self._trades,
            "quotes": self._quotes,
        }

    def routes(self) -> Iterable[web.RouteDef]:
        """Every door, with its method."""
        kind, pairs = "{kind:bars|trades|quotes}", "/v1beta3/crypto/us"
        newest = "{kind:bars|trades|quotes|orderbooks}"
        return [
            web.get(f"/v2/stocks/{kind}/latest", self.latest),
            web.get(f"/v2/stocks/{kind}", self.past),
            web.get("/v2/stocks/snapshots", self.snapshots),
            web.get("/v2/stocks/{symbol}/snapshot", self.snapshot),
            web.get(f"/v2/stocks/{{symbol}}/{kind}/latest", self.latest_one),
            web.get(f"/v2/stocks/{{symbol}}/{kind}", self.past_one),
            web.get(f"{pairs}/latest/{newest}", self.latest),
            web.get(f"{pairs}/{kind}", self.past),
            web.get(f"{pairs}/snapshots", self.snapshots),
        ]

    async def latest(self, request: web.Request) -> web.Response:
        """The newest bar, trade or quote of each symbol; one that is not traded here is left out."""
        kind = request.match_info["kind"]
        found = {each.symbol: row for each in self._asked(request) if (row := self._latest[kind](each)) is not None}
        return web.json_response({kind: found})

    async def latest_one(self, request: web.Request) -> web.Response:
        """The newest bar, trade or quote of one symbol."""
        kind, listing = request.match_info["kind"], self._one(request)
        return web.json_response({"symbol": listing.symbol, kind[:-1]: self._latest[kind](listing)})

    async def past(self, request: web.Request) -> web.Response:
        """Bars, trades or quotes of a span, a page at a time."""
        kind = request.match_info["kind"]
        found, token = self._page(request, kind, list(self._asked(request)))
        return web.json_response({kind: found, "next_page_token": token})

    async def past_one(self, request: web.Request) -> web.Response:
        """Bars, trades or quotes of one symbol and a span, a page at a time."""
        kind, listing = request.match_info["kind"], self._one(request)
        found, token = self._page(request, kind, [listing])
        rows = found.get(listing.symbol, [])
        return web.json_response({"symbol": listing.symbol, kind: rows, "next_page_token": token})

    async def snapshots(self, request: web.Request) -> web.Response:
        """The newest of everything of each symbol."""
        found = {each.symbol: self._snapshot(each) for each in self._asked(request)}
        return web.json_response({"snapshots": found} if "/crypto/" in request.path else found)

    async def snapshot(self, request: web.Request) -> web.Response:
        """The newest of everything of one symbol."""
        listing = self._one(request)
        return web.json_response({"symbol": listing.symbol, **self._snapshot(listing)})

    def _asked(self, request: web.Request) -> Iterator[Listing]:
        _spelled(request)
        names = [name for name in request.query.get("symbols", "").split(",") if name]
        if not names:
            raise Complaint(400, BAD_REQUEST, "symbols is required")
        pairs, known = "/crypto/" in request.path, self._simulation.exchange.listings
        for name in dict.fromkeys(names):
            if name in known and is_pair(known[name]) == pairs:
                yield known[name]

    def _one(self, request: web.Request) -> Listing:
        _spelled(request)
        listing = listing_named(self._simulation.exchange, request.match_info["symbol"])
        if listing is None or is_pair(listing):
            raise missing(f"symbol {request.match_info['symbol']}")
        return listing

    def _page(
        self, request: web.Request, kind: str, listings: list[Listing]
    ) -> tuple[dict[str, list[dict[str, Any]]], str | None]:
        read = self._past[kind]
        return paged(request, listings, lambda each, later: read(each, self._span(request, later), request))

    def _span(self, request: web.Request, later: int | None) -> Span:
        now, query = self._simulation.clock.now(), request.query
        start, end = instant(query, "start"), instant(query, "end")
        end = now if end is None else end
        backwards = query.get("sort", "asc").lower() == "desc"
        start = end - DAY if start is None else start
        if later is not None:
            start, end = (start, later) if backwards else (later, end)
        return Span(start, end, backwards)

    def _bars(self, listing: Listing, span: Span, request: web.Request) -> Rows:
        for bar in self._history.bars(listing, _timeframe(request), span):
            yield bar.time, bar_form(listing, bar)

    def _trades(self, listing: Listing, span: Span, request: web.Request) -> Rows:
        for each in span.of(self._simulation.tapes[listing.symbol].prints):
            yield each.time, trade_form(listing, each)

    def _quotes(self, listing: Listing, span: Span, request: web.Request) -> Rows:
        for top in span.of(self._simulation.tapes[listing.symbol].quotes):
            yield top.time, quote_form(listing, top)

    def _latest_bar(self, listing: Listing) -> dict[str, Any] | None:
        bar = self._history.latest(listing, ONE_MINUTE)[-1:]
        return bar_form(listing, bar[0]) if bar else None

    def _latest_trade(self, listing: Listing) -> dict[str, Any] | None:
        prints = self._simulation.tapes[listing.symbol].prints
        return trade_form(listing, prints[-1]) if prints else None

    def _latest_quote(self, listing: Listing) -> dict[str, Any] | None:
        quotes = self._simulation.tapes[listing.symbol].quotes
        return quote_form(listing, quotes[-1]) if quotes else None

    def _latest_book(self, listing: Listing) -> dict[str, Any] | None:
        quotes = self._simulation.tapes[listing.symbol].quotes
        return book_form(quotes[-1]) if quotes else None

    def _snapshot(self, listing: Listing) -> dict[str, Any]:
        minutes, days = (self._history.latest(listing, length) for length in (ONE_MINUTE, ONE_DAY))
        parts = {"minuteBar": minutes[-1:], "dailyBar": days[-1:], "prevDailyBar": days[-2:-1]}
        newest = {"latestTrade": self._latest_trade(listing), "latestQuote": self._latest_quote(listing)}
        return newest | {name: bar_form(listing, bars[0]) if bars else None for name, bars in parts.items()}


def _spelled(request: web.Request) -> None:
    """Nothing, where the words of a query are Alpaca's; Complaint for one that is none."""
    for name, known in _WORDS.items():
        for word in filter(None, request.query.get(name, "").lower().split(",")):
            if word not in known:
                raise Complaint(400, BAD_REQUEST, f"invalid {name}: {word}")


def _timeframe(request: web.Request) -> Frame:
    text = request.query.get("timeframe", "1Min")
    found = _TIMEFRAME.fullmatch(text)
    count, unit = (int(found[1]), _SHORT.get(found[2], found[2])) if found else (0, "Min")
    if count not in _COUNTS[unit]:
        raise Complaint(400, BAD_REQUEST, f"invalid timeframe {text!r}: {_FRAMES}")
    return Frame(count, unit)
