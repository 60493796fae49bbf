"""The short forms of market data: a bar, a trade, a quote, as REST and streams write them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from quorum.domain import Side, iso
from quorum.simulator.alpaca.listings import is_pair
from quorum.simulator.core import Listing, Top
from quorum.simulator.prices import Bar, Print


def _size(listing: Listing, value: Decimal) -> float:
    return float(value) if is_pair(listing) else int(value)


def bar_form(listing: Listing, bar: Bar) -> dict[str, Any]:
    """A bar; of shares the volume is whole."""
    return {
        "t": iso(bar.time),
        "o": bar.open,
        "h": bar.high,
        "l": bar.low,
        "c": bar.close,
        "v": round(bar.volume, 9) if is_pair(listing) else round(bar.volume),
        "n": bar.trades,
        "vw": round(bar.vwap, 6),
    }


def trade_form(listing: Listing, each: Print) -> dict[str, Any]:
    """A trade."""
    form = {"t": iso(each.time), "p": float(each.price), "s": _size(listing, each.size), "i": each.number}
    if is_pair(listing):
        return form | {"tks": "B" if each.taker is Side.BUY else "S"}
    return form | {"x": "V", "c": ["@"], "z": "C"}


def quote_form(listing: Listing, top: Top) -> dict[str, Any]:
    """A quote."""
    form = {
        "t": iso(top.time),
        "bp": float(top.bid),
        "bs": _size(listing, top.bid_size),
        "ap": float(top.ask),
        "as": _size(listing, top.ask_size),
    }
    return form if is_pair(listing) else form | {"bx": "V", "ax": "V", "c": ["R"], "z": "C"}


def book_form(top: Top) -> dict[str, Any]:
    """The book of a pair: its touch, which is all that is shown."""
    bid, ask = ((float(price), float(size)) for price, size in ((top.bid, top.bid_size), (top.ask, top.ask_size)))
    return {"t": iso(top.time), "b": [{"p": bid[0], "s": bid[1]}], "a": [{"p": ask[0], "s": ask[1]}]}


def status_form(listing: Listing, at: int, halted: bool) -> dict[str, Any]:
    """The state of a share's trading."""
    code, message = ("H", "Trading Halt") if halted else ("T", "Trading Resumption")
    why, words = ("T1", "Halt - News Pending") if halted else ("T3", "News and Resumption Times")
    return {"sc": code, "sm": message, "rc": why, "rm": words, "t": iso(at), "z": "C"}


def band_form(listing: Listing, at: int, last: Decimal) -> dict[str, Any]:
    """The prices between which a share trades: five hundredths around the last one."""
    tick = listing.instrument.tick
    up, down = ((last * part // tick * tick) for part in (Decimal("1.05"), Decimal("0.95")))
    return {"u": float(up), "d": float(down), "i": "B", "t": iso(at), "z": "C"}
