"""The words of Binance's market data, as streams and REST write them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from quorum.domain import Side
from quorum.simulator.binance.intervals import follows
from quorum.simulator.public import Candle, Change, Deal, Levels, Market, Print, Touch

MS = 1_000_000  # ns
_TIMES = ("E", "T", "O", "C")


def text(value: Decimal) -> str:
    """A number with the eight decimals that Binance writes."""
    return f"{value:.8f}"


def levels(rows: Levels) -> list[list[str]]:
    """Levels of a book."""
    return [[text(price), text(size)] for price, size in rows]


def trade_event(market: Market, trade: Print) -> dict[str, Any]:
    """`@trade`."""
    return {
        "e": "trade",
        "E": trade.time // MS,
        "s": market.symbol,
        "t": trade.number,
        "p": text(trade.price),
        "q": text(trade.size),
        "T": trade.time // MS,
        "m": trade.taker is Side.SELL,
        "M": True,
    }


def deal_event(market: Market, deal: Deal) -> dict[str, Any]:
    """`@aggTrade`."""
    return {"e": "aggTrade", "E": market.now // MS, "s": market.symbol, **deal_row(deal)}


def deal_row(deal: Deal) -> dict[str, Any]:
    """A row of aggTrades."""
    return {
        "a": deal.number,
        "p": text(deal.price),
        "q": text(deal.size),
        "f": deal.first,
        "l": deal.last,
        "T": deal.time // MS,
        "m": deal.taker is Side.SELL,
        "M": True,
    }


def trade_row(trade: Print) -> dict[str, Any]:
    """A row of trades and historicalTrades."""
    return {
        "id": trade.number,
        "price": text(trade.price),
        "qty": text(trade.size),
        "quoteQty": text(trade.price * trade.size),
        "time": trade.time // MS,
        "isBuyerMaker": trade.taker is Side.SELL,
        "isBestMatch": True,
    }


def depth_event(market: Market, change: Change) -> dict[str, Any]:
    """`@depth`."""
    head = {"e": "depthUpdate", "E": change.time // MS, "s": market.symbol, "U": change.first, "u": change.last}
    return head | {"b": levels(change.bids), "a": levels(change.asks)}


def touch_event(market: Market, touch: Touch) -> dict[str, Any]:
    """`@bookTicker`."""
    return {
        "u": touch.update,
        "s": market.symbol,
        "b": text(touch.bid),
        "B": text(touch.bid_size),
        "a": text(touch.ask),
        "A": text(touch.ask_size),
    }


def candle_event(market: Market, name: str, candle: Candle, closed: bool) -> dict[str, Any]:
    """`@kline_<interval>`."""
    inside = {
        "t": candle.time // MS,
        "T": follows(name, candle.time) // MS - 1,
        "s": market.symbol,
        "i": name,
        "f": candle.first,
        "L": candle.last,
        "o": text(candle.open),
        "c": text(candle.close),
        "h": text(candle.high),
        "l": text(candle.low),
        "v": text(candle.volume),
        "n": candle.trades,
        "x": closed,
        "q": text(candle.value),
        "V": text(candle.bought),
        "Q": text(candle.bought_value),
        "B": "0",
    }
    return {"e": "kline", "E": market.now // MS, "s": market.symbol, "k": inside}


def candle_row(candle: Candle, name: str) -> list[Any]:
    """A row of klines."""
    prices = (candle.open, candle.high, candle.low, candle.close, candle.volume)
    return [
        candle.time // MS,
        *(text(value) for value in prices),
        follows(name, candle.time) // MS - 1,
        text(candle.value),
        candle.trades,
        text(candle.bought),
        text(candle.bought_value),
        "0",
    ]


def small_day_event(market: Market, day: Candle) -> dict[str, Any]:
    """`@miniTicker`."""
    return {
        "e": "24hrMiniTicker",
        "E": market.now // MS,
        "s": market.symbol,
        "c": text(day.close),
        "o": text(day.open),
        "h": text(day.high),
        "l": text(day.low),
        "v": text(day.volume),
        "q": text(day.value),
    }


def day_event(market: Market, day: Candle) -> dict[str, Any]:
    """`@ticker`."""
    rest = small_day_event(market, day) | {"e": "24hrTicker"}
    touch, moved, last = market.book.touch(market.now), day.close - day.open, market.recent(1)
    best = touch_event(market, touch) if touch else {"b": "0", "B": "0", "a": "0", "A": "0"}
    return rest | {
        "p": text(moved),
        "P": f"{100 * moved / day.open:.3f}",
        "w": text(day.vwap),
        "x": text(day.open),
        "Q": text(last[-1].size if last else Decimal(0)),
        **{name: best[name] for name in "bBaA"},
        "O": day.time // MS,
        "C": market.now // MS,
        "F": day.first,
        "L": day.last,
        "n": day.trades,
    }


def window_event(market: Market, name: str, part: Candle) -> dict[str, Any]:
    """`@ticker_<window>`: the last hours as one candle."""
    day, moved = small_day_event(market, part), part.close - part.open
    return day | {
        "e": f"{name}Ticker",
        "p": text(moved),
        "P": f"{100 * moved / part.open:.3f}",
        "w": text(part.vwap),
        "O": part.time // MS,
        "C": market.now // MS,
        "F": part.first,
        "L": part.last,
        "n": part.trades,
    }


def average_event(market: Market, part: Candle, last: int) -> dict[str, Any]:
    """`@avgPrice`: the last five minutes, weighed by volume; `last` is when the last trade was (ns)."""
    form = {"e": "avgPrice", "E": market.now // MS, "s": market.symbol, "i": "5m"}
    return form | {"w": text(part.vwap or part.close), "T": last // MS}


def shifted(event: Any, skew: int) -> Any:
    """An event as a venue whose clock is wrong by `skew` ns tells it."""
    if not skew or not isinstance(event, dict) or "E" not in event:
        return event
    return event | {name: event[name] + skew // MS for name in ("E", "T") if isinstance(event.get(name), int)}


def in_micros(event: Any) -> Any:
    """An event with its times in microseconds."""
    if not isinstance(event, dict):
        return event
    found = event | {name: event[name] * 1000 for name in _TIMES if isinstance(event.get(name), int)}
    if isinstance(candle := event.get("k"), dict):
        found["k"] = candle | {"t": candle["t"] * 1000, "T": candle["T"] * 1000 + 999}
    return found
