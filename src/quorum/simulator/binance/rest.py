"""Binance's public REST: /api/v3."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web

from quorum.domain import DAY, HOUR, MINUTE, SECOND
from quorum.simulator.binance.asking import (
    Complaint,
    limit_asked,
    listed,
    market_asked,
    markets_asked,
    number,
    required,
)
from quorum.simulator.binance.forms import MS, candle_row, day_event, deal_row, levels, text, trade_row, window_event
from quorum.simulator.binance.intervals import INTERVALS, candles_of, follows, opens
from quorum.simulator.faults import SHOWN
from quorum.simulator.public import Book, Candle, Market, Markets
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


_WINDOW = re.compile(r"(\d{1,2})([mhd])")
_SIZES = {"m": range(1, 60), "h": range(1, 24), "d": range(1, 8)}


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
            "avgPrice": self.average,
            "ticker": self.window,
            "ticker/tradingDay": self.trading_day,
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
        found = list(self._markets)
        if "symbol" in request.query:
            found = [market_asked(request, self._markets.by_symbol)]
        elif "symbols" in request.query:
            found = markets_asked(request, self._markets.by_symbol)
        halted = self._simulation.exchange.floor.halted
        return web.json_response(
            {
                "timezone": "UTC",
                "serverTime": self._simulation.shown_now() // MS,
                "rateLimits": [limits | {"limit": self._simulation.options.rate}],
                "exchangeFilters": [],
                "symbols": [listed(market, market.symbol in halted) for market in found],
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
        asked, until = number(request, "startTime"), number(request, "endTime")
        end = min(market.now + 1, market.now + 1 if until is None else (until + 1) * MS)
        if asked is not None and asked * MS > market.now:
            start = end
        elif asked is None:
            start = max(follows(name, end - 1, 1 - limit) if end > market.began else end, 0)
        else:
            start = max(asked * MS, opens(name, market.began))
            start = start if opens(name, start) == start else follows(name, start)
            end = min(end, follows(name, start, limit))
        rows = candles_of(market, name, start, end) if start < end else []
        return web.json_response([candle_row(each, name) for each in rows])

    async def day(self, request: web.Request) -> web.Response:
        """The last 24 hours."""

        def row(market: Market) -> dict[str, Any]:
            found = market.day()
            event = day_event(market, found) if found else {}
            return {"symbol": market.symbol, **{_DAY_NAMES[key]: event[key] for key in _DAY_NAMES if key in event}}

        return self._each(request, row)

    async def window(self, request: web.Request) -> web.Response:
        """The last minutes, hours or days."""
        size = request.query.get("windowSize", "1d")
        found = _WINDOW.fullmatch(size)
        if found is None or int(found[1]) not in _SIZES[found[2]]:
            raise Complaint(400, -1128, "Combination of optional parameters invalid.")
        length = int(found[1]) * {"m": MINUTE, "h": HOUR, "d": DAY}[found[2]]
        return self._each(request, lambda market: self._part(market, market.past(length)))

    async def trading_day(self, request: web.Request) -> web.Response:
        """The day that runs, from midnight UTC."""
        return self._each(request, lambda market: self._part(market, market.running(DAY)))

    async def average(self, request: web.Request) -> web.Response:
        """The price of the last five minutes, weighed by volume."""
        market = self._asked(request)
        part, last = market.past(5 * MINUTE), market.recent(1)
        price = (part.vwap or part.close) if part is not None else market.listing.price
        closed = last[-1].time // MS if last else 0
        return web.json_response({"mins": 5, "price": text(price), "closeTime": closed})

    def _part(self, market: Market, part: Candle | None) -> dict[str, Any]:
        event = window_event(market, "", part) if part is not None else {}
        names = {key: _DAY_NAMES[key] for key in "pPwcohlvqOCFLn"}
        return {"symbol": market.symbol, **{names[key]: event[key] for key in names if key in event}}

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
        if "symbols" in request.query:
            return web.json_response([row(market) for market in markets_asked(request, self._markets.by_symbol)])
        if request.path.endswith(("/ticker", "/tradingDay")):
            required(request, "symbol")
        return web.json_response([row(market) for market in self._markets])
