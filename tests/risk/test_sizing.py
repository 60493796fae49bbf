"""Sizes are whole lots, never above what is asked or what the way of sizing allows, and bad numbers are named."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.words import decimals
from quorum.domain import UsageError
from quorum.risk import (
    kelly,
    kelly_bet,
    size_by_kelly,
    size_by_stop,
    size_by_tier,
    size_by_volatility,
    smallest_size,
)
from risk.books import instrument
from risk.test_limits import INSTRUMENTS, MARKS

GRID = instrument()
D = Decimal
SHARES = decimals(1, 200, 2)
MANY = 10**12


@given(decimals(1, 10**9, 2), MARKS, SHARES, SHARES, SHARES)
def test_a_trade_sized_by_volatility_moves_no_more_than_its_target(
    equity: Decimal, price: Decimal, fast: Decimal, slow: Decimal, target: Decimal
) -> None:
    size = size_by_volatility(equity, price, (fast, slow), target, GRID)
    worth = Fraction(size) * Fraction(price)
    assert size % GRID.lot == 0
    assert worth * Fraction(max(fast, slow)) <= Fraction(equity) * Fraction(target) * (1 + Fraction(1, 10**20))
    assert worth <= Fraction(equity)


def test_golden_sizes() -> None:
    assert size_by_volatility(D(10_000), D(100), (D("0.5"), D("0.4")), D("0.25"), GRID) == 50
    assert size_by_volatility(D(10_000), D(100), (D("0.1"),), D("0.25"), GRID) == 100
    assert size_by_volatility(D(10_000), D(100), (D("0.1"),), D("0.25"), GRID, most=D(2)) == 200
    assert size_by_volatility(D(10_000), D(100), (), D("0.25"), GRID) == 0
    assert size_by_volatility(D(-1), D(100), (D("0.1"),), D("0.25"), GRID) == 0
    assert size_by_kelly(D(10_000), D(100), -0.25, GRID) == 25
    assert [size_by_tier(D("1.5007"), tier, GRID) for tier in "ABCDF"] == [D("1.5"), D("1.5"), 0, 0, 0]
    assert size_by_tier(D(1), "C", GRID, D("0.25")) == D("0.25")
    assert smallest_size(D(9), (D("3.1415"), D(4)), GRID) == D("3.141")
    assert smallest_size(D("2.0009"), (), GRID) == 2


@pytest.mark.real_data
def test_golden_kelly_of_the_reference(shared: Path) -> None:
    cases = json.loads((shared / "reference/risk/kelly.json").read_text())
    for case in cases["binary"]:
        assert kelly_bet(case["p"], case["b"], MANY, share=1.0) == pytest.approx(case["kelly"], abs=1e-5)
    for case in cases["continuous"]:
        edge = case["mu"] - case["r"]
        assert kelly(edge, case["sigma"], MANY, share=1.0, most=10.0) == pytest.approx(case["kelly"], rel=1e-9)


@given(st.floats(-0.01, 0.01), st.floats(0.001, 0.1), st.integers(2, 5_000), st.integers(1, 5_000))
def test_kelly_shrinks_with_fewer_days_and_stays_within_its_caps(
    mean: float, spread: float, days: int, more: int
) -> None:
    few, many = kelly(mean, spread, days), kelly(mean, spread, days + more)
    assert abs(few) <= abs(many) + 1e-12 <= 1.0 + 1e-12
    assert few * mean >= 0
    assert abs(many) <= 0.25 * abs(mean) / spread**2 + 1e-12


@given(st.floats(0, 1), st.floats(0.1, 10), st.integers(1, 1_000))
def test_a_bet_without_an_edge_stakes_nothing(win: float, odds: float, bets: int) -> None:
    stake = kelly_bet(win, odds, bets)
    assert 0 <= stake <= 0.25
    if win - (1 - win) / odds <= 0:
        assert stake == 0


@pytest.mark.parametrize("bad", ["NaN", "Infinity", "-1"])
@pytest.mark.parametrize(
    ("name", "ask"),
    [
        ("price", lambda v: size_by_stop(D(1), v, D(1), D("0.01"), GRID)),
        ("stop", lambda v: size_by_stop(D(1), D(1), v, D("0.01"), GRID)),
        ("risk", lambda v: size_by_stop(D(1), D(1), D(2), v, GRID)),
        ("price", lambda v: size_by_volatility(D(1), v, (D(1),), D(1), GRID)),
        (r"volatility\[1\]", lambda v: size_by_volatility(D(1), D(1), (D(1), v), D(1), GRID)),
        ("target", lambda v: size_by_volatility(D(1), D(1), (D(1),), v, GRID)),
        ("price", lambda v: size_by_kelly(D(1), v, 0.1, GRID)),
        ("asked", lambda v: size_by_tier(v, "A", GRID)),
        (r"size\[1\]", lambda v: smallest_size(D(1), (v,), GRID)),
    ],
)
def test_a_number_that_makes_no_sense_is_refused_by_name(name: str, ask: Callable[[Decimal], object], bad: str) -> None:
    with pytest.raises(UsageError, match=f"^{name} = {bad} must"):
        ask(D(bad))


@pytest.mark.parametrize(
    "ask",
    [
        lambda: kelly(float("nan"), 0.1, 100),
        lambda: kelly(0.1, 0.0, 100),
        lambda: kelly(0.1, 0.1, 1),
        lambda: kelly_bet(1.1, 1.0, 10),
        lambda: kelly_bet(0.5, 0.0, 10),
        lambda: kelly_bet(0.5, 1.0, 0),
        lambda: size_by_kelly(D(1), D(1), float("nan"), GRID),
        lambda: size_by_tier(D(1), "E", GRID),
        lambda: size_by_tier(D(1), "C", GRID, D("1.5")),
    ],
)
def test_what_nobody_can_size_is_refused(ask: Callable[[], object]) -> None:
    with pytest.raises(UsageError):
        ask()


def test_what_costs_nothing_is_not_bought() -> None:
    assert size_by_stop(D(100_000), D(0), D(1), D("0.005"), GRID) == 0
    assert size_by_volatility(D(100_000), D(0), (D("0.4"),), D("0.1"), GRID) == 0
    assert size_by_kelly(D(100_000), D(0), 0.1, GRID) == 0


@given(decimals(0, 10**9, 4), st.lists(decimals(0, 10**9, 4), max_size=4), INSTRUMENTS)
def test_no_way_of_sizing_grows_what_is_asked(asked: Decimal, sizes: list[Decimal], grid: object) -> None:
    size = smallest_size(asked, sizes, GRID)
    assert size <= asked
    assert all(size <= other for other in sizes)
