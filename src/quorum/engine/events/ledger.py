"""The account of a drive: what it holds and has promised, and every fill as the kernel writes it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from quorum.domain import ZERO, Book, Fill, Position
from quorum.engine.kernel import ROW, SYMBOL, Market

Floats = NDArray[np.float64]
ACCOUNT = "backtest"


class Ledger:
    """Cash, positions, and what open orders may cost (`reserved`) or close (`closing`), by symbol."""

    def __init__(self, symbols: tuple[str, ...], currency: str, paid_in: Decimal) -> None:
        self.cash = self.funded = paid_in
        self.currency = currency
        self.positions: dict[str, Position] = {}
        self.reserved: dict[str, Decimal] = {}
        self.closing: dict[str, Decimal] = {}
        self.version = 0
        self._index = {symbol: j for j, symbol in enumerate(symbols)}
        self._rows: list[tuple[float, ...]] = []
        self._paid: list[tuple[int, float]] = []

    def held(self, symbol: str) -> Decimal:
        position = self.positions.get(symbol)
        return position.quantity if position else ZERO

    def book(self, marks: Mapping[str, Decimal]) -> Book:
        """What risk sees, at these prices."""
        return Book(
            ACCOUNT,
            self.currency,
            self.version,
            self.cash,
            self.funded,
            dict(self.positions),
            dict(self.reserved),
            dict(self.closing),
            marks,
        )

    def apply(self, fill: Fill, at: tuple[int, int, int]) -> None:
        """Book a fill of bar, decision's bar and reason `at`."""
        symbol, sign = fill.symbol, fill.side.sign
        position = self.positions.get(symbol, Position(symbol)).apply(fill)
        if position.quantity:
            self.positions[symbol] = position
        else:
            self.positions.pop(symbol, None)
        self.cash -= sign * fill.notional + fill.fee
        self.version += 1
        bar, decided, reason = at
        quantity, price, fee = float(fill.quantity), float(fill.price), float(fill.fee)
        self._rows.append((bar, decided, self._index[symbol], sign * quantity, price, fee, reason))

    def pay(self, amount: Decimal, bar: int) -> None:
        """Book what holding brought in a bar."""
        self.cash += amount
        self.version += 1
        self._paid.append((bar, float(amount)))

    def rows(self) -> Floats:
        """The fills as the kernel's rows (k, 7), those of one bar in the order of the symbols."""
        rows = sorted(self._rows, key=lambda row: (row[ROW], row[SYMBOL]))
        return np.array(rows, dtype=np.float64).reshape(-1, 7)

    def equity(self, market: Market) -> Floats:
        """Cash and holdings at each close (n,); a symbol without a bar at its newest price."""
        n, m = market.close.shape
        rows, worth = self.rows(), np.zeros(n)
        at, symbol = rows[:, 0].astype(np.int64), rows[:, 2].astype(np.int64)
        np.add.at(worth, at, -rows[:, 3] * rows[:, 4] - rows[:, 5])
        for bar, amount in self._paid:
            worth[bar] += amount
        worth[0] += float(self.funded)
        worth = np.cumsum(worth)
        for j in range(m):
            mine = symbol == j
            if mine.any():
                worth += _held(at[mine], rows[mine, 3], n) * _carried(market.close[:, j])
        return worth


def _held(at: NDArray[np.int64], changes: Floats, n: int) -> Floats:
    moved = np.zeros(n)
    np.add.at(moved, at, changes)
    held = np.cumsum(moved)
    held[np.abs(held) < 1e-12 * np.abs(changes).max()] = 0.0
    return held


def _carried(close: Floats) -> Floats:
    there = ~np.isnan(close)
    last = np.maximum.accumulate(np.where(there, np.arange(len(close)), -1))
    return np.where(last >= 0, close[np.maximum(last, 0)], 0.0)
