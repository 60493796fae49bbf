"""Binance's public REST: /api/v3."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web

from quorum.domain import SECOND
from quorum.simulator.binance.asking import Complaint, limit_asked, listed, market_asked, number, required
from quorum.simulator.binance.forms import INTERVALS, MS, candle_row, day_event, deal_row, levels, text, trade_row
from quorum.simulator.faults import SHOWN
from quorum.simulator.public import Book, Market, Markets
from quorum.simulator.serving import Simulation

_DAY_NAMES = {
    "p": "priceChange",
    "P": "priceChangePercent",
    "w": "weightedAvgPrice",
    "x": "prevClosePrice",
    "c": "lastPrice",
    "Q": "lastQty",
    "b": "bidPrice",
    "B": "bidQty",
    "a": "askPrice",
    "A": "askQty",
    "o": "openPrice",
    "h": "highPrice",
    "l": "lowPrice",
    "v": "volume",
    "q": "quoteVolume",
    "O": "openTime",
    "C": "closeTime",
    "F": "firstId",
    "L": "lastId",
    "n": "count",
}


class Rest:
    """Every door of public market data."""

    def __init__(self, simulation: Simulation, markets: Markets) -> None:
        self._simulation = simulation
        self._markets = markets

    def routes(self) -> Iterable[web.RouteDef]:
        """Every door."""
        doors = {
            "ping": self.ping,
            "time": self.time,
            "exchangeInfo": self.info,
            "depth": self.depth,
            "trades": self.trades,
            "historicalTrades": self.past_trades,
            "aggTrades": self.deals,
            "klines": self.candles,
            "uiKlines": self.candles,
            "ticker/24hr": self.day,
            "ticker/price": self.price,
            "ticker/bookTicker": self.touch,
        }
        return [web.get(f"/api/v3/{name}", door) for name, door in doors.items()]

    async def ping(self, request: web.Request) -> web.Response:
        """Nothing, at once."""
        return web.json_response({})

    async def time(self, request: web.Request) -> web.Response:
        """The venue's time."""
        return web.json_response({"serverTime": self._simulation.shown_now() // MS})

    async def info(self, request: web.Request) -> web.Response:
        """What is traded, and the limits."""
        limits = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1}
        found = [market_asked(request, self._markets.by_symbol)] if "symbol" in request.query else list(self._markets)
        return web.json_response(
            {
                "timezone": "UTC",
                "serverTime": self._simulation.shown_now() // MS,
                "rateLimits": [limits | {"limit": self._simulation.options.rate}],
                "exchangeFilters": [],
                "symbols": [listed(market) for market in found],
            }
        )

    async def depth(self, request: web.Request) -> web.Response:
        """The book."""
        market, limit = self._asked(request), limit_asked(request, 100, 5000)
        book: Book | None = market.book
        fault = self._simulation.faults.draw(SHOWN, f"{request.method} {request.path}", market.symbol)
        if fault is not None:
            book = market.memory.before(market.now - int(fault.lasts(10) * SECOND))
        book = book or market.book
        bids, asks = book.best_bids(limit), book.best_asks(limit)
        return web.json_response({"lastUpdateId": book.update, "bids": levels(bids), "asks": levels(asks)})

    async def trades(self, request: web.Request) -> web.Response:
        """The newest trades."""
        market, limit = self._asked(request), limit_asked(request, 500, 1000)
        return web.json_response([trade_row(each) for each in market.recent(limit)])

    async def past_trades(self, request: web.Request) -> web.Response:
        """Trades from a number on, else the newest."""
        market, limit, first = self._asked(request), limit_asked(request, 500, 1000), number(request, "fromId")
        found = market.recent(limit) if first is None else market.trades_from(first, limit)
        return web.json_response([trade_row(each) for each in found])

    async def deals(self, request: web.Request) -> web.Response:
        """Aggregated trades from a number on or of a span, else the newest."""
        market, limit = self._asked(request), limit_asked(request, 500, 1000)
        first, start, end = (number(request, name) for name in ("fromId", "startTime", "endTime"))
        if first is not None and (start is not None or end is not None):
            raise Complaint(400, -1128, "Combination of optional parameters invalid.")
        if first is None and start is not None:
            first = market.deal_at(start * MS)
        elif first is None:
            newest = market.deal_at((end + 1) * MS) if end is not None else market.last_deal + 1
            first = max(newest - limit, 1)
        found = market.deals_from(first, limit)
        return web.json_response([deal_row(each) for each in found if end is None or each.time < (end + 1) * MS])

    async def candles(self, request: web.Request) -> web.Response:
        """Candles of a span, the oldest first, else the newest."""
        market, name, limit = self._asked(request), required(request, "interval"), limit_asked(request, 500, 1000)
        if name not in INTERVALS:
            raise Complaint(400, -1120, "Invalid interval.")
        length, asked, until = INTERVALS[name], number(request, "startTime"), number(request, "endTime")
        end = min(market.now + 1, market.now + 1 if until is None else (until + 1) * MS)
        if asked is None:
            start = max((end - 1) // length * length - (limit - 1) * length, 0)
        else:
            start = max(-(-asked * MS // length) * length, market.began // length * length)
            end = min(end, start + limit * length)
        rows = market.candles(length, start, end) if start < end else []
        return web.json_response([candle_row(each, length) for each in rows])

    async def day(self, request: web.Request) -> web.Response:
        """The last 24 hours."""

        def row(market: Market) -> dict[str, Any]:
            found = market.day()
            event = day_event(market, found) if found else {}
            return {"symbol": market.symbol, **{_DAY_NAMES[key]: event[key] for key in _DAY_NAMES if key in event}}

        return self._each(request, row)

    async def price(self, request: web.Request) -> web.Response:
        """The last price."""

        def row(market: Market) -> dict[str, Any]:
            last = market.recent(1)
            return {"symbol": market.symbol, "price": text(last[-1].price if last else market.listing.price)}

        return self._each(request, row)

    async def touch(self, request: web.Request) -> web.Response:
        """The best bid and ask."""

        def row(market: Market) -> dict[str, Any]:
            best = market.book.touch(market.now)
            sizes = (best.bid, best.bid_size, best.ask, best.ask_size) if best else (0 * market.listing.price,) * 4
            names = ("bidPrice", "bidQty", "askPrice", "askQty")
            return {"symbol": market.symbol, **dict(zip(names, map(text, sizes), strict=True))}

        return self._each(request, row)

    def _asked(self, request: web.Request) -> Market:
        return market_asked(request, self._markets.by_symbol)

    def _each(self, request: web.Request, row: Callable[[Market], dict[str, Any]]) -> web.Response:
        if "symbol" in request.query:
            return web.json_response(row(self._asked(request)))
        return web.json_response([row(market) for market in self._markets])
