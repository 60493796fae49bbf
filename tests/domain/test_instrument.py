"""Prices and quantities lie on their grids, money keeps to its currency, symbols name both sides of a pair."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.words import AMOUNTS, decimals
from quorum.domain import Instrument, Money, UsageError, split_symbol

STEPS = st.sampled_from([Decimal(s) for s in ("0.00000001", "0.001", "0.01", "0.05", "0.25", "0.3", "1", "7", "100")])
VALUES = decimals(-(10**14), 10**14, 8)


def grid(tick: Decimal | str = "0.01", lot: Decimal | str = "0.001", smallest: str = "0") -> Instrument:
    return Instrument("BTCUSDT", "binance", "BTC", "USDT", Decimal(tick), Decimal(lot), Decimal(smallest))


@given(STEPS, VALUES)
def test_a_price_is_the_nearest_tick_and_a_tie_goes_to_the_even_one(tick: Decimal, value: Decimal) -> None:
    price = grid(tick=tick).price(value)
    steps, off = Fraction(price) / Fraction(tick), abs(Fraction(price) - Fraction(value))
    assert steps.denominator == 1
    assert off <= Fraction(tick) / 2
    assert off < Fraction(tick) / 2 or steps % 2 == 0
    assert grid(tick=tick).price(price) == price


@given(STEPS, VALUES)
def test_a_quantity_is_cut_to_whole_lots_and_never_grows(lot: Decimal, value: Decimal) -> None:
    quantity = grid(lot=lot).quantity(value)
    assert (Fraction(quantity) / Fraction(lot)).denominator == 1
    assert abs(value) - lot < abs(quantity) <= abs(value)
    assert quantity * value >= 0
    assert grid(lot=lot).quantity(quantity) == quantity


def test_no_digit_that_division_would_round_makes_a_quantity_larger() -> None:
    almost = Decimal("2." + "9" * 27)
    assert grid(lot="3").quantity(almost) == 0


@given(st.floats(-1e9, 1e9))
def test_a_float_means_the_digits_that_it_is_written_with(value: float) -> None:
    assert grid().price(value) == grid().price(Decimal(repr(value)))
    assert grid().quantity(value) == grid().quantity(Decimal(repr(value)))


def test_golden_roundings() -> None:
    assert [str(grid().price(v)) for v in (0.125, 0.135, 1.005, Decimal("7.999"))] == ["0.12", "0.14", "1.00", "8.00"]
    assert [str(grid().quantity(v)) for v in (0.3, 0.0019, -0.0019, Decimal(2))] == [
        "0.300",
        "0.001",
        "-0.001",
        "2.000",
    ]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("-Infinity"), Decimal("NaN")])
def test_what_is_not_finite_has_no_place_on_a_grid(value: Decimal | float) -> None:
    for place in (grid().price, grid().quantity):
        with pytest.raises(UsageError, match=r"BTCUSDT: .* is no price and no quantity"):
            place(value)


@pytest.mark.parametrize(("tick", "lot", "smallest"), [("0", "1", "0"), ("1", "-1", "0"), ("1", "1", "-0.01")])
def test_a_grid_without_steps_is_refused(tick: str, lot: str, smallest: str) -> None:
    with pytest.raises(UsageError, match=r"must be positive|must not be negative"):
        grid(tick, lot, smallest)


@given(AMOUNTS, AMOUNTS)
def test_money_of_one_currency_adds_up(one: Decimal, other: Decimal) -> None:
    total = Money(one, "EUR") + Money(other, "EUR")
    assert total == Money(one + other, "EUR")
    assert total - Money(other, "EUR") == Money(one + other - other, "EUR")
    assert -Money(one, "EUR") == Money(Decimal(0), "EUR") - Money(one, "EUR")


def test_money_of_two_currencies_does_not_add() -> None:
    euros, dollars = Money(Decimal(1), "EUR"), Money(Decimal(1), "USD")
    with pytest.raises(UsageError, match="EUR and USD do not add; convert one of them first"):
        euros + dollars
    with pytest.raises(UsageError, match="USD and EUR do not add"):
        dollars - euros
    assert euros != dollars
    with pytest.raises(FrozenInstanceError):
        euros.amount = Decimal(2)  # type: ignore[misc]  # that this is refused is the point


@pytest.mark.parametrize(
    ("symbol", "pair"),
    [
        ("BTCUSDT", ("BTC", "USDT")),
        ("BTC/USDT", ("BTC", "USDT")),
        ("BTC-USD", ("BTC", "USD")),
        ("ETHBTC", ("ETH", "BTC")),
        ("USDTUSD", ("USDT", "USD")),
        ("XBT/JPY", ("XBT", "JPY")),
        ("1INCHUSDC", ("1INCH", "USDC")),
        ("AAPL", ("AAPL", "USD")),
        ("GBTC", ("GBTC", "USD")),
        ("WETH", ("WETH", "USD")),
        ("BRK.B", ("BRK.B", "USD")),
        ("BRK-B", ("BRK-B", "USD")),
        ("BRK/B", ("BRK/B", "USD")),
        ("USD", ("USD", "USD")),
    ],
)
def test_a_symbol_names_its_base_and_its_quote(symbol: str, pair: tuple[str, str]) -> None:
    assert split_symbol(symbol) == pair
