"""What Kraken trades here, and the three names that each pair has."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from decimal import Decimal

from quorum.domain import Instrument, UsageError
from quorum.simulator.core import Listing

DEFAULT = ("BTC/USD", "ETH/USD", "SOL/USD")
_PAIR = re.compile(r"[A-Z0-9]{2,10}/[A-Z]{3,5}")
_KNOWN = {  # price in dollars and tick
    "ADA": ("0.4", "0.000001"),
    "BTC": ("60000", "0.1"),
    "DOGE": ("0.12", "0.0000001"),
    "ETH": ("3000", "0.01"),
    "SOL": ("150", "0.01"),
    "XRP": ("0.6", "0.00001"),
}
_OLD = {"BTC": "XBT", "DOGE": "XDG"}
_LEGACY = {"BTC": "XXBT", "ETH": "XETH", "XRP": "XXRP", "DOGE": "XXDG"}
_MONEY = ("USD", "EUR", "GBP", "CAD", "JPY")
_IN_DOLLARS = {"BTC": Decimal(60_000), "ETH": Decimal(3_000)}


def listing_of(symbol: str) -> Listing:
    """The listing of a pair; UsageError for a name that cannot be Kraken's."""
    if not _PAIR.fullmatch(symbol):
        raise UsageError(f"{symbol!r} is no symbol of Kraken", "write it as BTC/USD")
    base, quote = symbol.split("/")
    price, tick = _KNOWN.get(base, (str(1 + zlib.crc32(base.encode()) % 90), "0.001"))
    worth = Decimal(price)
    if quote in _IN_DOLLARS:
        worth, tick = (worth / _IN_DOLLARS[quote]).quantize(Decimal("1e-7")), "0.0000001"
    return made(symbol, max(worth, Decimal(tick)), Decimal(tick))


def made(symbol: str, price: Decimal, tick: Decimal) -> Listing:
    """A listing at a price, on ticks."""
    base, quote = symbol.split("/")
    return Listing(
        Instrument(symbol, "KRAKEN", base, quote, tick, Decimal("1e-8"), Decimal("0.5")),
        price,
        depth=Decimal(30_000) / _IN_DOLLARS.get(quote, 1),
        volatility=0.6,
        round_clock=True,
        shortable=False,
        fee=Decimal("0.004"),
        fee_in_kind=True,
    )


def old(symbol: str) -> str:
    """The name in the first protocol: XBT/USD."""
    return "/".join(_OLD.get(part, part) for part in symbol.split("/"))


def new(name: str) -> str:
    """The name in the second protocol, BTC/USD, of one in the first."""
    known = {value: key for key, value in _OLD.items()}
    return "/".join(known.get(part, part) for part in name.split("/"))


def key(symbol: str) -> str:
    """The key of a pair in REST: XXBTZUSD, or XBTUSDT for a pair that was listed later."""
    base, quote = symbol.split("/")
    if base in _LEGACY and quote in (*_MONEY, *_LEGACY):
        return _LEGACY[base] + _LEGACY.get(quote, f"Z{quote}")
    return short(symbol)


def asset(currency: str) -> str:
    """The name of a currency in REST: XXBT, ZUSD, SOL."""
    return f"Z{currency}" if currency in _MONEY else _LEGACY.get(currency, currency)


def short(symbol: str) -> str:
    """The name without its slash: XBTUSD."""
    return old(symbol).replace("/", "")


def named(name: str, symbols: Iterable[str]) -> str | None:
    """The symbol of any of its names; None for a name of none."""
    for symbol in symbols:
        if name in (symbol, symbol.replace("/", ""), short(symbol), old(symbol), key(symbol)):
            return symbol
    return None


def decimals(listing: Listing) -> int:
    """The decimals of its prices."""
    return max(-int(listing.instrument.tick.normalize().as_tuple().exponent), 0)
