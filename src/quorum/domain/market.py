"""Words of the market that more than one room speaks: sides, trades, quotes and the value of a bar."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple


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
