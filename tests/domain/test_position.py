"""A position is what its fills make it: exact in quantity, in profit, and in nothing left over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.words import NOW, PRICES, QUANTITIES, fill
from quorum.domain import DataError, Fill, Position, Side

STEP = Fraction(1, 10**12)
Trades = Sequence[tuple[Side, Decimal | None, Decimal]]
TRADES = st.lists(st.tuples(st.sampled_from(Side), st.none() | QUANTITIES, PRICES), min_size=1, max_size=12)


@dataclass
class AverageCost:
    """The textbook's average cost in exact fractions: an average price, a holding, and what was earned."""

    quantity: Fraction = Fraction(0)
    average: Fraction = Fraction(0)
    realised: Fraction = Fraction(0)
    cash: Fraction = Fraction(0)
    partial_closes: int = 0

    def take(self, trade: Fill) -> None:
        size, price, sign = Fraction(trade.quantity), Fraction(trade.price), trade.side.sign
        self.cash -= sign * size * price
        if self.quantity * sign < 0:
            closed = min(size, abs(self.quantity))
            self.partial_closes += closed < abs(self.quantity)
            self.realised += closed * (price - self.average) * (1 if self.quantity > 0 else -1)
            self.quantity += sign * closed
            size -= closed
        if size:
            held = abs(self.quantity)
            self.average = (held * self.average + size * price) / (held + size)
            self.quantity += sign * size


def fills_of(trades: Trades) -> Sequence[tuple[Fill, AverageCost, Position]]:
    """Each fill with model and position after it; a trade without a quantity is of as much as is held."""
    position, model, told = Position("BTCUSDT"), AverageCost(), []
    for side, size, price in trades:
        trade = fill(side, size or abs(position.quantity) or Decimal(1), price)
        position = position.apply(trade)
        model.take(trade)
        told.append((trade, AverageCost(**vars(model)), position))
    return told


@settings(max_examples=50)
@given(TRADES)
def test_it_agrees_with_average_cost_in_exact_fractions(trades: Trades) -> None:
    for _, model, position in fills_of(trades):
        assert Fraction(position.quantity) == model.quantity
        rounding = STEP * model.partial_closes
        assert abs(Fraction(position.cost) - model.average * model.quantity) <= rounding
        assert abs(Fraction(position.realised) - model.realised) <= rounding


@settings(max_examples=50)
@given(TRADES, PRICES)
def test_profit_is_what_came_in_less_what_went_out_to_the_last_digit(trades: Trades, mark: Decimal) -> None:
    for _, model, position in fills_of(trades):
        worth = model.cash + model.quantity * Fraction(mark)
        assert Fraction(position.realised) + Fraction(position.unrealised(mark)) == worth


@settings(max_examples=50)
@given(TRADES, PRICES)
def test_a_position_that_is_closed_leaves_nothing(trades: Trades, price: Decimal) -> None:
    *_, (_, model, position) = fills_of(trades)
    if position.quantity:
        side = Side.SELL if position.quantity > 0 else Side.BUY
        closing = fill(side, abs(position.quantity), price)
        position = position.apply(closing)
        model.take(closing)
    assert position == Position("BTCUSDT", realised=position.realised)
    assert position.average_price == 0
    assert Fraction(position.realised) == model.cash


@settings(max_examples=50)
@given(TRADES)
def test_after_a_reversal_the_new_side_cost_what_it_was_traded_at(trades: Trades) -> None:
    before = Position("BTCUSDT")
    for trade, _, after in fills_of(trades):
        if before.quantity * after.quantity < 0:
            assert after.cost == after.quantity * trade.price
            assert after.average_price == trade.price
        before = after


@settings(max_examples=50)
@given(st.lists(st.tuples(QUANTITIES, PRICES), min_size=1, max_size=5), PRICES, st.data())
def test_in_how_many_parts_it_is_sold_does_not_change_the_profit(
    bought: list[tuple[Decimal, Decimal]], price: Decimal, data: st.DataObject
) -> None:
    held = Position("BTCUSDT")
    for size, paid in bought:
        held = held.apply(fill(Side.BUY, size, paid))
    at_once = held.apply(fill(Side.SELL, held.quantity, price))
    for _ in range(3):
        units = data.draw(st.integers(1, int(held.quantity.scaleb(8))))
        if Decimal(units).scaleb(-8) < held.quantity:
            held = held.apply(fill(Side.SELL, Decimal(units).scaleb(-8), price))
    assert held.apply(fill(Side.SELL, held.quantity, price)) == at_once


def test_golden_additions_a_reduction_and_a_reversal() -> None:
    held = Position("BTCUSDT")
    for side, size, price in ((Side.BUY, "10", "100"), (Side.BUY, "10", "110"), (Side.SELL, "5", "120")):
        held = held.apply(fill(side, size, price))
    assert held == Position("BTCUSDT", Decimal(15), Decimal(1575), Decimal(75))
    assert held.average_price == 105
    assert held.unrealised(Decimal(100)) == -75
    held = held.apply(fill(Side.SELL, "20", "90"))
    assert held == Position("BTCUSDT", Decimal(-5), Decimal(-450), Decimal(-150))
    assert held.average_price == 90
    assert held.unrealised(Decimal(80)) == 50
    assert held.apply(fill(Side.BUY, "5", "80")) == Position("BTCUSDT", Decimal(0), Decimal(0), Decimal(-100))


def test_thirds_of_a_cost_that_three_does_not_divide_add_up() -> None:
    held = Position("BTCUSDT").apply(fill(Side.BUY, "1", "4")).apply(fill(Side.BUY, "2", "3"))
    for left in ("6.666666666667", "3.333333333333", "0"):
        held = held.apply(fill(Side.SELL, "1", "5"))
        assert held.cost == Decimal(left)
    assert held == Position("BTCUSDT", realised=Decimal(5))


def test_what_is_sold_whole_is_not_rounded() -> None:
    held = Position("BTCUSDT").apply(fill(Side.BUY, "0.00000003", "0.00000001"))
    assert held.apply(fill(Side.SELL, "0.00000003", "0.00000002")).realised == Decimal("0.0000000000000003")


@pytest.mark.parametrize(
    ("number", "value"),
    [
        ("quantity", "-1"),
        ("quantity", "NaN"),
        ("quantity", "Infinity"),
        ("price", "0"),
        ("price", "-5"),
        ("fee", "NaN"),
    ],
)
def test_a_fill_that_makes_no_sense_is_refused(number: str, value: str) -> None:
    with pytest.raises(DataError, match=r"fill Q1-1: .* makes no sense; reconcile with the venue"):
        fill(Side.BUY, "1", "1", **{number: Decimal(value)})


def test_a_rebate_is_a_negative_fee() -> None:
    assert fill(Side.BUY, "2", "10.5", fee=Decimal("-0.01")).notional == 21
    assert fill(Side.BUY, "2", "10.5", time=NOW + 1) != fill(Side.BUY, "2", "10.5")
