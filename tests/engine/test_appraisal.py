"""The appraisal of a result: its parts agree with each other and with the result; what is odd about bars is told."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorum.domain import DAY, HOUR, DataError, Timeframe, UsageError, parse_instant
from quorum.engine import Backtest, Terms
from quorum.engine.appraisal import (
    Benchmark,
    Oddity,
    appraise,
    buy_and_hold,
    contributions,
    data_quality,
    levels_of,
    values_held,
)
from quorum.engine.kernel import FEE, PRICE, QUANTITY, ROW, SYMBOL
from quorum.lake import Bars, Panel
from quorum.stats import performance

START = parse_instant("2024-01-01")
H1, D1 = Timeframe.parse("1h"), Timeframe.parse("1d")


def bars_of(n: int, symbol: str = "BTCUSDT", seed: int = 1, frame: Timeframe = D1) -> Bars:
    random = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(random.normal(0, 0.02, n)))
    opened = np.append(100.0, close[:-1])
    high, low = np.maximum(opened, close) * 1.001, np.minimum(opened, close) * 0.999
    time = START + np.arange(n, dtype=np.int64) * frame.nanoseconds
    return Bars(symbol, "x", frame, time, close, opened, high, low, np.ones(n))


def panel_of(n: int, symbols: int) -> Panel:
    return Panel.of([bars_of(n, f"S{j}", j) for j in range(symbols)])


def traded(bars: Bars | Panel, orders: list[tuple[int, int, float]], cash: float = 100_000.0) -> Backtest:
    """A result with these orders (bar, symbol, quantity), filled at the bar's open for 10 basis points."""
    start, close = (c.reshape(len(bars), -1) for c in (bars.open, bars.close) if c is not None)
    rows = np.zeros((len(orders), 7))
    held, money = np.zeros((len(bars), start.shape[1])), np.full(len(bars), cash)
    for row, (bar, symbol, quantity) in zip(rows, orders, strict=True):
        price = start[bar, symbol]
        fee = 0.001 * abs(quantity) * price
        row[[ROW, SYMBOL, QUANTITY, PRICE, FEE]] = bar, symbol, quantity, price, fee
        held[bar:, symbol] += quantity
        money[bar:] -= quantity * price + fee
    equity = money + (held * close).sum(axis=1)
    found = performance(bars.time, equity, cash)
    return Backtest("made", {}, bars, Terms(starting_equity=cash), equity, rows, 0, found, "c")


orders = st.lists(st.tuples(st.integers(1, 58), st.integers(0, 2), st.sampled_from([-20.0, 10.0, 30.0])), max_size=12)


@settings(max_examples=25)
@given(orders)
def test_the_parts_add_up_to_the_whole(made: list[tuple[int, int, float]]) -> None:
    result = traded(panel_of(60, 3), sorted(made))
    parts = contributions(result)
    assert sum(c.profit for c in parts) == pytest.approx(result.final_equity - 100_000.0, abs=1e-6)
    assert sum(c.fees for c in parts) == pytest.approx(result.rows[:, FEE].sum())
    assert [c.profit for c in parts] == sorted((c.profit for c in parts), reverse=True)
    found = appraise(result)
    assert found.trades.closed + found.open_trades == len(result.trades) == sum(c.trades for c in parts)
    assert found.activity.fees == pytest.approx(result.rows[:, FEE].sum())
    assert found.trades.long_profit + found.trades.short_profit == pytest.approx(
        float(result.trades.profit[result.trades.closed].sum())
    )
    assert np.abs(values_held(result)).sum(axis=1) == pytest.approx(result.exposure[1] * result.equity)
    assert math.prod(1 + y.value for y in found.years) == pytest.approx(result.final_equity / 100_000.0)


def test_a_result_by_hand() -> None:
    bars = bars_of(40)
    result = traded(bars, [(10, 0, 100.0), (20, 0, -100.0)])
    found = appraise(result)
    assert found.exposure.time_in_market == 10 / 40
    assert found.activity.fills == 2
    assert found.trades.closed == 1
    assert found.trades.mean_hours == 240
    assert found.against.total_return == pytest.approx(bars.close[-1] / bars.close[0] - 1)
    assert found.benchmark == "Buy and hold"
    assert found.regimes == ()
    assert found.performance is result.performance


