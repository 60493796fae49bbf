"""The first protocol, at the root: arrays, old names, numbers as texts."""

from __future__ import annotations

import json
import zlib
from typing import Any

from quorum.domain import MINUTE, Side
from quorum.simulator.kraken.dialect import Shown, Topic, Wish
from quorum.simulator.kraken.forms import (
    DEPTHS,
    INTERVALS,
    checksum,
    day_of,
    old_price_text,
    rows_of,
    seconds,
    setting_of,
    size_text,
)
from quorum.simulator.kraken.listings import new, old
from quorum.simulator.public import Candle, Levels, Market, Print, Touch

_CHANNELS = ("ticker", "trade", "ohlc", "book", "spread")
_IDS = 8192


class First:
    """See Dialect."""

    heartbeat: dict[str, Any] = {"event": "heartbeat"}
    snapshots: tuple[str, ...] = ("ticker", "book", "spread", "ohlc")

    def greeting(self, number: int, system: str) -> Any:
        """See Dialect."""
        return {"connectionID": number, "event": "systemStatus", "status": system, "version": "1.9.6"}

    def read(self, said: str | bytes) -> Wish:
        """See Dialect."""
        try:
            found = json.loads(said)
        except ValueError:
            return Wish("", (), {}, wrong="Malformed request")
        word = found.get("event") if isinstance(found, dict) else None
        if word == "ping":
            return Wish("ping", (), found)
        if word not in ("subscribe", "unsubscribe"):
            return Wish("", (), {}, wrong="Unsupported event")
        asked, pairs = found.get("subscription"), found.get("pair")
        if not isinstance(asked, dict) or asked.get("name") not in _CHANNELS:
            return Wish(word, (), found, wrong="Subscription name invalid")
        if not isinstance(pairs, list) or not pairs or not all(isinstance(each, str) for each in pairs):
            return Wish(word, (), found, wrong="Pair(s) missing")
        setting, wrong = _setting(asked)
        topics = () if wrong else tuple(Topic(asked["name"], new(pair), setting) for pair in pairs)
        return Wish(word, topics, found, wrong=wrong)

    def answer(self, wish: Wish, topic: Topic | None, wrong: str, now: int) -> Any:
        """See Dialect."""
        number = {"reqid": wish.said["reqid"]} if "reqid" in wish.said else {}
        if wish.word == "ping":
            return {"event": "pong", **number}
        head = {"event": "subscriptionStatus" if wish.word else "error", **number}
        pair = {"pair": old(topic.symbol)} if topic is not None else {}
        if wrong or topic is None:
            asked = {"subscription": wish.said["subscription"]} if "subscription" in wish.said else {}
            return {"errorMessage": wrong, **head, **pair, "status": "error", **asked}
        status = "subscribed" if wish.word == "subscribe" else "unsubscribed"
        asked = {"name": topic.channel}
        if topic.setting:
            asked = {"depth" if topic.channel == "book" else "interval": topic.setting, **asked}
        names = {"channelID": _id(topic), "channelName": _name(topic)}
        return {**names, **head, **pair, "status": status, "subscription": asked}

    def form(self, topic: Topic, market: Market, what: Print | Touch | Candle | Shown | None, first: bool) -> Any:
        """See Dialect."""
        tail = (_name(topic), old(topic.symbol))
        match what:
            case Print():
                body: list[Any] = [_trade(market, what)]
            case Candle():
                body = _candle(market, topic.setting, what)
            case Touch():
                body = _spread(market, what)
            case Shown():
                parts = _book(market, what)
                return [_id(topic), *parts, *tail] if parts else None
            case _:
                ticker = _ticker(market)
                return [_id(topic), ticker, *tail] if ticker is not None else None
        return [_id(topic), body, *tail]

    def verbatim(self, topic: Topic, frame: list[Any]) -> list[Any]:
        """A recorded message, with the number of its channel here."""
        return [_id(topic), *frame[1:]]


def _setting(asked: dict[str, Any]) -> tuple[int, str]:
    if asked["name"] == "book":
        depth = setting_of(asked.get("depth", 10), DEPTHS)
        return depth or 0, "" if depth else "Subscription depth not supported"
    if asked["name"] == "ohlc":
        minutes = setting_of(asked.get("interval", 1), INTERVALS)
        return minutes or 0, "" if minutes else "Subscription ohlc interval not supported"
    return 0, ""


def _id(topic: Topic) -> int:
    return zlib.crc32(":".join(map(str, topic)).encode()) % _IDS


def _name(topic: Topic) -> str:
    return f"{topic.channel}-{topic.setting}" if topic.setting else topic.channel


def _trade(market: Market, each: Print) -> list[str]:
    side, kind = "b" if each.taker is Side.BUY else "s", "l" if each.limit else "m"
    return [old_price_text(market.listing, each.price), size_text(each.size), seconds(each.time), side, kind, ""]


def _candle(market: Market, minutes: int, each: Candle) -> list[Any]:
    prices = (each.open, each.high, each.low, each.close, each.vwap)
    texts = [old_price_text(market.listing, price) for price in prices]
    end = each.time + minutes * MINUTE
    return [seconds(min(market.now, end)), seconds(end), *texts, size_text(each.volume), each.trades]


def _spread(market: Market, touch: Touch) -> list[str]:
    bid, ask = (old_price_text(market.listing, price) for price in (touch.bid, touch.ask))
    return [bid, ask, seconds(touch.time), size_text(touch.bid_size), size_text(touch.ask_size)]


def _book(market: Market, shown: Shown) -> list[dict[str, Any]]:
    def side(rows: Levels) -> list[list[str]]:
        at = seconds(market.now)
        return [[price, size, at] for price, size in rows_of(market.listing, rows, True)]

    if shown.whole:
        return [{"as": side(shown.asks), "bs": side(shown.bids)}]
    parts: list[dict[str, Any]] = [{"a": side(shown.asks)}] if shown.asks else []
    parts += [{"b": side(shown.bids)}] if shown.bids else []
    best = (rows_of(market.listing, rows, True) for rows in (shown.best_asks, shown.best_bids))
    if parts:
        parts[-1]["c"] = str(checksum(*best) ^ int(shown.spoiled))
    return parts


def _ticker(market: Market) -> dict[str, Any] | None:
    day, touch, last = day_of(market), market.book.touch(market.now), market.recent(1)
    if day is None or touch is None or not last:
        return None
    listing, both = market.listing, (day.today, day.whole)

    def prices(name: str) -> list[str]:
        return [old_price_text(listing, getattr(each, name)) for each in both]

    def best(price: Any, size: Any) -> list[Any]:
        return [old_price_text(listing, price), int(size), size_text(size)]

    return {
        "a": best(touch.ask, touch.ask_size),
        "b": best(touch.bid, touch.bid_size),
        "c": [old_price_text(listing, last[-1].price), size_text(last[-1].size)],
        "v": [size_text(each.volume) for each in both],
        "p": prices("vwap"),
        "t": [each.trades for each in both],
        "l": prices("low"),
        "h": prices("high"),
        "o": prices("open"),
    }
