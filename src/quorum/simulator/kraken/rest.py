"""Kraken's public REST: /0/public."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from quorum.domain import SECOND, Side
from quorum.simulator.core import Listing
from quorum.simulator.faults import SHOWN
from quorum.simulator.kraken.forms import (
    INTERVALS,
    day_of,
    exact,
    old_price_text,
    price_text,
    seconds,
    size_text,
    written,
)
from quorum.simulator.kraken.listings import asset, decimals, key, named, old, short
from quorum.simulator.public import Book, Candle, Levels, Market, Markets, Print, Weight
from quorum.simulator.serving import Simulation, web_date

_KEPT = 720
_FEES = [[0, 0.4], [10000, 0.35], [50000, 0.24], [100000, 0.22], [250000, 0.2], [500000, 0.18]]
_MAKER_FEES = [[0, 0.25], [10000, 0.2], [50000, 0.14], [100000, 0.12], [250000, 0.1], [500000, 0.08]]
_API, _ALL = "/0/public/", "/0/"
_OLD_NAMES = {"BTC": "XBT", "DOGE": "XDG"}


class Complaint(Exception):
    """An error as Kraken says it, inside a success."""


def plain_complaint(status: int) -> dict[str, Any]:
    """Kraken's JSON for a status."""
    return {"error": ["EAPI:Rate limit exceeded" if status in (418, 429) else "EService:Unavailable"]}


