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


def bar_form(bar: Bar) -> dict[str, Any]:
    """A bar."""
    return {
        "t": iso(bar.time),
        "o": bar.open,
        "h": bar.high,
        "l": bar.low,
        "c": bar.close,
        "v": round(bar.volume, 9),
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
