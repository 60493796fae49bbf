"""What requests to Binance weigh, what they must say, and how it complains."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from quorum.simulator.public import Market, Weight
from quorum.simulator.serving import Simulation, web_date

_WEIGHTS = {
    "exchangeInfo": 20,
    "trades": 25,
    "historicalTrades": 25,
    "aggTrades": 4,
    "avgPrice": 2,
    "klines": 2,
    "uiKlines": 2,
    "ticker/24hr": 2,
    "ticker/price": 2,
    "ticker/bookTicker": 2,
}
_DEPTHS = ((100, 5), (500, 25), (1000, 50), (5000, 250))
_API = "/api/v3/"


class Complaint(Exception):
    """An error as Binance says it."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def response(self) -> web.Response:
        """The answer."""
        return web.json_response({"code": self.code, "msg": self.message}, status=self.status)


def plain_complaint(status: int) -> dict[str, Any]:
    """Binance's JSON for a status."""
    said = {
        429: (-1003, "Too much request weight used; current limit is 6000 request weight per 1 MINUTE."),
        418: (-1003, "Way too much request weight used; IP banned."),
        504: (-1007, "Timeout waiting for response from backend server. Execution status unknown."),
    }
    code, message = said.get(status, (-1000, "An unknown error occurred while processing the request."))
    return {"code": code, "msg": message}


def doorkeeper(simulation: Simulation) -> Middleware:
    """What stands before the doors of a run: weight, its headers, and the time."""
    weight = Weight(simulation.options.rate)

    @web.middleware
    async def keep(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(_API):
            return await handler(request)
        status, wait = weight.take(weighed(request))
        try:
            if status == 200:
                answer = await handler(request)
            else:
                answer = web.json_response(plain_complaint(status), status=status)
                answer.headers["Retry-After"] = str(int(wait) + 1)
        except Complaint as complaint:
            answer = complaint.response()
        except web.HTTPException as error:
            answer = Complaint(error.status, -1000, error.reason).response()
        for name in ("X-MBX-USED-WEIGHT", "X-MBX-USED-WEIGHT-1M"):
            answer.headers[name] = str(weight.used)
        answer.headers["Date"] = web_date(simulation.shown_now())
        return answer

    return keep


def weighed(request: web.Request) -> int:
    """The weight of a request."""
    name, limit = request.path.removeprefix(_API), request.query.get("limit", "100")
    if name == "depth":
        asked = int(limit) if limit.isdigit() else 100
        return next((weight for most, weight in _DEPTHS if asked <= most), _DEPTHS[-1][1])
    if name.startswith("ticker/") and "symbol" not in request.query:
        count = len(request.query["symbols"].split(",")) if "symbols" in request.query else 0
        if name == "ticker/24hr":
            return 80 if not count or count > 100 else (40 if count > 20 else 2)
        return 4
    if name in ("ticker", "ticker/tradingDay"):
        return 4 * max(len(request.query.get("symbols", "").split(",")), 1)
    return _WEIGHTS.get(name, 1)


def market_asked(request: web.Request, markets: Mapping[str, Market]) -> Market:
    """The market that a request is about."""
    symbol = required(request, "symbol")
    if symbol not in markets:
        raise Complaint(400, -1121, "Invalid symbol.")
    return markets[symbol]


def markets_asked(request: web.Request, markets: Mapping[str, Market]) -> list[Market]:
    """The markets of a list of symbols, as JSON."""
    try:
        names = json.loads(request.query["symbols"])
    except ValueError:
        names = None
    if not isinstance(names, list) or not names:
        raise Complaint(400, -1100, "Illegal characters found in parameter 'symbols'; legal range is a JSON array.")
    if any(name not in markets for name in map(str, names)):
        raise Complaint(400, -1121, "Invalid symbol.")
    return [markets[str(name)] for name in names]


def required(request: web.Request, name: str) -> str:
    """A parameter that must be there."""
    found = request.query.get(name)
    if not found:
        raise Complaint(400, -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")
    return found


def number(request: web.Request, name: str) -> int | None:
    """A parameter that is a whole number; None where it was not sent."""
    found = request.query.get(name)
    if found is None:
        return None
    if not (found.isascii() and found.isdigit() and len(found) <= 20):
        raise Complaint(
            400, -1100, f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'."
        )
    return int(found)


def limit_asked(request: web.Request, usual: int, most: int) -> int:
    """How many rows; more than `most` are `most`."""
    found = number(request, "limit")
    if found == 0:
        raise Complaint(400, -1130, "Data sent for parameter 'limit' is not valid.")
    return min(usual if found is None else found, most)


def listed(market: Market, halted: bool = False) -> dict[str, Any]:
    """A symbol of exchangeInfo."""
    each = market.listing.instrument
    tick, lot, least = (f"{value:.8f}" for value in (each.tick, each.lot, each.min_notional))
    most = f"{Decimal(9000):.8f}"
    return {
        "symbol": each.symbol,
        "status": "HALT" if halted else "TRADING",
        "baseAsset": each.base,
        "baseAssetPrecision": 8,
        "quoteAsset": each.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT"],
        "icebergAllowed": False,
        "ocoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "1000000.00000000", "tickSize": tick},
            {"filterType": "LOT_SIZE", "minQty": lot, "maxQty": most, "stepSize": lot},
            {
                "filterType": "NOTIONAL",
                "minNotional": least,
                "applyMinToMarket": True,
                "maxNotional": "9000000.00000000",
                "applyMaxToMarket": False,
                "avgPriceMins": 5,
            },
        ],
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"],
    }
