"""rotation: which symbols are held from which day on, worked by hand; months, holidays, weekends, lists with holes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.domain import DAY, Timeframe, parse_instant
from quorum.engine import Terms, backtest
from quorum.lake import Panel
from quorum.signals import Params
from quorum.signals.strategies.rotation import ROTATION, strongest

NAN = float("nan")
MONTH: Params = {"lookback": 5, "top": 2}


def days(first: str, count: int, without: Sequence[str] = (), weekends: bool = False) -> np.ndarray:
    """Opens of `count` daily bars from a date on, no Saturdays and Sundays unless they are wanted."""
    start = np.datetime64(first)
    every = (
        np.arange(start, start + 3 * count) if weekends else np.busday_offset(start, np.arange(2 * count), "forward")
    )
    kept = every[~np.isin(every, np.array(without, dtype="datetime64[D]"))][:count]
    return kept.astype("datetime64[ns]").astype(np.int64)


def market(time: np.ndarray, closes: np.ndarray) -> Panel:
    names = tuple("ABCDEFGH"[: closes.shape[1]])
    return Panel(names, "test", Timeframe(DAY), time, closes)


def drifting(time: np.ndarray, drifts: Sequence[float]) -> Panel:
    """A symbol for each drift, as a fraction a bar."""
    return market(time, 100.0 * (1.0 + np.array(drifts)) ** np.arange(len(time))[:, None])


def decided(panel: Panel, params: Params = MONTH) -> dict[str, list[float]]:
    """Weights by the date of the bar at whose close they are known."""
    answer = ROTATION.batch(panel, params)
    dates = panel.time[answer.row].astype("datetime64[ns]").astype("datetime64[D]")
    return {str(date): weights.tolist() for date, weights in zip(dates, answer.weight, strict=True)}


def streamed(panel: Panel, params: Params) -> tuple[list[int], list[list[float]]]:
    state, rows, weights = ROTATION.start(panel, params), [], []
    for i, row in enumerate(panel.rows()):
        state, answer = ROTATION.step(state, row)
        if answer is not None:
            rows.append(i)
            weights.append(answer.tolist())
    return rows, weights


def test_the_two_that_grew_most_get_a_half_each_on_every_month_s_last_weekday() -> None:
    panel = drifting(days("2024-01-15", 60), [0.001, 0.003, -0.001, 0.002])
    half = [0.0, 0.5, 0.0, 0.5]
    assert decided(panel) == {"2024-01-31": half, "2024-02-29": half, "2024-03-29": half}


def test_growth_is_counted_over_the_lookback_alone() -> None:
    closes = np.full((20, 3), 100.0)
    closes[:8, 0] = 10.0  # grew tenfold, but on 25 January, six bars before the month's end
    closes[-3:, 1] = 104.0
    closes[-3:, 2] = 103.0
    panel = market(days("2024-01-04", 20), closes)
    assert decided(panel) == {"2024-01-31": [0.0, 0.5, 0.5]}
    assert decided(panel, {"lookback": 15, "top": 1}) == {"2024-01-31": [1.0, 0.0, 0.0]}


def test_the_last_bar_of_a_month_counts_though_nothing_comes_after_it() -> None:
    panel = drifting(days("2024-01-15", 13), [0.001, 0.002])
    assert list(decided(panel)) == ["2024-01-31"]


def test_a_month_that_ends_on_a_weekend_ends_on_friday_for_those_who_rest_and_on_sunday_for_others() -> None:
    stocks = drifting(days("2024-03-01", 30), [0.001, 0.002])
    assert list(decided(stocks)) == ["2024-03-29"]
    coins = drifting(days("2024-03-01", 40, weekends=True), [0.001, 0.002])
    assert list(decided(coins)) == ["2024-03-31"]


def test_a_month_that_ends_on_a_holiday_is_made_up_for_and_the_next_is_not_left_out() -> None:
    panel = drifting(days("2024-02-01", 63, without=["2024-03-29"]), [0.001, 0.002])
    assert list(decided(panel)) == ["2024-02-29", "2024-04-01", "2024-04-30"]


def test_months_without_any_bar_are_made_up_for_once() -> None:
    time = np.concatenate([days("2024-01-15", 13), days("2024-04-10", 16)])
    assert list(decided(drifting(time, [0.001, 0.002]))) == ["2024-01-31", "2024-04-10", "2024-04-30"]


def test_nothing_is_decided_before_the_lookback_is_full() -> None:
    time = days("2024-01-24", 6)
    assert decided(drifting(time, [0.001, 0.002]), {"lookback": 5, "top": 1}) == {"2024-01-31": [0.0, 1.0]}
    assert decided(drifting(time, [0.001, 0.002]), {"lookback": 6, "top": 1}) == {}
    assert ROTATION.warmup({"lookback": 5}) == 6


def test_a_symbol_without_both_closes_is_not_ranked_and_its_part_stays_in_cash() -> None:
    closes = 100.0 * 1.01 ** (np.arange(13)[:, None] * np.arange(1, 5))
    closes[-1, 3] = NAN
    closes[-6, 2] = NAN
    panel = market(days("2024-01-15", 13), closes)
    assert decided(panel) == {"2024-01-31": [0.5, 0.5, 0.0, 0.0]}
    assert decided(panel, {"lookback": 5, "top": 4}) == {"2024-01-31": [0.25, 0.25, 0.0, 0.0]}


def test_equals_are_taken_in_the_panel_s_order_and_losers_are_taken_too() -> None:
    assert strongest(np.array([9.0, 9.0, 9.0]), np.full(3, 10.0), 2).tolist() == [0.5, 0.5, 0.0]
    assert strongest(np.array([8.0, 9.0]), np.full(2, 10.0), 5).tolist() == [0.2, 0.2]


@given(
    st.integers(0, 2**32), st.integers(2, 150), st.integers(1, 40), st.integers(1, 5), st.booleans(), st.floats(0, 0.4)
)
def test_streaming_equals_batch_and_the_future_changes_nothing(
    seed: int, n: int, lookback: int, top: int, weekends: bool, holes: float
) -> None:
    rng = np.random.default_rng(seed)
    every = days("2023-11-01", n, weekends=weekends)
    time = every[np.sort(rng.choice(n, max(1, int(n * (1 - holes))), replace=False))]
    closes = 100.0 * np.exp(np.cumsum(rng.normal(0, 0.02, (len(time), 4)), axis=0))
    closes[:, 1:][rng.random((len(time), 3)) < 0.2] = NAN
    panel, params = market(time, closes), {"lookback": lookback, "top": top}
    whole = ROTATION.batch(panel, params)
    assert streamed(panel, params) == (whole.row.tolist(), whole.weight.tolist())
    cut = int(rng.integers(0, len(time)))
    part = ROTATION.batch(panel.slice(0, cut), params)
    before = whole.row < cut
    assert part.row.tolist() == whole.row[before].tolist()
    assert part.weight.tolist() == whole.weight[before].tolist()


def test_hours_end_a_month_with_its_last_hour() -> None:
    time = parse_instant("2024-01-27") + np.arange(24 * 6) * (DAY // 24)
    panel = Panel(("A", "B"), "test", Timeframe(DAY // 24), time, np.full((len(time), 2), 1.0))
    rows = ROTATION.batch(panel, MONTH).row
    assert time[rows].tolist() == [parse_instant("2024-01-31T23:00:00Z")]


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("fill", "equity", "fills"),
    [("next_open", 25_258_384.45, 11_081), ("next_open_presized", 25_244_513.7527, 11_081)],
)
def test_the_market_of_the_peers_has_its_right_answer(
    shared: Path, monkeypatch: pytest.MonkeyPatch, fill: str, equity: float, fills: int
) -> None:
    """500 symbols, 2,520 weekdays, 75 of them held by the growth of 120 bars."""
    monkeypatch.syspath_prepend(str(shared / "bench"))
    monkeypatch.delitem(sys.modules, "floor", raising=False)
    import floor

    opens, closes, _ = floor.daily_panel(floor.minute_bars()[-1])
    time = np.busday_offset("2014-01-02", np.arange(len(closes))).astype("datetime64[ns]").astype(np.int64)
    names = tuple(f"S{j:03d}" for j in range(closes.shape[1]))
    high, low = np.maximum(opens, closes), np.minimum(opens, closes)
    panel = Panel(names, "peers", Timeframe(DAY), time, closes, opens, high, low)
    terms = Terms(starting_equity=1e7, fill=fill)
    result = backtest(panel, ROTATION, {"lookback": 120, "top": 75}, terms, None)
    assert result.final_equity == pytest.approx(equity, abs=0.01)
    assert len(result.fills) == fills
