"""Doors of market data beside prices: auctions, names of codes, most active shares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aiohttp import web

from quorum.domain import DAY, MINUTE, iso
from quorum.simulator.alpaca.asking import instant, listing_named, missing, whole
from quorum.simulator.alpaca.data.history import ONE_DAY, History, Span
from quorum.simulator.alpaca.data.pages import Rows, paged
from quorum.simulator.alpaca.listings import TEST_SYMBOL, is_pair
from quorum.simulator.alpaca.refusals import BAD_REQUEST, Complaint
from quorum.simulator.core import Listing
from quorum.simulator.prices import Bar
from quorum.simulator.serving import Simulation

_MARKETS = {"N": "New York Stock Exchange", "P": "NYSE Arca", "Q": "NASDAQ OMX", "V": "IEX"}
_CONDITIONS = {
    "trade": {"@": "Regular Sale", "O": "Market Center Opening Trade", "6": "Market Center Closing Trade"},
    "quote": {"R": "Regular Market Maker Open"},
}
_NOON = DAY // 2


class Listed:
    """What a data client asks besides prices."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._history = History(simulation)

    def routes(self) -> Iterable[web.RouteDef]:
        """Every door; to be asked before those with a symbol in their path."""
        return [
            web.get("/v2/stocks/auctions", self.auctions),
            web.get("/v2/stocks/meta/exchanges", self.markets),
            web.get("/v2/stocks/meta/conditions/{kind}", self.conditions),
            web.get("/v2/stocks/{symbol}/auctions", self.auctions),
            web.get("/v1beta1/screener/stocks/most-actives", self.active),
            web.get("/v1beta1/screener/{market:stocks|crypto}/movers", self.movers),
        ]

    async def auctions(self, request: web.Request) -> web.Response:
        """The opening and closing auctions of each session of a span, a page at a time."""
        one, now = request.match_info.get("symbol"), self._simulation.clock.now()
        names = [one] if one else [name for name in request.query.get("symbols", "").split(",") if name]
        if not names:
            raise Complaint(400, BAD_REQUEST, "symbols is required")
        start, end = instant(request.query, "start"), instant(request.query, "end")
        start, end = now - 7 * DAY if start is None else start, now if end is None else end
        listings = [self._share(name, bool(one)) for name in sorted(set(names))]

        def rows(listing: Listing, later: int | None) -> Rows:
            span = Span(start if later is None else later, end)
            return ((bar.time, self._auctions(bar)) for bar in self._history.bars(listing, ONE_DAY, span))

        found, token = paged(request, [each for each in listings if each is not None], rows)
        shown: dict[str, Any] = {"symbol": one, "auctions": found.get(one, [])} if one else {"auctions": found}
        return web.json_response(shown | {"next_page_token": token})

    async def markets(self, request: web.Request) -> web.Response:
        """The exchanges behind the letters of trades and quotes."""
        return web.json_response(_MARKETS)

    async def conditions(self, request: web.Request) -> web.Response:
        """The conditions behind the letters of trades or quotes."""
        found = _CONDITIONS.get(request.match_info["kind"])
        if found is None or request.query.get("tape", "A") not in ("A", "B", "C"):
            raise Complaint(400, BAD_REQUEST, "ask for trade or quote, and tape A, B or C")
        return web.json_response(found)

    async def active(self, request: web.Request) -> web.Response:
        """The shares with the most volume, or trades, of the day."""
        by = request.query.get("by", "volume")
        if by not in ("volume", "trades"):
            raise Complaint(400, BAD_REQUEST, "by must be volume or trades")
        days = ((each, self._days(each)[-1]) for each in self._listings("stocks"))
        rows = [{"symbol": e.symbol, "volume": int(day.volume), "trade_count": day.trades} for e, day in days]
        key = "volume" if by == "volume" else "trade_count"
        rows.sort(key=lambda row: -float(str(row[key])))
        return web.json_response({"most_actives": rows[: whole(request, "top", 10, 100)], "last_updated": self._now()})

    async def movers(self, request: web.Request) -> web.Response:
        """The symbols that gained and lost the most since the close before."""
        market, rows = request.match_info["market"], []
        for each in self._listings(market):
            before, today = self._days(each)[-2:]
            change = today.close - before.close
            percent = round(100 * change / before.close, 2)
            rows.append({"symbol": each.symbol, "percent_change": percent, "change": change, "price": today.close})
        rows.sort(key=lambda row: -float(str(row["percent_change"])))
        top = whole(request, "top", 10, 50)
        gainers = [row for row in rows if float(str(row["change"])) > 0][:top]
        losers = [row for row in reversed(rows) if float(str(row["change"])) < 0][:top]
        form = {"gainers": gainers, "losers": losers, "market_type": market, "last_updated": self._now()}
        return web.json_response(form)

    def _share(self, name: str, needed: bool) -> Listing | None:
        listing = listing_named(self._simulation.exchange, name)
        if listing is not None and not is_pair(listing):
            return listing
        if needed:
            raise missing(f"symbol {name}")
        return None

    def _auctions(self, bar: Bar) -> dict[str, Any]:
        session = self._simulation.exchange.hours.session(bar.time + _NOON)
        size = max(int(bar.volume / 100), 1)
        begin = {"t": iso(session.open), "x": "Q", "p": bar.open, "s": size, "c": "O"}
        end = {"t": iso(session.close), "x": "Q", "p": bar.close, "s": size, "c": "6"}
        closed = session.close <= self._simulation.clock.now()
        return {"d": session.date, "o": [begin], "c": [end] if closed else []}

    def _listings(self, market: str) -> list[Listing]:
        every = self._simulation.exchange.listings.values()
        return [each for each in every if is_pair(each) == (market == "crypto") and each.symbol != TEST_SYMBOL]

    def _days(self, listing: Listing) -> list[Bar]:
        return self._history.latest(listing, ONE_DAY)

    def _now(self) -> str:
        return iso(self._simulation.clock.now() // MINUTE * MINUTE)
