"""Words of the market that more than one room speaks: what is traded, its price steps, sides, trades, quotes, bars."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import NamedTuple

from quorum.domain.errors import UsageError


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency; amounts of different currencies do not add."""

    amount: Decimal
    currency: str

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise UsageError(f"{self.currency} and {other.currency} do not add", "convert one of them first")


@dataclass(frozen=True, slots=True)
class Instrument:
    """A symbol at a venue. `tick` is the step of its price, `lot` of its quantity, both in their own units."""

    symbol: str
    venue: str
    base: str
    quote: str
    tick: Decimal
    lot: Decimal
    min_notional: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        if self.tick <= 0 or self.lot <= 0:
            raise UsageError(f"{self.symbol}: tick {self.tick} and lot {self.lot} must be positive")
        if self.min_notional < 0:
            raise UsageError(f"{self.symbol}: a smallest order of {self.min_notional} must not be negative")

    def price(self, value: Decimal | float) -> Decimal:
        """`value` on the tick grid, to the nearest tick (ties to even); UsageError for NaN or an infinity."""
        return (self._exact(value) / self.tick).to_integral_value(ROUND_HALF_EVEN) * self.tick

    def quantity(self, value: Decimal | float) -> Decimal:
        """`value` on the lot grid, towards zero: rounding never makes an order larger. UsageError as in `price`."""
        return self._exact(value) // self.lot * self.lot

    def _exact(self, value: Decimal | float) -> Decimal:
        exact = Decimal(str(value))
        if not exact.is_finite():
            raise UsageError(f"{self.symbol}: {value} is no price and no quantity", "give a finite number")
        return exact


_STABLE = ("USDT", "USDC", "BUSD", "FDUSD")
_QUOTES = (*_STABLE, "USD", "EUR", "BTC", "ETH")


def split_symbol(symbol: str) -> tuple[str, str]:
    """Base and quote of a pair: `BTCUSDT` and `BTC/USDT` give (BTC, USDT); a share `AAPL` gives (AAPL, USD).

    Behind a slash stands any currency (three letters or more), so `BRK/B` and `BRK-B` are shares.
    """
    for separator in ("/", "-"):
        base, _, quote = symbol.partition(separator)
        if base and (quote in _QUOTES or (separator == "/" and len(quote) > 2)):
            return base, quote
    for quote in _QUOTES:
        shortest = 1 if quote in _STABLE else 2  # a share may end in BTC or EUR behind one letter, in USDT none does
        if symbol.endswith(quote) and len(symbol) >= len(quote) + shortest:
            return symbol.removesuffix(quote), quote
    return symbol, "USD"


class Side(StrEnum):
    """Which way an order or a fill goes."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        return 1 if self is Side.BUY else -1


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade printed by a venue; `time` in ns UTC, `aggressor` is who took liquidity."""

    symbol: str
    time: int
    price: Decimal
    quantity: Decimal
    aggressor: Side | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """The best bid and ask of a symbol at `time` (ns UTC)."""

    symbol: str
    time: int
    bid: Decimal
    ask: Decimal

    @property
    def mid(self) -> Decimal:
        return (self.bid + self.ask) / 2


class Row(NamedTuple):
    """One closed bar: `time` is its open in ns UTC; prices in the quote currency; volume in units of the base.

    A series with closes only has NaN in `open`, `high`, `low` and `volume`. `funding` is the sum of a perpetual's
    funding rates that were settled in the bar.
    """

    time: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    funding: float = 0.0