def doorkeeper(simulation: Simulation) -> Middleware:
    """What stands before the doors of a run: the number of requests, errors in Kraken's words, the time."""
    rate = Weight(simulation.options.rate)

    @web.middleware
    async def keep(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(_ALL):
            return await handler(request)
        try:
            answer = await handler(request) if rate.take(1)[0] == 200 else web.json_response(plain_complaint(429))
        except Complaint as complaint:
            answer = web.json_response({"error": [str(complaint)]})
        except web.HTTPException:
            private = request.path.startswith("/0/private/")
            answer = web.json_response({"error": [f"EGeneral:{'Permission denied' if private else 'Unknown method'}"]})
        answer.headers["Date"] = web_date(simulation.shown_now())
        return answer

    return keep


class Rest:
    """Every door of public market data."""

    def __init__(self, simulation: Simulation, markets: Markets) -> None:
        self._simulation = simulation
        self._markets = markets

    def routes(self) -> Iterable[web.RouteDef]:
        """Every door, by GET and POST."""
        doors = {
            "Time": self.time,
            "SystemStatus": self.status,
            "AssetPairs": self.pairs,
            "OHLC": self.candles,
            "Trades": self.trades,
            "Depth": self.depth,
            "Ticker": self.ticker,
            "Assets": self.assets,
            "Spread": self.spread,
        }
        return [web.get(f"{_API}{name}", door) for name, door in doors.items()]

    async def time(self, request: web.Request) -> web.Response:
        """The venue's time."""
        whole = self._simulation.shown_now() // SECOND
        shown = f"{datetime.fromtimestamp(whole, UTC):%a, %d %b %y %H:%M:%S} +0000"
        return _result({"unixtime": whole, "rfc1123": shown})

    async def status(self, request: web.Request) -> web.Response:
        """Whether it is open."""
        at = datetime.fromtimestamp(self._simulation.shown_now() // SECOND, UTC)
        return _result({"status": self._simulation.exchange.mode.value, "timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}"})

    async def pairs(self, request: web.Request) -> web.Response:
        """What is traded."""
        return _result({key(market.symbol): self._pair(market.listing) for market in self._asked(request)})

    async def candles(self, request: web.Request) -> web.Response:
        """The newest 720 candles after `since`, the last of them still running."""
        market, minutes = self._one(request), _whole(request, "interval", 1)
        if minutes not in INTERVALS:
            raise Complaint("EGeneral:Invalid arguments:interval")
        length, since = INTERVALS[minutes], _whole(request, "since", 0)
        running = market.now // length * length
        first = max(running - (_KEPT - 1) * length, since * SECOND + 1, market.began // length * length)
        rows = market.candles(length, first, market.now + 1)
        found = [_candle(market.listing, each) for each in rows]
        return _result({key(market.symbol): found, "last": (running - length) // SECOND})

    async def trades(self, request: web.Request) -> web.Response:
        """Trades after the instant `since`, the oldest first, else the newest."""
        market, most = self._one(request), min(max(_whole(request, "count", 1000), 1), 1000)
        found = market.trades_since(_since(request) + 1, most) if "since" in request.query else market.recent(most)
        last = found[-1].time if found else max(_whole(request, "since", 0), 0)
        return _result({key(market.symbol): [_trade(market.listing, each) for each in found], "last": str(last)})

    async def depth(self, request: web.Request) -> web.Response:
        """The book."""
        market, most = self._one(request), min(max(_whole(request, "count", 100), 1), 500)
        book: Book | None = market.book
        fault = self._simulation.faults.draw(SHOWN, f"{request.method} {request.path}", market.symbol)
        if fault is not None:
            book = market.memory.before(market.now - int(fault.lasts(10) * SECOND))
        book = book or market.book

        def rows(levels: Levels) -> list[list[Any]]:
            at = market.now // SECOND
            return [[old_price_text(market.listing, price), f"{size:.3f}", at] for price, size in levels]

        sides = {"asks": rows(book.best_asks(most)), "bids": rows(book.best_bids(most))}
        return _result({key(market.symbol): sides})

    async def ticker(self, request: web.Request) -> web.Response:
        """Touch, last trade and the day of each pair."""
        found = {key(market.symbol): form for market in self._asked(request) if (form := _ticker(market)) is not None}
        return _result(found)

    async def assets(self, request: web.Request) -> web.Response:
        """The currencies of what is traded."""
        names = sorted({part for market in self._markets for part in market.symbol.split("/")})
        asked = {name for name in request.query.get("asset", "").split(",") if name}
        shown = [name for name in names if not asked or {name, asset(name), _OLD_NAMES.get(name)} & asked]
        if asked and not shown:
            raise Complaint("EQuery:Unknown asset")
        form = {"aclass": "currency", "decimals": 10, "display_decimals": 5, "status": "enabled"}
        return _result({asset(name): form | {"altname": _OLD_NAMES.get(name, name)} for name in shown})

    async def spread(self, request: web.Request) -> web.Response:
        """The newest touches."""
        market, since = self._one(request), _whole(request, "since", 0)
        rows = [t for t in market.touches if t.time // SECOND >= since]
        found = [[t.time // SECOND, *(old_price_text(market.listing, p) for p in (t.bid, t.ask))] for t in rows]
        last = rows[-1].time // SECOND if rows else since
        return _result({key(market.symbol): found, "last": last})

    def _pair(self, listing: Listing) -> dict[str, Any]:
        exchange = self._simulation.exchange
        return _pair(listing, "cancel_only" if listing.symbol in exchange.floor.halted else exchange.mode.value)

    def _one(self, request: web.Request) -> Market:
        if not request.query.get("pair"):
            raise Complaint("EGeneral:Invalid arguments")
        return self._named(request.query["pair"])

    def _asked(self, request: web.Request) -> list[Market]:
        names = request.query.get("pair", "")
        return [self._named(name.strip()) for name in names.split(",")] if names else list(self._markets)

    def _named(self, name: str) -> Market:
        symbol = named(name, self._markets.by_symbol)
        if symbol is None:
            raise Complaint("EQuery:Unknown asset pair")
        return self._markets.by_symbol[symbol]


def _result(found: Any) -> web.Response:
    return web.Response(text=written({"error": [], "result": found}), content_type="application/json")


def _whole(request: web.Request, name: str, usual: int) -> int:
    text = request.query.get(name)
    if text is None:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise Complaint(f"EGeneral:Invalid arguments:{name}")
    return int(text)


def _since(request: web.Request) -> int:
    """Where trades begin, in ns; short numbers are seconds."""
    found = _whole(request, "since", 0)
    return found * SECOND if 0 < found < 10**11 else found


def _candle(listing: Listing, each: Candle) -> list[Any]:
    prices = [price_text(listing, price) for price in (each.open, each.high, each.low, each.close)]
    step = Decimal(1).scaleb(-decimals(listing))
    vwap = str(each.vwap.quantize(step, ROUND_DOWN)) if each.trades else "0.0"
    return [each.time // SECOND, *prices, vwap, size_text(each.volume), each.trades]


def _trade(listing: Listing, each: Print) -> list[Any]:
    side, kind = "b" if each.taker is Side.BUY else "s", "l" if each.limit else "m"
    price, size = old_price_text(listing, each.price), size_text(each.size)
    return [price, size, exact(seconds(each.time)), side, kind, "", each.number]


def _ticker(market: Market) -> dict[str, Any] | None:
    day, touch, last = day_of(market), market.book.touch(market.now), market.recent(1)
    if day is None or not last:
        return None
    listing = market.listing

    def price(value: Any) -> str:
        return old_price_text(listing, value)

    def best(level: Any, size: Any) -> list[str]:
        return [price(level), str(int(size)), f"{size:.3f}"]

    both = (day.today, day.whole)
    sides = {"a": best(touch.ask, touch.ask_size), "b": best(touch.bid, touch.bid_size)} if touch else {}
    return sides | {
        "c": [price(last[-1].price), size_text(last[-1].size)],
        "v": [size_text(each.volume) for each in both],
        "p": [price(each.vwap) for each in both],
        "t": [each.trades for each in both],
        "l": [price(each.low) for each in both],
        "h": [price(each.high) for each in both],
        "o": price(day.today.open),
    }


def _pair(listing: Listing, status: str) -> dict[str, Any]:
    each = listing.instrument
    return {
        "altname": short(each.symbol),
        "wsname": old(each.symbol),
        "aclass_base": "currency",
        "base": asset(each.base),
        "aclass_quote": "currency",
        "quote": asset(each.quote),
        "lot": "unit",
        "cost_decimals": 5,
        "pair_decimals": decimals(listing),
        "lot_decimals": 8,
        "lot_multiplier": 1,
        "leverage_buy": [],
        "leverage_sell": [],
        "fees": _FEES,
        "fees_maker": _MAKER_FEES,
        "fee_volume_currency": "ZUSD",
        "margin_call": 80,
        "margin_stop": 40,
        "ordermin": "0.00005",
        "costmin": str(each.min_notional),
        "tick_size": str(each.tick),
        "status": status,
        "long_position_limit": 80,
        "short_position_limit": 80,
    }
