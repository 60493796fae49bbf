"""Fills, the positions that they make, and the book that risk looks at."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Context, Decimal
from itertools import chain
from typing import Any, NamedTuple

from quorum.domain.errors import DataError
from quorum.domain.market import Side, split_symbol

ZERO = Decimal(0)
_WIDE, _STEP = Context(prec=60), Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class Fill:
    """A part of an order that traded: `price` in the quote currency, `fee` in `fee_currency`, `time` in ns UTC."""

    fill_id: str
    client_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    time: int

    def __post_init__(self) -> None:
        finite = all(number.is_finite() for number in (self.quantity, self.price, self.fee))
        if not finite or self.quantity < 0 or self.price <= 0:
            raise DataError(
                f"fill {self.fill_id}: {self.quantity} {self.symbol} at {self.price}, fee {self.fee}, makes no sense",
                "reconcile with the venue",
            )

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Fill:
        """The fill whose plain form is `values`; numbers may be Decimals or their texts."""
        exact = {name: Decimal(values[name]) for name in ("quantity", "price", "fee")}
        return cls(**{**values, **exact, "side": Side(values["side"])})

    @property
    def notional(self) -> Decimal:
        return self.quantity * self.price

    @property
    def fee_in_base(self) -> Decimal:
        """The part of the fee that was taken in what was traded, which makes the holding smaller; else 0."""
        named = self.fee and self.symbol.startswith(self.fee_currency)
        return self.fee if named and self.fee_currency == split_symbol(self.symbol)[0] else ZERO


@dataclass(frozen=True, slots=True)
class Position:
    """A holding; `quantity` is signed, `cost` is what the open quantity cost (signed), `realised` is before fees.

    Average cost: a reduction realises against the average price; a fill through zero closes, then opens anew.
    A fee that was taken in what was traded counts as so much sold at the fill's price, and paid away.
    What a part of it cost is rounded to 1e-12, and from there on exact: `realised - cost` is always the sum of what
    sales brought and purchases took, and a position that is closed costs exactly 0.
    """

    symbol: str
    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    realised: Decimal = ZERO

    @property
    def average_price(self) -> Decimal:
        return self.cost / self.quantity if self.quantity else ZERO

    def apply(self, fill: Fill) -> Position:
        """The position after `fill`."""
        traded = self.trade(fill.side.sign * fill.quantity, fill.price)
        return traded.trade(-fill.fee_in_base, fill.price) if fill.fee_in_base else traded

    def trade(self, change: Decimal, price: Decimal) -> Position:
        """The position after `change` units, signed, at `price`."""
        if self.quantity * change >= 0:
            return replace(self, quantity=self.quantity + change, cost=self.cost + change * price)
        closing = min(abs(change), abs(self.quantity)) * (1 if change > 0 else -1)
        released = self._cost_of(-closing)
        rest = change - closing
        closed = Position(
            self.symbol,
            self.quantity + closing,
            self.cost - released if self.quantity + closing else ZERO,
            self.realised - closing * price - released,
        )
        return replace(closed, quantity=closed.quantity + rest, cost=closed.cost + rest * price)

    def _cost_of(self, part: Decimal) -> Decimal:
        if part == self.quantity:
            return self.cost
        return _WIDE.quantize(_WIDE.divide(_WIDE.multiply(self.cost, part), self.quantity), _STEP)

    def unrealised(self, mark: Decimal) -> Decimal:
        """Profit of the open quantity at price `mark`."""
        return self.quantity * mark - self.cost


class _Sums(NamedTuple):
    """A book added up: its equity, the exposures of all symbols, all that open intents may add; and each holding's
    absolute value at its mark."""

    equity: Decimal
    deployed: Decimal
    reserved: Decimal
    held: Mapping[str, Decimal]


class _Summed:
    """Room for the sums of a book: made once, and no part of its value."""

    __slots__ = ("_kept",)
    _kept: _Sums


@dataclass(frozen=True, slots=True)
class Book(_Summed):
    """What an account holds and has promised, as risk sees it within one transaction.

    `funded` is the capital paid in; `marks` are prices by symbol; `reserved` is the worst-case notional of open
    intents by symbol, `closing` the quantity by symbol that open orders already take off a position;
    amounts are in `currency`, `version` moves with every change. `foreign` is cash in other currencies: it counts as
    equity by `rates` (what a unit is worth) and is not spent; `unrated` says of a currency why it has no rate. What it
    is given is not changed afterwards: its sums are made when they are first asked for.
    """

    account: str
    currency: str
    version: int
    cash: Decimal
    funded: Decimal
    positions: Mapping[str, Position] = field(default_factory=dict)
    reserved: Mapping[str, Decimal] = field(default_factory=dict)
    closing: Mapping[str, Decimal] = field(default_factory=dict)
    marks: Mapping[str, Decimal] = field(default_factory=dict)
    foreign: Mapping[str, Decimal] = field(default_factory=dict)
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    unrated: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Book:
        """The book whose plain form is `values`."""
        positions = {
            symbol: Position(symbol, *(Decimal(row[name]) for name in ("quantity", "cost", "realised")))
            for symbol, row in values["positions"].items()
        }
        exact: dict[str, Any] = {
            name: {symbol: Decimal(amount) for symbol, amount in values.get(name, {}).items()}
            for name in ("reserved", "closing", "marks", "foreign", "rates")
        }
        exact |= {name: Decimal(values[name]) for name in ("cash", "funded")}
        return cls(**{**values, **exact, "positions": positions})

    def quantity(self, symbol: str) -> Decimal:
        held = self.positions.get(symbol)
        return held.quantity if held else ZERO

    def exposure(self, symbol: str) -> Decimal:
        """Absolute value of the holding at its mark plus what open intents may add."""
        held, reserved = self.positions.get(symbol), self.reserved.get(symbol, ZERO)
        if held is None:
            return reserved
        price = self.marks.get(symbol)
        return abs(held.quantity * (held.average_price if price is None else price)) + reserved

    def exposure_of(self, symbols: Collection[str]) -> Decimal:
        """The exposures of several symbols together, each named once."""
        amounts = chain(map(self._sums.held.get, symbols), map(self.reserved.get, symbols))
        return sum(filter(None, amounts), ZERO)  # without what is neither held nor ordered

    @property
    def deployed(self) -> Decimal:
        """The exposures of all symbols together."""
        return self._sums.deployed

    @property
    def equity(self) -> Decimal:
        """Cash, that of other currencies by its rate, and holdings at their marks."""
        return self._sums.equity

    @property
    def reserves(self) -> Decimal:
        """All that open intents may add."""
        return self._sums.reserved

    @property
    def _sums(self) -> _Sums:
        """The book added up, once; DataError when a mark, a holding or a reserve is no number."""
        try:
            return self._kept
        except AttributeError:
            object.__setattr__(self, "_kept", self._add_up())
            return self._kept

    def _add_up(self) -> _Sums:
        marks = self.marks
        try:
            worths = {symbol: held.quantity * marks[symbol] for symbol, held in self.positions.items()}
        except KeyError:
            worths = {s: held.quantity * marks.get(s, held.average_price) for s, held in self.positions.items()}
        worth = gross = sum(worths.values(), ZERO)
        reserved = sum(self.reserved.values(), ZERO)
        if any(map(Decimal.is_signed, worths.values())):
            worths = {symbol: abs(value) for symbol, value in worths.items()}
            gross = sum(worths.values(), ZERO)
        equity = self.cash + worth
        for name, amount in self.foreign.items():
            if name in self.rates:
                equity += amount * self.rates[name]
        if not (equity.is_finite() and reserved.is_finite()):
            raise DataError(
                f"book {self.account}: equity {equity} and reserves {reserved} are no numbers",
                "see its positions and marks",
            )
        return _Sums(equity, gross + reserved, reserved, worths)