def test_regimes_are_of_the_benchmark_and_leave_out_the_days_before_its_window() -> None:
    found = appraise(traded(bars_of(400), [(1, 0, 10.0)]))
    assert sum(r.days for r in found.regimes) == 400 - 127
    json.dumps(found.plain(), allow_nan=True)
    assert found.plain()["regimes"][0]["regime"] in {"bear", "sideways", "bull"}


def test_holding_several_symbols_starts_each_at_its_first_close() -> None:
    late = replace(bars_of(10, "S1", 1)).slice(4, 10)
    panel = Panel.of([bars_of(10, "S0", 0), late])
    level = buy_and_hold(panel).level
    first = panel.close[:, 0] / panel.close[0, 0]
    assert level[:5] == pytest.approx((first[:5] + 1) / 2)
    assert level[-1] == pytest.approx((first[-1] + late.close[-1] / late.close[0]) / 2)


def test_another_series_as_a_benchmark_is_known_when_its_bar_has_closed() -> None:
    daily, hours = bars_of(10, "SPX", 4), bars_of(24 * 5, frame=H1).slice(30, 120)
    found = levels_of(daily, hours)
    assert found.name == "SPX"
    assert found.level[0] == 1.0
    days = (hours.time + HOUR - START) // DAY - 1
    assert found.level == pytest.approx(daily.close[days] / daily.close[days[0]])
    result = traded(hours, [(3, 0, 1.0)])
    assert appraise(result, found).benchmark == "SPX"
    with pytest.raises(DataError, match="begins"):
        levels_of(daily, bars_of(24, frame=H1))
    with pytest.raises(UsageError, match="90 finite"):
        appraise(result, Benchmark("short", np.ones(3)))


def test_clean_bars_have_no_remarks() -> None:
    found = data_quality(bars_of(300), Terms())
    assert found.clean
    assert found.plain() == {"bars": 300, "calendar": "24/7", "clean": True, "remarks": []}


def test_what_is_odd_about_one_symbol_is_told_with_what_was_done() -> None:
    bars = bars_of(400)
    close, volume = bars.close.copy(), np.ones(400)
    close[200:] /= 2.0
    close[300:306] = close[300]
    volume[50:52] = 0.0
    kept = np.delete(np.arange(400), [120, 121, 122])
    time = bars.time.copy()
    time[10] += HOUR
    odd = Bars("BTCUSDT", "x", D1, time[kept], close[kept], volume=volume[kept])
    found = data_quality(odd, Terms())
    told = {r.oddity: r.bars for r in found.remarks}
    assert told == {
        Oddity.GAPS: 3,
        Oddity.OUTLIERS: 1,
        Oddity.SPLITS: 1,
        Oddity.STALE: 6,
        Oddity.NO_VOLUME: 2,
        Oddity.OFF_GRID: 1,
    }
    first = {r.oddity: r.places[0].time for r in found.remarks}
    assert first[Oddity.GAPS] == START + 120 * DAY
    assert first[Oddity.SPLITS] == START + 200 * DAY
    assert "next bar" in found.remarks[0].treatment
    waits = data_quality(odd, Terms(fill="volume_capped"))
    told_of = {r.oddity: r.treatment for r in waits.remarks}
    assert "waits" in told_of[Oddity.NO_VOLUME]
    json.dumps(found.plain())


def test_a_symbol_without_a_bar_is_told_by_its_name() -> None:
    whole, holes = bars_of(60, "S0", 0), bars_of(60, "S1", 1)
    kept = np.delete(np.arange(5, 60), [20, 21, 40])
    columns = (None if c is None else c[kept] for c in (holes.open, holes.high, holes.low, holes.volume))
    some = Bars("S1", "x", D1, holes.time[kept], holes.close[kept], *columns)
    found = data_quality(Panel.of([whole, some]), Terms())
    assert found.count(Oddity.ABSENT) == 3
    (remark,) = found.remarks
    assert [(p.symbol, p.seen) for p in remark.places] == [("S1", "2 bars absent"), ("S1", "1 bar absent")]
    assert remark.places[0].time == START + 25 * DAY
    assert "waits for its next bar" in remark.treatment
