"""Limits are bounded, a collar is kept to the tick, and a trade sized by its stop loses no more than it may."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.words import decimals, proposal
from quorum.domain import Instrument, Side, UsageError, canonical
from quorum.risk import RiskLimits, collar, size_by_stop
from risk.books import instrument, some_instrument, some_limits

LIMITS = st.builds(some_limits, st.randoms(use_true_random=False))
INSTRUMENTS = st.builds(some_instrument, st.randoms(use_true_random=False))
MARKS = decimals(9_000, 11_000, 2)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in ("max_position", "max_deployed") for value in ("0", "-0.1")),
        *((name, value) for name in ("risk_per_trade", "max_total_loss") for value in ("0", "-0.1", "1.01", "20")),
        *((name, "-1") for name in ("min_reward_risk", "min_order_notional")),
        *(("price_collar_bps", value) for value in ("-1", "10000")),
    ],
)
def test_a_limit_out_of_bounds_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"^{name} = {value} must") as refusal:
        RiskLimits.read({name: value})
    assert "\n" not in str(refusal.value)


def test_the_limits_of_a_crypto_book_are_the_default() -> None:
    assert RiskLimits() == RiskLimits.read(
        {
            "risk_per_trade": "0.005",
            "max_position": "0.4",
            "max_deployed": "0.6",
            "max_total_loss": "0.2",
            "min_reward_risk": "1.5",
            "min_order_notional": "10",
            "price_collar_bps": "100",
            "allow_short": False,
        }
    )


@settings(max_examples=40)
@given(LIMITS)
def test_limits_read_back(limits: RiskLimits) -> None:
    assert RiskLimits.read(json.loads(canonical(limits))) == limits


@given(LIMITS, INSTRUMENTS, MARKS, st.sampled_from(Side))
def test_a_collar_is_the_last_tick_within_its_width(
    limits: RiskLimits, grid: Instrument, price: Decimal, side: Side
) -> None:
    worst, tick = Fraction(collar(proposal(side=side, price=price), limits, grid)), Fraction(grid.tick)
    edge = Fraction(price) * (1 + side.sign * Fraction(limits.price_collar_bps) / 10_000)
    assert (worst / tick).denominator == 1
    assert side.sign * worst <= side.sign * edge < side.sign * worst + tick


def test_golden_collars() -> None:
    wide = RiskLimits(price_collar_bps=Decimal(100))
    for side, price, tick, worst in (
        (Side.BUY, "100", "0.01", "101"),
        (Side.SELL, "100", "0.01", "99"),
        (Side.BUY, "60", "1", "60"),
        (Side.SELL, "60", "1", "60"),
        (Side.BUY, "0.00001234", "0.00000001", "0.00001246"),
        (Side.SELL, "0.00001234", "0.00000001", "0.00001222"),
    ):
        assert collar(proposal(side=side, price=Decimal(price)), wide, instrument(tick=tick)) == Decimal(worst)


@given(decimals(1, 10**9, 2), MARKS, MARKS, decimals(1, 500, 4), INSTRUMENTS)
def test_a_trade_sized_by_its_stop_loses_at_most_its_risk_and_not_a_lot_less(
    equity: Decimal, price: Decimal, stop: Decimal, risk: Decimal, grid: Instrument
) -> None:
    quantity = size_by_stop(equity, price, stop, risk, grid)
    distance, most = abs(Fraction(price) - Fraction(stop)), Fraction(equity) * Fraction(risk)
    assert (Fraction(quantity) / Fraction(grid.lot)).denominator == 1
    assert quantity >= 0
    assert Fraction(quantity) * distance <= most
    assert distance == 0 or (Fraction(quantity) + Fraction(grid.lot)) * distance > most


def test_there_is_no_size_without_equity_or_without_a_distance() -> None:
    hundred, risk = Decimal(100), Decimal("0.005")
    assert size_by_stop(Decimal(10_000), hundred, Decimal(98), risk, instrument()) == 25
    assert size_by_stop(Decimal(10_000), hundred, Decimal(102), risk, instrument()) == 25
    for equity, stop in ((Decimal(0), Decimal(98)), (Decimal(-1), Decimal(98)), (Decimal(10_000), hundred)):
        assert size_by_stop(equity, hundred, stop, risk, instrument()) == 0
