"""pairs: the regression and the test against others' and against hand; positions on a pair made for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.scripts import D1, FREE, START
from quorum.domain import DAY, DataError, UsageError
from quorum.engine import backtest
from quorum.lake import Panel
from quorum.signals import Params
from quorum.signals.strategies.pairs import PAIRS, critical, deviation, hedge, unit_root

NAN = float("nan")
SWING: Params = {"lookback": 20, "entry": 2.0, "exit": 0.5, "hold": 100, "level": 10}


def panel(first: np.ndarray, second: np.ndarray) -> Panel:
    """Daily closes of A and B that are also the opens of the next days."""
    close = np.column_stack([first, second])
    start = np.concatenate([close[:1], close[:-1]])
    time = START + np.arange(len(close)) * DAY
    return Panel(("A", "B"), "test", D1, time, close, start, np.fmax(start, close), np.fmin(start, close))


def walks(seed: int, n: int, slope: float | None, kept: float = 0.9) -> Panel:
    """Two walks of 1 % a day; with a `slope` the first is tied to the second but for noise that fades."""
    rng = np.random.default_rng(seed)
    second, own = np.cumsum(rng.normal(0, 0.01, n)), rng.normal(0, 0.01, n)
    if slope is None:
        return panel(100 * np.exp(np.cumsum(own)), 50 * np.exp(second))
    apart = np.zeros(n)
    for i in range(1, n):
        apart[i] = kept * apart[i - 1] + own[i]
    return panel(100 * np.exp(slope * second + apart), 50 * np.exp(second))


def sides(market: Panel, params: Params) -> list[tuple[int, float, float]]:
    answer = PAIRS.batch(market, params)
    return [
        (int(row), round(float(first), 3), round(float(second), 3))
        for row, (first, second) in zip(answer.row, answer.weight, strict=True)
    ]


def test_the_statistic_is_that_of_engle_and_granger() -> None:
    """Against arch.unitroot.cointegration.engle_granger with one lag and a constant."""
    from arch.unitroot.cointegration import engle_granger

    market = walks(2, 250, 0.8)
    state = PAIRS.start(market, {})
    for row in market.rows():
        state, _ = PAIRS.step(state, row)
    theirs = engle_granger(np.log(market.close[:, 0]), np.log(market.close[:, 1]), trend="c", lags=1)
    assert hedge(state) == pytest.approx(-theirs.cointegrating_vector.iloc[1], rel=1e-9)
    assert unit_root(state.rest, 250) == pytest.approx(theirs.stat, rel=1e-9)


def test_critical_values_are_mackinnon_s() -> None:
    assert critical(5, 101) == pytest.approx(-3.33613 - 0.061101 - 0.0006823)
    assert [round(critical(level, 1000), 2) for level in (1, 5, 10)] == [-3.91, -3.34, -3.05]


def test_a_deviation_is_counted_in_those_of_its_window() -> None:
    assert deviation(np.array([1.0, -1.0, 1.0, -1.0, 2.0, -2.0]), 6) == pytest.approx(-2 / np.sqrt(2))
    assert deviation(np.zeros(6), 6) == 0.0
    assert unit_root(np.zeros(6), 6) == 0.0


def apart(n: int, slope: float, jumps: dict[int, float]) -> Panel:
    """A second that swings and a first that is its power, but for 2, -1, 0, 1, -2 thousandths by turns, and jumps."""
    second = np.exp(np.cumsum(np.sin(np.arange(float(n))) / 20))
    wobble = np.resize(np.array([2.0, -1.0, 0.0, 1.0, -2.0]) * 0.001, n)
    for day, jump in jumps.items():
        wobble[day] = jump
    return panel(10 * np.exp(wobble) * second**slope, second)


def test_it_sells_the_dear_one_and_buys_the_cheap_one_until_they_meet() -> None:
    """The first moves half as much as the second: for each 2 / 3 of it there is 1 / 3 of the second."""
    market = apart(60, 0.5, {30: 0.004, 45: -0.004})
    found = sides(market, SWING)
    assert [row for row, *_ in found] == [30, 31, 45, 46]
    for (_, first, second), side in zip(found, (-1, 0, 1, 0), strict=True):
        assert [first, second] == pytest.approx([side * 2 / 3, -side / 3], abs=0.002)
    result = backtest(market, PAIRS, SWING, replace(FREE, sizing="weight"), None)
    assert len(result.fills) == 8
    assert result.final_equity != FREE.starting_equity


def test_a_hedge_of_one_is_neutral_in_money() -> None:
    ((row, first, second), *_) = sides(apart(60, 1.0, {30: 0.004}), SWING)
    assert [row, first, second] == pytest.approx([30, -0.5, 0.5], abs=0.002)


def test_a_pair_that_stays_apart_is_left_in_time_and_not_taken_again_until_it_was_near() -> None:
    jumps = dict.fromkeys(range(30, 34), 0.006) | {55: 0.005}
    found = sides(apart(60, 1.0, jumps), {**SWING, "hold": 1})
    assert [row for row, *_ in found] == [30, 31, 55, 56]


def test_walks_that_nothing_ties_are_rarely_traded_and_tied_ones_are_often() -> None:
    free = [len(PAIRS.batch(walks(seed, 1_000, None), {}).row) for seed in range(20)]
    tied = [len(PAIRS.batch(walks(seed, 1_000, 0.8), {}).row) for seed in range(20)]
    assert np.mean(free) < 3
    assert np.mean(tied) > 12
    assert not any(len(PAIRS.batch(walks(seed, 1_000, -0.8), {}).row) for seed in range(5))


@given(st.integers(0, 2**32), st.integers(20, 60), st.floats(0, 0.3))
def test_streaming_equals_batch_and_missing_bars_are_not_counted(seed: int, lookback: int, holes: float) -> None:
    whole, rng = walks(seed, 300, 1.2, kept=0.5), np.random.default_rng(seed)
    close = whole.close.copy()
    close[rng.random(300) < holes, int(rng.integers(2))] = NAN
    gapped = Panel(whole.symbols, "test", D1, whole.time, close)
    params = {**SWING, "lookback": lookback}
    batch = PAIRS.batch(gapped, params)
    state, rows, weights = PAIRS.start(gapped, params), [], []
    for i, row in enumerate(gapped.rows()):
        state, answer = PAIRS.step(state, row)
        if answer is not None:
            rows.append(i)
            weights.append(answer.tolist())
    assert (rows, weights) == (batch.row.tolist(), batch.weight.tolist())
    cut = int(rng.integers(0, 300))
    assert PAIRS.batch(gapped.slice(0, cut), params).row.tolist() == [row for row in rows if row < cut]
    there = ~np.isnan(close).any(axis=1)
    dense = Panel(whole.symbols, "test", D1, whole.time[there], close[there])
    assert dense.time[PAIRS.batch(dense, params).row].tolist() == gapped.time[batch.row].tolist()


def test_it_does_not_matter_where_the_series_begins() -> None:
    market, params = walks(1, 900, 0.8, kept=0.7), {**SWING, "lookback": 40}
    whole, late = sides(market, params), sides(market.slice(333, 900), params)
    flat = max(row for row, first, _ in whole if first == 0.0 and row < 420)
    assert [(row + 333, a, b) for row, a, b in late if row + 333 > flat] == [one for one in whole if one[0] > flat]


def test_what_it_cannot_decide_on_is_refused() -> None:
    for params, says in (({"level": 3}, "level = 3 has no critical value"), ({"exit": 3.0}, "exit = 3.0 is not less")):
        with pytest.raises(UsageError, match=says):
            PAIRS.warmup(params)
    market = walks(1, 50, 0.8)
    close = market.close.copy()
    close[7, 1] = 0.0
    broken = Panel(market.symbols, "test", D1, market.time, close)
    with pytest.raises(DataError, match=r"2024-01-08T00:00:00Z closes at 0.0, pairs needs a price above 0"):
        PAIRS.batch(broken, SWING)
    with pytest.raises(DataError, match=r"closes at 0.0"):
        PAIRS.step(PAIRS.start(broken, SWING), broken.row(7))
    with pytest.raises(UsageError, match="pairs takes 2 symbols"):
        backtest(Panel(("A",), "test", D1, market.time, market.close[:, :1]), PAIRS, SWING, FREE, None)
