"""trend_breakout against the rule written out bar by bar in plain Python."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorum.domain import MINUTE, DataError, Timeframe, UsageError
from quorum.lake import Bars
from quorum.signals.strategies.trend_breakout import TREND_BREAKOUT
from quorum.signals.strategy import Params, Strategy

Candle = tuple[float, float, float]
NAN = float("nan")
PARAMS: Params = {"donchian_lookback": 3, "atr_period": 2, "atr_multiple": 2.0}
FLAT: list[Candle] = [(101.0, 99.0, 100.0)] * 45


def candles(rows: list[Candle], minutes: list[int] | None = None) -> Bars:
    high, low, close = (np.array([row[k] for row in rows], dtype=np.float64) for k in range(3))
    time = np.arange(len(rows)) if minutes is None else np.array(minutes, dtype=np.int64)
    return Bars("ETHUSDT", "test", Timeframe(MINUTE), time * MINUTE, close, (high + low) / 2, high, low)


def by_hand(rows: list[Candle], params: Params) -> list[tuple[float, float]]:
    """Target and stop of every bar: the rule, word by word, with channel and average made afresh."""
    lookback, period = int(params["donchian_lookback"]), int(params["atr_period"])
    warm = next(n for n in range(10_000) if (1 - 1 / period) ** n < 1e-12)
    target, stop, average, answer = 0.0, NAN, 0.0, []
    for i, (high, low, close) in enumerate(rows):
        before = rows[i - 1][2]
        reach = max(high - low, abs(high - before), abs(low - before))
        average = average * (1 - 1 / period) + reach / period if i else high - low
        if i >= max(lookback, warm):
            channel = rows[i - lookback : i]
            if target == 0 and close > max(c[0] for c in channel):
                target, stop = 1.0, close - float(params["atr_multiple"]) * average
            elif target == 1 and close < min(c[1] for c in channel):
                target, stop = 0.0, NAN
        answer.append((target, stop))
    return answer


STEPS = st.lists(
    st.tuples(st.integers(-3, 3), st.integers(0, 2), st.integers(0, 2), st.integers(1, 4)),
    min_size=60,
    max_size=140,
)


@settings(deadline=None, max_examples=60)
@given(STEPS, st.integers(2, 50), st.sampled_from([0.1, 2.0, 20.0]))
def test_batch_is_the_rule_written_out(walk: list[tuple[int, int, int, int]], lookback: int, multiple: float) -> None:
    close = 200.0 + np.cumsum([step[0] for step in walk])
    rows = [(float(c) + up, float(c) - down, float(c)) for c, (_, up, down, _) in zip(close, walk, strict=True)]
    params: Params = {"donchian_lookback": lookback, "atr_period": 2, "atr_multiple": multiple}
    minutes = np.cumsum([step[3] for step in walk], dtype=np.int64).tolist()
    found, expected = TREND_BREAKOUT.batch(candles(rows, minutes), params), by_hand(rows, params)
    assert found.weight.tolist() == [target for target, _ in expected]
    np.testing.assert_allclose(found.stop, [stop for _, stop in expected], rtol=1e-11)


def test_defaults_trade_both_ways_and_agree_with_the_rule_on_a_long_walk() -> None:
    rng = np.random.default_rng(11)
    close = (30_000 * np.exp(np.cumsum(rng.normal(0, 0.002, 3_000)))).round(2)
    rows = [(c + 9.0, c - 7.5, c) for c in close.tolist()]
    params = {p.name: p.default for p in TREND_BREAKOUT.parameters}
    found, expected = TREND_BREAKOUT.batch(candles(rows), {}), by_hand(rows, params)
    assert found.weight.tolist() == [target for target, _ in expected]
    np.testing.assert_allclose(found.stop, [stop for _, stop in expected], rtol=1e-11)
    assert np.count_nonzero(np.diff(found.weight)) > 10


def test_a_breakout_sets_a_stop_that_stands_until_the_close_below_the_channel() -> None:
    rows = [*FLAT, (111.0, 100.0, 110.0), (130.0, 109.0, 125.0), (125.0, 100.0, 101.0), (101.0, 98.5, 98.9)]
    answer = TREND_BREAKOUT.batch(candles([*rows, (99.0, 90.0, 90.0)]), PARAMS)
    assert answer.weight[44:].tolist() == [0, 1, 1, 1, 0, 0]
    np.testing.assert_allclose(answer.stop[44:], [NAN, 97.0, 97.0, 97.0, NAN, NAN], rtol=1e-11)
    assert (answer.target, answer.trail) == (None, None)


def test_the_channel_leaves_the_bar_itself_out_and_a_touch_is_no_breakout() -> None:
    touch = [*FLAT, (140.0, 99.0, 101.0)]
    assert TREND_BREAKOUT.batch(candles(touch), PARAMS).weight[-1] == 0
    over = [*FLAT, (140.0, 99.0, 101.01)]
    assert TREND_BREAKOUT.batch(candles(over), PARAMS).weight[-1] == 1
    down = [*over, (101.0, 99.0, 99.0), (101.0, 60.0, 98.99)]
    assert TREND_BREAKOUT.batch(candles(down), PARAMS).weight[-3:].tolist() == [1, 1, 0]


@pytest.mark.parametrize(("lookback", "period", "first"), [(3, 2, 40), (60, 2, 60), (55, 20, 539)])
def test_no_breakout_is_taken_before_the_warm_up_is_over(lookback: int, period: int, first: int) -> None:
    rows = [(i, i - 1.0, i) for i in map(float, range(1, 700))]
    params: Params = {"donchian_lookback": lookback, "atr_period": period}
    weight = TREND_BREAKOUT.batch(candles(rows), params).weight
    assert weight.tolist() == [0.0] * first + [1.0] * (699 - first)
    assert TREND_BREAKOUT.warmup(params) == first + 1


def test_closes_only_are_refused() -> None:
    bars = Bars("ETHUSDT", "test", Timeframe(MINUTE), np.arange(3) * MINUTE, np.ones(3))
    for ask in (TREND_BREAKOUT.start, TREND_BREAKOUT.batch):
        with pytest.raises(DataError, match="needs high and low"):
            ask(bars, {})


@pytest.mark.parametrize("broken", [(NAN, 1.0, 2.0), (3.0, math.inf, 2.0), (3.0, 1.0, NAN)])
def test_a_bar_with_no_number_is_named_and_leaves_the_state_as_it_was(broken: Candle) -> None:
    bars = candles([(3.0, 1.0, 2.0), broken, (3.0, 1.0, 2.0)])
    with pytest.raises(DataError, match="1970-01-01T00:01:00Z"):
        TREND_BREAKOUT.batch(bars, PARAMS)
    state, _ = TREND_BREAKOUT.step(TREND_BREAKOUT.start(bars, PARAMS), bars.row(0))
    before = state.tobytes()
    with pytest.raises(DataError, match="three numbers"):
        TREND_BREAKOUT.step(state, bars.row(1))
    assert state.tobytes() == before


@pytest.mark.parametrize("params", [{"donchian_lookback": 1}, {"atr_period": 201}, {"atr_multiple": 0.05}, {"x": 1}])
def test_parameters_out_of_bounds_are_refused(params: Params) -> None:
    for ask in (TREND_BREAKOUT.start, TREND_BREAKOUT.batch):
        with pytest.raises(UsageError):
            ask(candles(FLAT), params)
    with pytest.raises(UsageError):
        TREND_BREAKOUT.warmup(params)


def test_it_is_a_strategy_with_its_declared_defaults() -> None:
    strategy: Strategy = TREND_BREAKOUT
    defaults = {p.name: p.default for p in strategy.parameters}
    assert defaults == {"donchian_lookback": 55, "atr_period": 20, "atr_multiple": 2.0}
    assert (strategy.name, strategy.kind, strategy.warmup({})) == ("trend_breakout", "rule", 540)
