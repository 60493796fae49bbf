"""What Binance trades here: pairs against the coins that it quotes in."""

from __future__ import annotations

import re
import zlib
from decimal import Decimal

from quorum.domain import Instrument, UsageError, split_symbol
from quorum.simulator.core import Listing

DEFAULT = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
_PAIR = re.compile(r"[A-Z0-9]{5,20}")
_KNOWN = {  # price in dollars, tick, lot
    "ADA": ("0.4", "0.0001", "0.1"),
    "BNB": ("600", "0.01", "0.001"),
    "BTC": ("60000", "0.01", "0.00001"),
    "DOGE": ("0.12", "0.00001", "1"),
    "ETH": ("3000", "0.01", "0.0001"),
    "SOL": ("150", "0.01", "0.001"),
    "XRP": ("0.6", "0.0001", "0.1"),
}
_IN_DOLLARS = {"BTC": Decimal(60_000), "ETH": Decimal(3_000)}
_FEE = Decimal("0.001")


def listing_of(symbol: str) -> Listing:
    """The listing of a pair; UsageError for a name that cannot be Binance's."""
    base, quote = split_symbol(symbol)
    if not _PAIR.fullmatch(symbol) or base == symbol:
        raise UsageError(f"{symbol!r} is no symbol of Binance", "write it as BTCUSDT")
    price, tick, lot = _KNOWN.get(base, (str(1 + zlib.crc32(base.encode()) % 90), "0.001", "0.01"))
    worth = Decimal(price)
    if quote in _IN_DOLLARS:
        worth, tick = (worth / _IN_DOLLARS[quote]).quantize(Decimal("1e-7")), "0.0000001"
    pair = Instrument(symbol, "BINANCE", base, quote, Decimal(tick), Decimal(lot), Decimal(5))
    return Listing(
        pair,
        max(worth, Decimal(tick)),
        depth=Decimal(30_000) / _IN_DOLLARS.get(quote, 1),
        volatility=0.6,
        round_clock=True,
        shortable=False,
        fee=_FEE,
        fee_in_kind=True,
    )
