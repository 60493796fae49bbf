"""Fees, slippage, impact, funding and borrowing, worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.scripts import (
    D1,
    FLAT,
    FREE,
    THURSDAY,
    bars_of,
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
from quorum.engine import Backtest, Terms


def round_trip(terms: Terms) -> Backtest:
    """Two units bought at 100 and sold at 110."""
    return trade(flat_bars([100.0, 100.0, 110.0, 110.0]), [want(1), FLAT, FLAT], replace(terms, size=2.0))


def test_a_fee_is_a_share_of_the_notional() -> None:
    assert [row[4] for row in filled(round_trip(replace(FREE, fee_bps=10)))] == pytest.approx([0.2, 0.22])


def test_a_fee_per_unit_comes_on_top() -> None:
    result = round_trip(replace(FREE, fee_bps=10, fee_per_unit=0.05))
    assert [row[4] for row in filled(result)] == pytest.approx([0.3, 0.32])
    assert result.final_equity == pytest.approx(1_020 - 0.62)


def test_the_least_fee_is_paid_by_each_fill_that_would_pay_less() -> None:
    result = round_trip(replace(FREE, fee_bps=10, minimum_fee=0.21))
    assert [row[4] for row in filled(result)] == pytest.approx([0.21, 0.22])


@pytest.mark.parametrize(("maker_bps", "fee"), [(None, 0.106), (4.0, 0.0424), (-2.0, -0.0212), (0.0, 0.0)])
def test_a_limit_inside_the_bar_pays_the_makers_fee_and_no_slippage(maker_bps: float | None, fee: float) -> None:
    bars = bars_of([(100.0, 101.0, 99.0, 100.0)] * 2 + [(100.0, 107.0, 93.0, 100.0)])
    terms = replace(FREE, fee_bps=10, maker_bps=maker_bps, slippage_bps=100)
    limit = filled(trade(bars, [want(1, target=106)], terms))
    assert limit[1][3:] == (106.0, pytest.approx(fee))
    stop = filled(trade(bars, [want(1, stop=94)], terms))
    assert stop[1][3:] == (pytest.approx(94 * 0.99), pytest.approx(94 * 0.99 * 1e-3))


def test_slippage_makes_both_sides_worse() -> None:
    assert [row[3] for row in filled(round_trip(replace(FREE, slippage_bps=50)))] == pytest.approx([100.5, 109.45])
    short = trade(flat_bars([100.0, 100.0, 100.0]), [want(-1), FLAT], replace(FREE, slippage_bps=50))
    assert [row[3] for row in filled(short)] == pytest.approx([99.5, 100.5])


def test_impact_is_volatility_times_the_root_of_the_share_of_the_volume() -> None:
    """20 days of ln 1.01 up and down: daily volatility ln 1.01 * sqrt(20 / 19); 5 of 2,000 units; factor 0.8."""
    bars = zigzag(40, 2_000.0)
    terms = replace(FREE, impact=0.8, size=5.0)
    result = trade(bars, [FLAT] * 29 + [want(1)], terms)
    volatility = np.log(1.01) * np.sqrt(20 / 19)
    moved = 0.8 * volatility * np.sqrt(5 / 2_000)
    assert filled(result)[0][:4] == (30, 29, 5.0, pytest.approx(100 * (1 + moved)))


def test_impact_is_of_the_days_before_the_bar() -> None:
    bars = zigzag(40, 2_000.0)
    assert bars.volume is not None
    flooded = bars.volume.copy()
    flooded[30] = 1e9
    terms = replace(FREE, impact=0.8, size=5.0)
    wanted = [FLAT] * 29 + [want(1)]
    assert filled(trade(replace(bars, volume=flooded), wanted, terms)) == filled(trade(bars, wanted, terms))


def test_a_sale_that_would_move_the_price_below_nothing_gets_nothing() -> None:
    result = trade(zigzag(40, 1.0), [FLAT] * 29 + [want(-1)], replace(FREE, impact=100.0, size=1e6, fee_bps=10))
    assert filled(result)[0][3:] == (0.0, 0.0)


@pytest.mark.parametrize(("side", "paid"), [(1, -3.0), (-1, 3.0)])
def test_who_is_long_pays_a_positive_funding_rate_and_who_is_short_gets_it(side: int, paid: float) -> None:
    """1 % of 2 units at the open of 150; the rates of the entry's bar and of the bar after the exit are not his."""
    bars = flat_bars([100.0, 100.0, 150.0, 150.0, 150.0], funding=[0.01, 0.01, 0.01, 0.0, 0.01])
    result = trade(bars, [want(side), want(side), FLAT], replace(FREE, size=2.0))
    assert result.equity[1:].tolist() == pytest.approx([1_000.0] + [1_000 + side * 100 + paid] * 3)
    assert result.final_equity - 1_000 - result.trades.profit.sum() == pytest.approx(paid)


def test_a_negative_funding_rate_is_paid_by_the_short() -> None:
    bars = flat_bars([100.0] * 4, funding=[0.0, 0.0, -0.02, 0.0])
    assert trade(bars, [want(1)], FREE).final_equity == pytest.approx(1_002.0)
    assert trade(bars, [want(-1)], FREE).final_equity == pytest.approx(998.0)


def test_funding_is_paid_on_what_was_held_into_the_bar_not_on_what_its_open_brings() -> None:
    bars = flat_bars([100.0] * 4, funding=[0.0, 0.0, 0.01, 0.0])
    assert trade(bars, [FLAT, want(1)], FREE).final_equity == pytest.approx(1_000.0)
    assert trade(bars, [want(1), FLAT], FREE).final_equity == pytest.approx(999.0)


def test_a_symbol_without_the_bar_pays_funding_at_its_newest_price() -> None:
    funding = np.array([[0.0, 0.0], [0.0, 0.0], [0.01, 0.0], [0.0, 0.0]])
    panel = panel_of({"A": [10.0, 20.0, float("nan"), 40.0], "B": [1.0] * 4}, funding=funding)
    assert rebalance(panel, {0: [1.0, 0.0]}).equity.tolist() == pytest.approx([1_000, 1_000, 999.8, 1_019.8])


def test_borrowing_accrues_over_the_time_between_bars() -> None:
    """Short 2 units from Friday's open: Monday's bar pays three days of 36.5 % a year on Friday's close."""
    time = THURSDAY + np.array([0, 1, 4, 5]) * DAY
    bars = replace(flat_bars([100.0, 100.0, 120.0, 120.0]), timeframe=D1, time=time)
    result = trade(bars, [want(-1)], replace(FREE, size=2.0, borrow_rate=0.365))
    friday, monday = 0.0, 2 * 100 * 0.001 * 3
    tuesday = 2 * 120 * 0.001
    assert result.equity.tolist() == pytest.approx(
        [1_000, 1_000 - friday, 1_000 - 40 - monday, 1_000 - 40 - monday - tuesday]
    )
    assert trade(bars, [want(1)], replace(FREE, borrow_rate=0.365)).final_equity == pytest.approx(1_020.0)


def test_profit_is_after_fees_and_before_what_holding_cost() -> None:
    bars = flat_bars([100.0] * 4, funding=[0.0, 0.0, 0.01, 0.0])
    result = trade(bars, [want(1)], replace(FREE, fee_bps=10))
    assert trips(result)[0][6] == pytest.approx(-0.1)
    assert result.final_equity == pytest.approx(1_000 - 0.1 - 1)
