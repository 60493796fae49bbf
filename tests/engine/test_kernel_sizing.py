"""What a target of 1 means under each sizing, worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.scripts import (
    D1,
    FLAT,
    FREE,
    NAN,
    THURSDAY,
    filled,
    flat_bars,
    panel_of,
    rebalance,
    trade,
    trips,
    want,
    zigzag,
)
from quorum.domain import DAY
from quorum.engine import SIZINGS, Terms
from quorum.engine.kernel import Rates, quantity_of

RATES = Rates(0.001, 0.001, 0.0, 0.0, 0.0, 1e5, 0, 1.0, 1, False, False, 0.0)


def quantity(sizing: str, weight: float, spread: float = NAN, equity: float = 1_000.0, size: float = 1.0) -> float:
    """Units at a price of 50."""
    return quantity_of(weight, 50.0, spread, RATES._replace(sizing=SIZINGS[sizing], size=size), equity)


def test_sizing_turns_a_target_into_units() -> None:
    assert quantity("units", -0.5, size=3.0) == -1.5
    assert quantity("weight", -0.5, size=3.0) == -30.0
    assert quantity("cash", 1.0) == pytest.approx(1_000 / (50 * 1.001))
    assert quantity("volatility", 0.5, spread=0.8, size=0.2) == 2.5
    assert quantity("atr", 0.5, spread=2.0, size=0.01) == 2.5


def test_volatility_and_range_use_no_leverage() -> None:
    assert quantity("volatility", 1.0, spread=0.1, size=0.2) == 20.0
    assert quantity("atr", 1.0, spread=0.1, size=0.01) == 20.0


@pytest.mark.parametrize("spread", [NAN, 0.0])
@pytest.mark.parametrize("sizing", ["volatility", "atr"])
def test_a_measure_that_is_not_known_means_none(sizing: str, spread: float) -> None:
    assert quantity(sizing, 1.0, spread=spread) == 0.0


@pytest.mark.parametrize("sizing", ["weight", "cash", "volatility", "atr"])
def test_an_equity_that_is_used_up_enters_nothing(sizing: str) -> None:
    assert quantity(sizing, 1.0, spread=2.0, equity=-10.0) == 0.0
    assert quantity(sizing, 1.0, spread=2.0, equity=0.0) == 0.0


def test_a_ruined_account_closes_and_stays_flat() -> None:
    squeeze = flat_bars([10.0, 10.0, 40.0, 40.0, 40.0])
    result = trade(squeeze, [want(-1), want(1)], replace(FREE, sizing="weight"))
    assert [(t[0], t[1], t[2], t[7]) for t in trips(result)] == [(1, 2, -1, "target")]
    assert result.final_equity == -2_000.0


def test_cash_sizing_spends_exactly_the_cash() -> None:
    terms = Terms(fee_bps=25, slippage_bps=10, fee_per_unit=0.02, sizing="cash", starting_equity=1_000)
    result = trade(flat_bars([100.0, 100.0, 100.0]), [want(1)], terms)
    ((_, _, bought, price, fee),) = filled(result)
    assert price == pytest.approx(100.1)
    assert bought * price + fee == pytest.approx(1_000, rel=1e-14)
    assert result.final_equity == pytest.approx(bought * 100, rel=1e-14)


def test_cash_sizing_counts_what_is_held_of_the_symbol_as_cash() -> None:
    terms = replace(FREE, sizing="cash")
    result = trade(flat_bars([100.0, 100.0, 200.0, 200.0]), [want(1), want(0.5)], terms)
    assert [row[2] for row in filled(result)] == pytest.approx([10.0, -5.0])


def test_cash_sizing_of_a_panel_goes_by_the_cash_before_its_fills() -> None:
    """A second symbol bought with half of 1,000, then all cash that is left into the first."""
    panel = panel_of({"A": [10.0] * 4, "B": [20.0] * 4})
    result = rebalance(panel, {0: [0.0, 0.5], 1: [1.0, NAN]}, replace(FREE, sizing="cash"))
    assert result.position[-1].tolist() == pytest.approx([50.0, 25.0])


def test_volatility_sizing_holds_the_part_of_equity_that_has_it() -> None:
    """Every day ln 1.01 up or down, weekends traded: a yearly volatility of ln 1.01 * sqrt(20 / 19 * 365)."""
    bars = zigzag(40, 1.0)
    yearly = np.log(1.01) * np.sqrt(20 / 19 * 365)
    assert yearly > 0.15
    result = trade(bars, [FLAT] * 29 + [want(1)], replace(FREE, sizing="volatility", size=0.15))
    assert filled(result)[0][:3] == (30, 29, pytest.approx(0.15 / yearly * 1_000 / 100))
    assert filled(trade(bars, [FLAT] * 29 + [want(1)], replace(FREE, sizing="volatility", size=9.0)))[0][2] == 10.0


def test_a_year_without_weekends_has_252_days() -> None:
    days = np.busday_offset("2024-01-04", np.arange(40)).astype("datetime64[ns]").astype(np.int64)
    bars = replace(zigzag(40, 1.0), time=days)
    yearly = np.log(1.01) * np.sqrt(20 / 19 * 252)
    result = trade(bars, [FLAT] * 29 + [want(1)], replace(FREE, sizing="volatility", size=0.1))
    assert filled(result)[0][2] == pytest.approx(0.1 / yearly * 1_000 / 100)


def test_volatility_is_known_after_20_days_and_a_target_before_trades_nothing_until_it_changes() -> None:
    terms = replace(FREE, sizing="volatility", size=0.15)
    early = trade(zigzag(40, 1.0), [FLAT] * 19 + [want(1)], terms)
    assert len(early.rows) == 0
    assert [row[:2] for row in filled(trade(zigzag(40, 1.0), [FLAT] * 20 + [want(1)], terms))] == [(21, 20)]
    changed = trade(zigzag(40, 1.0), [FLAT] * 19 + [want(1)] * 10 + [want(0.5)], terms)
    assert [row[:2] for row in filled(changed)] == [(30, 29)]


def test_prices_that_stand_still_have_no_volatility_whatever_they_did_before() -> None:
    closes = [100.0, 170.0, 60.0, 111.0] * 5 + [100.0] * 40
    bars = replace(flat_bars(closes), timeframe=D1, time=THURSDAY + np.arange(60) * DAY)
    assert len(trade(bars, [FLAT] * 50 + [want(1)], replace(FREE, sizing="volatility", size=0.15)).rows) == 0


def test_volatility_does_not_depend_on_where_the_bars_start() -> None:
    rng = np.random.default_rng(3)
    closes = 100 * np.exp(np.cumsum(rng.normal(0, 0.03, 300)))
    bars = replace(flat_bars(closes.tolist()), timeframe=D1, time=THURSDAY + np.arange(300) * DAY)
    terms = replace(FREE, sizing="volatility", size=0.15)
    whole = trade(bars, [FLAT] * 250 + [want(1)], terms)
    part = trade(bars.slice(200, 300), [FLAT] * 50 + [want(1)], terms)
    assert filled(whole)[0][2] == filled(part)[0][2]


@pytest.mark.parametrize(
    ("wanted", "lot", "held"),
    [(7.9, 1.0, 7.0), (-7.9, 1.0, -7.0), (0.9, 1.0, 0.0), (0.3, 0.1, 0.3), (7.9, 2.5, 7.5), (7.9, 0.0, 7.9)],
)
def test_a_target_is_held_in_whole_lots_towards_nothing(wanted: float, lot: float, held: float) -> None:
    terms = replace(FREE, size=abs(wanted), starting_equity=1e6, lot=lot)
    result = trade(flat_bars([10.0] * 4), [FLAT, want(1.0 if wanted > 0 else -1.0)], terms)
    assert [quantity for _, _, quantity, _, _ in filled(result)] == pytest.approx([held] if held else [])


def test_a_lot_of_nothing_changes_nothing_and_a_fine_one_little() -> None:
    bars = zigzag(60, 1e6)
    targets = [want(0.3) if k % 5 else FLAT for k in range(60)]
    plain = trade(bars, targets, Terms())
    assert np.array_equal(trade(bars, targets, Terms(lot=0.0)).rows, plain.rows)
    assert trade(bars, targets, Terms(lot=1e-6)).equity == pytest.approx(plain.equity, rel=1e-6)
    coarse = trade(bars, targets, Terms(lot=100.0))
    held = np.cumsum(coarse.rows[:, 3]) / 100.0
    assert np.array_equal(held, np.round(held))
    assert not np.array_equal(coarse.equity, plain.equity)
