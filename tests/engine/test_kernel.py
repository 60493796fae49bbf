"""The kernel against a slow model of its rules, trade by trade and bar by bar, and against cases worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.model import Bar, Costs, Wish, simulate
from engine.scripts import FLAT, FREE, NAN, bars_of, closes_of, trade, trips, want
from quorum.domain import InvalidSignal
from quorum.engine import Terms
from quorum.engine.backtest import REASONS, SIZINGS
from quorum.engine.kernel import Market, Rates, TradeRows, Wishes, quantity_of, run

Floats = NDArray[np.float64]


def columns(rows: list[tuple[float, ...]], width: int) -> list[Floats]:
    """The rows as columns in the form that the kernel is compiled for."""
    held = [np.ascontiguousarray(c) for c in np.array(rows, dtype=np.float64).reshape(-1, width).T]
    for column in held:
        column.flags.writeable = False
    return held


def kernel(bars: list[Bar], wishes: list[Wish], costs: Costs) -> tuple[Floats, list[tuple[Any, ...]]]:
    """Equity and round trips as the kernel has them."""
    n = len(bars)
    market = Market(*columns([(b.fill, b.high, b.low, b.close) for b in bars], 4))
    asked = Wishes(*columns([(w.weight, w.stop, w.target, w.trail, w.spread) for w in wishes], 5))
    rates = Rates(costs.fee, costs.slippage, costs.cash, SIZINGS[costs.sizing], costs.size)
    equity, kinds = np.empty(n), (*[np.int64] * 2, *[np.float64] * 5, np.int64)
    rows = TradeRows(*(np.empty(2 * n + 1, kind) for kind in kinds))
    count = run(market, asked, rates, equity, rows)
    found = zip(*(column[:count].tolist() for column in rows), strict=True)
    return equity, [(*row[:-1], REASONS[row[-1]]) for row in found]


def assert_equal_to_the_model(bars: list[Bar], wishes: list[Wish], costs: Costs) -> None:
    equity, rows = kernel(bars, wishes, costs)
    slow_equity, slow_trips = simulate(bars, wishes, costs)
    scale = max(costs.cash, float(np.abs(slow_equity).max()))
    assert equity == pytest.approx(slow_equity, rel=1e-12, abs=1e-12 * scale)
    expected = [t.row() for t in slow_trips]
    assert [(r[0], r[1], r[7]) for r in rows] == [(r[0], r[1], r[7]) for r in expected]
    for row, slow in zip(rows, expected, strict=True):
        assert row[2:5] == pytest.approx(slow[2:5], rel=1e-12)
        assert row[5:7] == pytest.approx(slow[5:7], rel=1e-12, abs=1e-12 * scale)
        assert row[6] == pytest.approx(row[2] * (row[4] - row[3]) - row[5], rel=1e-12, abs=1e-12 * scale)
    assert equity[-1] - costs.cash == pytest.approx(sum(r[6] for r in rows), rel=1e-12, abs=1e-12 * scale)


steps = st.integers(-6, 6)
reach = st.integers(0, 4)
distance = st.one_of(st.just(NAN), st.integers(-2, 8).map(float))


@st.composite
def markets(draw: st.DrawFn) -> list[Bar]:
    """Walks in whole prices, so that opens, levels and extremes often meet; some with closes only."""
    n = draw(st.integers(2, 30))
    before, bars = draw(st.integers(30, 60)), []
    only_closes = draw(st.booleans())
    for _ in range(n):
        start, end = max(before + draw(steps), 5), max(before + draw(steps), 5)
        before = end
        if only_closes:
            bars.append(Bar(float(end), float(end), float(end), float(end)))
        else:
            high, low = max(start, end) + draw(reach), max(min(start, end) - draw(reach), 1)
            bars.append(Bar(float(start), float(high), float(low), float(end)))
    return bars


@st.composite
def scripts(draw: st.DrawFn, bars: list[Bar]) -> list[Wish]:
    """Targets that often stay, with exits around the close, now and then on its wrong side."""
    wishes, weight = [], 0.0
    for bar in bars:
        if draw(st.booleans()):
            weight = draw(st.sampled_from([0.0, 1.0, -1.0, 0.5, -0.25]))
        side = -1.0 if weight < 0 else 1.0
        stop, target = bar.close - side * draw(distance), bar.close + side * draw(distance)
        trail, spread = draw(st.sampled_from([NAN, NAN, 1.0, 3.0])), draw(st.sampled_from([NAN, 0.0, 0.5, 2.5]))
        wishes.append(Wish(weight, stop, target, trail, spread))
    return wishes


costs = st.builds(
    Costs,
    fee=st.sampled_from([0.0, 0.001, 0.03]),
    slippage=st.sampled_from([0.0, 0.0002, 0.05]),
    cash=st.sampled_from([100.0, 1e6]),
    sizing=st.sampled_from(sorted(SIZINGS)),
    size=st.sampled_from([0.05, 1.0, 3.0]),
)


@settings(max_examples=150)
@given(st.data())
def test_the_kernel_is_the_model(data: st.DataObject) -> None:
    bars = data.draw(markets())
    assert_equal_to_the_model(bars, data.draw(scripts(bars)), data.draw(costs))


def test_the_kernel_is_the_model_over_thousands_of_bars() -> None:
    rng = np.random.default_rng(5)
    n = 3_000
    close = 100.0 * np.exp(np.cumsum(rng.normal(0, 0.01, n)))
    start = np.append(100.0, close[:-1]) * (1 + rng.normal(0, 0.002, n))
    high, low = np.maximum(start, close) * 1.004, np.minimum(start, close) * 0.996
    bars = [Bar(*map(float, row)) for row in zip(start, high, low, close, strict=True)]
    weight = np.repeat(rng.choice([0.0, 1.0, -0.7, 0.3], n // 6), 6)
    wishes = [
        Wish(float(w), float(c * (1 - np.sign(w) * 0.02)), float(c * (1 + np.sign(w) * 0.03)), NAN, float(c * 0.01))
        for w, c in zip(weight, close, strict=True)
    ]
    for sizing, size in (("units", 2.0), ("weight", 0.8), ("volatility", 0.01)):
        assert_equal_to_the_model(bars[:400], wishes[:400], Costs(0.001, 0.0002, 1e5, sizing, size))
    equity, rows = kernel(bars, wishes, Costs(0.001, 0.0002, 1e5, "weight", 0.8))
    assert {r[7] for r in rows} >= {"target", "stop", "limit"}
    assert equity[-1] - 1e5 == pytest.approx(sum(r[6] for r in rows), rel=1e-12)


QUIET = (100.0, 101.0, 99.0, 100.0)


def test_a_gap_through_the_stop_leaves_at_the_open() -> None:
    bars = bars_of([QUIET, QUIET, (90.0, 92.0, 88.0, 91.0), QUIET])
    result = trade(bars, [want(1, stop=95)])
    assert trips(result) == [(1, 2, 1, 1.0, 100.0, 90.0, -10.0, "stop")]
    assert result.equity.tolist() == [1000.0, 1000.0, 990.0, 990.0]
    short = trade(bars_of([QUIET, QUIET, (110.0, 111.0, 108.0, 109.0)]), [want(-1, stop=105)])
    assert trips(short) == [(1, 2, -1, 1.0, 100.0, 110.0, -10.0, "stop")]


def test_a_stop_and_a_limit_inside_the_bar_fill_at_their_levels() -> None:
    bars = bars_of([QUIET, QUIET, (100.0, 107.0, 93.0, 100.0)])
    assert trips(trade(bars, [want(1, stop=94)]))[0][5:] == (94.0, -6.0, "stop")
    assert trips(trade(bars, [want(1, target=106)]))[0][5:] == (106.0, 6.0, "limit")
    assert trips(trade(bars, [want(-1, stop=106)]))[0][5:] == (106.0, -6.0, "stop")
    assert trips(trade(bars, [want(-1, target=94)]))[0][5:] == (94.0, 6.0, "limit")


def test_a_gap_through_the_limit_leaves_at_the_better_open() -> None:
    bars = bars_of([QUIET, QUIET, (110.0, 111.0, 109.0, 110.0)])
    assert trips(trade(bars, [want(1, target=105)])) == [(1, 2, 1, 1.0, 100.0, 110.0, 10.0, "limit")]


def test_a_bar_that_reaches_both_levels_leaves_at_the_stop() -> None:
    bars = bars_of([QUIET, QUIET, (100.0, 120.0, 80.0, 118.0)])
    assert trips(trade(bars, [want(1, stop=90, target=110)]))[0][5:] == (90.0, -10.0, "stop")
    assert trips(trade(bars, [want(-1, stop=110, target=90)]))[0][5:] == (110.0, -10.0, "stop")


def test_a_level_is_reached_by_touching_it() -> None:
    bars = bars_of([QUIET, QUIET])
    assert trips(trade(bars, [want(1, stop=99)])) == [(1, 1, 1, 1.0, 100.0, 99.0, -1.0, "stop")]
    assert trips(trade(bars, [want(1, target=101)])) == [(1, 1, 1, 1.0, 100.0, 101.0, 1.0, "limit")]
    assert trips(trade(bars, [want(1, stop=98.99, target=101.01)]))[0][7] == "open"


def test_after_a_stop_out_the_target_counts_as_0_until_it_changes() -> None:
    bars = bars_of([QUIET, (100.0, 100.0, 90.0, 95.0), QUIET, QUIET, QUIET, QUIET, QUIET])
    held = [want(1, stop=95), want(1), want(1), want(0.5), want(0.5), FLAT]
    found = trips(trade(bars, held))
    assert [(t[0], t[1], t[3], t[7]) for t in found] == [(1, 1, 1.0, "stop"), (4, 6, 0.5, "target")]


def test_a_reversal_closes_then_opens() -> None:
    bars = bars_of([QUIET, QUIET, (110.0, 110.0, 110.0, 110.0), (105.0, 105.0, 105.0, 105.0)])
    result = trade(bars, [want(1), want(-1)], Terms(10, 0, "units", 2, 1_000))
    assert trips(result) == [
        (1, 2, 1, 2.0, 100.0, 110.0, pytest.approx(20 - 0.2 - 0.22), "target"),
        (2, 3, -1, 2.0, 110.0, 105.0, pytest.approx(10 - 0.22), "open"),
    ]
    assert result.trades.fees.tolist() == pytest.approx([0.42, 0.22])
    assert result.final_equity == pytest.approx(1_000 + 30 - 0.64)


def test_an_entry_at_an_open_beyond_its_stop_leaves_at_once() -> None:
    bars = bars_of([QUIET, (90.0, 99.0, 89.0, 98.0), QUIET])
    result = trade(bars, [want(1, stop=95)], Terms(0, 100, "units", 1, 1_000))
    assert trips(result) == [(1, 1, 1, 1.0, 90.0 * 1.01, 90.0 * 0.99, pytest.approx(-1.8), "stop")]


def test_a_series_of_closes_fills_at_the_next_close() -> None:
    result = trade(closes_of([100.0, 102.0, 104.0, 97.0, 99.0]), [want(1, stop=98)])
    assert result.fill == "next_close"
    assert trips(result) == [(1, 3, 1, 1.0, 102.0, 97.0, -5.0, "stop")]
    assert result.equity.tolist() == [1000.0, 1000.0, 1002.0, 995.0, 995.0]


def test_the_signal_of_the_last_bar_is_never_filled() -> None:
    result = trade(bars_of([QUIET, QUIET, QUIET]), [FLAT, FLAT, want(1)])
    assert trips(result) == []
    assert result.equity.tolist() == [1000.0] * 3


def test_an_open_position_is_marked_at_the_last_close() -> None:
    result = trade(bars_of([QUIET, (100.0, 104.0, 100.0, 103.0)]), [want(1)], Terms(100, 0, "units", 1, 1_000))
    assert trips(result) == [(1, 1, 1, 1.0, 100.0, 103.0, pytest.approx(2.0), "open")]
    assert result.final_equity == pytest.approx(1_002.0)


def test_a_trailing_stop_follows_the_best_price_of_the_bars_before() -> None:
    rising = [QUIET, QUIET, (101.0, 108.0, 101.0, 107.0), (107.0, 109.0, 103.5, 106.0), (106.0, 106.0, 104.0, 105.0)]
    found = trips(trade(bars_of(rising), [want(1, trail=4)]))
    assert found == [(1, 3, 1, 1.0, 100.0, 104.0, 4.0, "stop")]
    falling = [QUIET, QUIET, (99.0, 99.0, 92.0, 93.0), (93.0, 95.0, 91.0, 92.0), (93.0, 97.0, 93.0, 96.0)]
    assert trips(trade(bars_of(falling), [want(-1, trail=4)])) == [(1, 4, -1, 1.0, 100.0, 95.0, 5.0, "stop")]


def test_slippage_moves_the_fill_and_not_the_trailing_stop() -> None:
    bars = bars_of([QUIET, QUIET, (97.0, 97.0, 96.0, 96.5)])
    found = trips(trade(bars, [want(1, trail=5)], Terms(0, 200, "units", 1, 1_000)))
    assert found[0][4] == pytest.approx(102.0)
    assert found[0][5:] == (pytest.approx(96.0 * 0.98), pytest.approx(96.0 * 0.98 - 102.0), "stop")


def test_the_tighter_of_stop_and_trail_holds() -> None:
    bars = bars_of([QUIET, QUIET, (100.0, 100.0, 90.0, 91.0)])
    assert trips(trade(bars, [want(1, stop=97, trail=8)]))[0][5] == 97.0
    assert trips(trade(bars, [want(1, stop=91, trail=3)]))[0][5] == 98.0
    up = bars_of([QUIET, QUIET, (100.0, 110.0, 100.0, 109.0)])
    assert trips(trade(up, [want(-1, stop=103, trail=8)]))[0][5] == 103.0
    assert trips(trade(up, [want(-1, stop=109, trail=3)]))[0][5] == 102.0


def test_a_round_trip_keeps_the_averages_of_all_that_went_in_and_out() -> None:
    rows = [(p, p, p, p) for p in (100.0, 100.0, 110.0, 120.0, 130.0)]
    result = trade(bars_of(rows), [want(1), want(0.5), want(0.75), FLAT], Terms(0, 0, "units", 4, 1_000))
    entry, leave = (4 * 100 + 1 * 120) / 5, (2 * 110 + 3 * 130) / 5
    assert trips(result) == [(1, 4, 1, 5.0, pytest.approx(entry), pytest.approx(leave), pytest.approx(90.0), "target")]
    assert result.final_equity == pytest.approx(1_090.0)


def test_sizing_turns_a_target_into_units() -> None:
    rate = Rates(0.0, 0.0, 1e5, SIZINGS["units"], 3.0)
    assert quantity_of(-0.5, 50.0, 2.0, rate, 1_000.0) == -1.5
    assert quantity_of(-0.5, 50.0, 2.0, rate._replace(sizing=SIZINGS["weight"]), 1_000.0) == -30.0
    volatile = rate._replace(sizing=SIZINGS["volatility"], size=0.01)
    assert quantity_of(0.5, 50.0, 2.0, volatile, 1_000.0) == 2.5
    assert quantity_of(1.0, 50.0, 0.1, volatile, 1_000.0) == 20.0  # all of equity, not 100 units
    assert quantity_of(1.0, 50.0, NAN, volatile, 1_000.0) == 0.0
    assert quantity_of(1.0, 50.0, 0.0, volatile, 1_000.0) == 0.0


@pytest.mark.parametrize("sizing", ["weight", "volatility"])
def test_an_equity_that_is_used_up_enters_nothing(sizing: str) -> None:
    rate = Rates(0.0, 0.0, 1e5, SIZINGS[sizing], 1.0)
    assert quantity_of(1.0, 50.0, 2.0, rate, -10.0) == 0.0
    squeeze = bars_of([(p, p, p, p) for p in (10.0, 10.0, 40.0, 40.0, 40.0)])
    result = trade(squeeze, [want(-1), want(1)], Terms(0, 0, "weight", 1, 1_000))
    assert [(t[0], t[1], t[2], t[7]) for t in trips(result)] == [(1, 2, -1, "target")]
    assert result.final_equity == -2_000.0


@pytest.mark.parametrize("bad", [NAN, 1.5, -1.0001, float("inf")])
def test_a_target_that_is_none_is_refused_with_its_bar(bad: float) -> None:
    with pytest.raises(
        InvalidSignal, match=r"script wants .* at the close of the bar of 2024-01-01T01:00:00Z; a target"
    ):
        trade(bars_of([QUIET, QUIET, QUIET]), [want(1), want(bad)], FREE)
