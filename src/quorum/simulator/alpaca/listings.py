"""What Alpaca trades here: shares of New York by any name, and crypto pairs against the dollar."""

from __future__ import annotations

import re
import uuid
from decimal import Decimal

from quorum.domain import Instrument, UsageError
from quorum.simulator.core import Listing

DEFAULT = ("AAPL", "MSFT", "SPY", "BTC/USD", "ETH/USD")
TEST_SYMBOL = "FAKEPACA"
_IDS = uuid.UUID("8d3f7a52-51f0-5a7e-8d2e-0b8f3c5d7e11")
_SHARE = re.compile(r"[A-Z]{1,5}([./][A-Z])?")
_PAIR = re.compile(r"[A-Z]{2,6}/USD")
_NAMES = {
    "AAPL": ("Apple Inc. Common Stock", "NASDAQ", "230"),
    "AMZN": ("Amazon.com, Inc. Common Stock", "NASDAQ", "220"),
    "GOOG": ("Alphabet Inc. Class C Capital Stock", "NASDAQ", "190"),
    "MSFT": ("Microsoft Corporation Common Stock", "NASDAQ", "430"),
    "NVDA": ("NVIDIA Corporation Common Stock", "NASDAQ", "140"),
    "QQQ": ("Invesco QQQ Trust, Series 1", "NASDAQ", "500"),
    "SPY": ("SPDR S&P 500 ETF Trust", "ARCA", "590"),
    "TSLA": ("Tesla, Inc. Common Stock", "NASDAQ", "330"),
    "BTC/USD": ("Bitcoin / US Dollar", "CRYPTO", "60000"),
    "ETH/USD": ("Ethereum / US Dollar", "CRYPTO", "3000"),
    "SOL/USD": ("Solana / US Dollar", "CRYPTO", "150"),
}
_TAKER_FEE = Decimal("0.0025")


def is_pair(listing: Listing) -> bool:
    """Whether it is crypto, which trades round the clock."""
    return listing.instrument.venue == "CRYPTO"


def asset_id(symbol: str) -> str:
    """The id of an asset; always the same."""
    return str(uuid.uuid5(_IDS, symbol))


def name_of(symbol: str) -> str:
    """The name of an asset."""
    return _NAMES.get(symbol, (f"{symbol} Common Stock", "", ""))[0]


def spoken(symbol: str) -> str:
    """A symbol as positions write it: a pair without its slash."""
    return symbol.replace("/", "") if _PAIR.fullmatch(symbol) else symbol


def listing_of(symbol: str) -> Listing:
    """The listing of a symbol; UsageError for one that cannot be Alpaca's."""
    if symbol == TEST_SYMBOL:
        test = Instrument(symbol, "NASDAQ", symbol, "USD", Decimal("0.01"), Decimal(1))
        return Listing(test, Decimal(100), round_clock=True, tradable=False)
    _, exchange, price = _NAMES.get(symbol, ("", "NYSE", str(20 + int(asset_id(symbol)[:4], 16) % 300)))
    if _PAIR.fullmatch(symbol):
        base = symbol.partition("/")[0]
        pair = Instrument(symbol, "CRYPTO", base, "USD", Decimal("0.01"), Decimal("1e-9"), Decimal(1))
        return Listing(
            pair,
            Decimal(price),
            depth=Decimal(20_000),
            volatility=0.6,
            round_clock=True,
            shortable=False,
            fee=_TAKER_FEE,
            fee_in_kind=True,
        )
    if not _SHARE.fullmatch(symbol):
        raise UsageError(f"{symbol!r} is no symbol of Alpaca", "write it as AAPL or BTC/USD")
    return Listing(Instrument(symbol, exchange, symbol, "USD", Decimal("0.01"), Decimal(1)), Decimal(price))
