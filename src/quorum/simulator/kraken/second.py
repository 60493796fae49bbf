"""The second protocol, /v2: objects, new names, numbers with all their digits."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable
from decimal import Decimal
from typing import Any

from quorum.domain import MINUTE, Side
from quorum.simulator.core import Listing
from quorum.simulator.kraken.dialect import Shown, Topic, Wish
from quorum.simulator.kraken.forms import (
    DEPTHS,
    INTERVALS,
    checksum,
    day_of,
    exact,
    price_text,
    rfc,
    rows_of,
    setting_of,
    size_text,
)
from quorum.simulator.kraken.listings import decimals
from quorum.simulator.public import Candle, Levels, Market, Print, Touch

INSTRUMENT = "instrument"
_CHANNELS = ("ticker", "trade", "ohlc", "book")
_TRIGGERS = ("trades", "bbo")


class Second:
    """See Dialect."""

    heartbeat: dict[str, Any] = {"channel": "heartbeat"}
    snapshots: tuple[str, ...] = ("ticker", "book", "trade", "ohlc")

    def greeting(self, number: int, system: str) -> Any:
        """See Dialect."""
        state = {"api_version": "v2", "connection_id": number, "system": system, "version": "2.0.10"}
        return {"channel": "status", "data": [state], "type": "update"}

    def read(self, said: str | bytes) -> Wish:
        """See Dialect."""
        try:
            found = json.loads(said)
        except ValueError:
            return Wish("", (), {}, wrong="Malformed request")
        if not isinstance(found, dict):
            return Wish("", (), {}, wrong="Malformed request")
        word = found.get("method")
        if word == "ping":
            return Wish("ping", (), found)
        params = found.get("params")
        if word not in ("subscribe", "unsubscribe") or not isinstance(params, dict):
            return Wish(str(word), (), found, wrong="Unsupported method")
        return self._topics(str(word), params, found)

    def _topics(self, word: str, params: dict[str, Any], said: dict[str, Any]) -> Wish:
        channel, symbols = params.get("channel"), params.get("symbol")
        if channel == INSTRUMENT:
            return Wish(word, (Topic(INSTRUMENT, ""),), said, bool(params.get("snapshot", True)))
        if channel not in _CHANNELS:
            return Wish(word, (), said, wrong="Unsupported channel")
        if not isinstance(symbols, list) or not symbols or not all(isinstance(each, str) for each in symbols):
            return Wish(word, (), said, wrong="Symbol(s) missing")
        setting, wrong = _setting(params)
        topics = () if wrong else tuple(Topic(channel, symbol, setting) for symbol in symbols)
        return Wish(word, topics, said, bool(params.get("snapshot", True)), wrong)

    def answer(self, wish: Wish, topic: Topic | None, wrong: str, now: int) -> Any:
        """See Dialect."""
        number = {"req_id": wish.said["req_id"]} if "req_id" in wish.said else {}
        times = {"time_in": rfc(now), "time_out": rfc(now)}
        if wish.word == "ping":
            return {"method": "pong", **number, **times}
        head: dict[str, Any] = {"method": wish.word}
        if wrong:
            named = {"symbol": topic.symbol} if topic is not None else {}
            return {"error": wrong, **head, **number, "success": False, **named, **times}
        result: dict[str, Any] = {"channel": topic.channel} if topic is not None else {}
        if topic is not None and topic.symbol:
            result["symbol"] = topic.symbol
        if topic is not None and topic.channel == "ticker":
            result["event_trigger"] = _TRIGGERS[topic.setting]
        elif topic is not None and topic.setting:
            result["depth" if topic.channel == "book" else "interval"] = topic.setting
        if wish.word == "subscribe":
            result["snapshot"] = wish.snapshot
        return {**head, "result": result, "success": True, **times, **number}

    def form(self, topic: Topic, market: Market, what: Print | Touch | Candle | Shown | None, first: bool) -> Any:
        """See Dialect."""
        match what:
            case Print():
                data = _trade(market, what)
            case Candle():
                data = _candle(market, topic.setting, what)
            case Shown():
                data = _book(market, what)
            case None:
                ticker = _ticker(market)
                if ticker is None:
                    return None
                data = ticker
            case _:
                return None
        head: dict[str, Any] = {"channel": topic.channel, "type": "snapshot" if first else "update"}
        stamp = {"timestamp": rfc(market.now, 9)} if topic.channel == "ohlc" else {}
        return head | stamp | {"data": [data]}


def _setting(params: dict[str, Any]) -> tuple[int, str]:
    """The depth, the interval or the trigger of a wish, and what is wrong with it."""
    match params["channel"]:
        case "book":
            found = setting_of(params.get("depth", 10), DEPTHS)
            return found or 0, "" if found else "Subscription depth not supported"
        case "ohlc":
            found = setting_of(params.get("interval", 1), INTERVALS)
            return found or 0, "" if found else "Subscription ohlc interval not supported"
        case "ticker":
            trigger = params.get("event_trigger", "trades")
            known = trigger in _TRIGGERS
            return _TRIGGERS.index(trigger) if known else 0, "" if known else "Subscription event_trigger not supported"
        case _:
            return 0, ""


def instruments(markets: Iterable[Market], mode: str, halted: Container[str], first: bool) -> dict[str, Any]:
    """All that is traded, as the channel `instrument` tells it."""
    listings = [market.listing for market in markets]
    names = sorted({part for each in listings for part in each.symbol.split("/")})
    assets = [
        {
            "id": name,
            "status": "enabled",
            "precision": 10,
            "precision_display": 5,
            "borrowable": False,
            "collateral_value": 0,
            "margin_rate": 0,
        }
        for name in names
    ]
    pairs = [_pair(each, "cancel_only" if each.symbol in halted else mode) for each in listings]
    kind = "snapshot" if first else "update"
    return {"channel": INSTRUMENT, "type": kind, "data": {"assets": assets, "pairs": pairs}}


def _pair(listing: Listing, status: str) -> dict[str, Any]:
    each = listing.instrument
    return {
        "symbol": each.symbol,
        "base": each.base,
        "quote": each.quote,
        "status": status,
        "has_index": False,
        "marginable": False,
        "cost_min": exact(f"{each.min_notional:f}"),
        "cost_precision": 5,
        "price_increment": exact(f"{each.tick:f}"),
        "price_precision": decimals(listing),
        "qty_increment": exact(f"{each.lot:.8f}"),
        "qty_min": exact("0.00005"),
        "qty_precision": 8,
    }


def _price(market: Market, value: Decimal) -> str:
    return exact(price_text(market.listing, value))


def _size(value: Decimal) -> str:
    return exact(size_text(value))


def _trade(market: Market, each: Print) -> dict[str, Any]:
    return {
        "symbol": market.symbol,
        "side": "buy" if each.taker is Side.BUY else "sell",
        "price": _price(market, each.price),
        "qty": _size(each.size),
        "ord_type": "limit" if each.limit else "market",
        "trade_id": each.number,
        "timestamp": rfc(each.time),
    }


def _candle(market: Market, minutes: int, each: Candle) -> dict[str, Any]:
    prices = {name: _price(market, getattr(each, name)) for name in ("open", "high", "low", "close")}
    return {
        "symbol": market.symbol,
        **prices,
        "trades": each.trades,
        "volume": _size(each.volume),
        "vwap": _price(market, each.vwap),
        "interval_begin": rfc(each.time, 9),
        "interval": minutes,
        "timestamp": rfc(each.time + minutes * MINUTE),
    }


def _book(market: Market, shown: Shown) -> dict[str, Any]:
    def side(rows: Levels) -> list[dict[str, str]]:
        return [{"price": _price(market, price), "qty": _size(size)} for price, size in rows]

    best = (rows_of(market.listing, rows, False) for rows in (shown.best_asks, shown.best_bids))
    return {
        "symbol": market.symbol,
        "bids": side(shown.bids),
        "asks": side(shown.asks),
        "checksum": checksum(*best) ^ int(shown.spoiled),
        "timestamp": rfc(market.now),
    }


def _ticker(market: Market) -> dict[str, Any] | None:
    day, touch, last = day_of(market), market.book.touch(market.now), market.recent(1)
    if day is None or touch is None or not last:
        return None
    whole, paid = day.whole, last[-1].price
    return {
        "symbol": market.symbol,
        "bid": _price(market, touch.bid),
        "bid_qty": _size(touch.bid_size),
        "ask": _price(market, touch.ask),
        "ask_qty": _size(touch.ask_size),
        "last": _price(market, paid),
        "volume": _size(whole.volume),
        "vwap": _price(market, whole.vwap),
        "low": _price(market, whole.low),
        "high": _price(market, whole.high),
        "change": _price(market, paid - whole.open),
        "change_pct": exact(f"{100 * (paid - whole.open) / whole.open:.2f}"),
        "timestamp": rfc(market.now),
    }
