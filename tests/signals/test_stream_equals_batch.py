"""One rule in two forms: streaming and batch agree bit for bit, see no future, and cost what they should."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorum.domain import MINUTE, Timeframe
from quorum.lake import Bars
from quorum.signals.specs import SpecStrategy
from quorum.signals.strategies.demo_ma import DEMO_MA
from quorum.signals.strategies.mean_reversion import MEAN_REVERSION
from quorum.signals.strategies.momentum import TIME_SERIES_MOMENTUM
from quorum.signals.strategies.trend_breakout import TREND_BREAKOUT
from quorum.signals.strategies.volatility import VOLATILITY
from quorum.signals.strategy import Params, Strategy, Targets
from signals.strategies.specs import random_spec

CASES: list[tuple[Strategy, Params]] = [
    (DEMO_MA, {}),
    (DEMO_MA, {"fast": 2, "slow": 3}),
    (DEMO_MA, {"fast": 13, "slow": 55}),
    (DEMO_MA, {"fast": 400, "slow": 1000}),
    (TREND_BREAKOUT, {}),
    (TREND_BREAKOUT, {"donchian_lookback": 2, "atr_period": 2, "atr_multiple": 0.1}),
    (TREND_BREAKOUT, {"donchian_lookback": 20, "atr_period": 5, "atr_multiple": 3.5}),
    (TREND_BREAKOUT, {"donchian_lookback": 1000, "atr_period": 30}),
    (MEAN_REVERSION, {}),
    (MEAN_REVERSION, {"rsi_period": 5, "lower": 25, "middle": 60, "upper": 72, "short": 1}),
    (TIME_SERIES_MOMENTUM, {}),
    (TIME_SERIES_MOMENTUM, {"lookback": 30, "skip": 0, "threshold": 0.01, "short": 1}),
    (VOLATILITY, {"target_vol": 0.05}),
    (VOLATILITY, {"atr_period": 5, "atr_multiple": 1.0, "vol_window": 10, "short": 1}),
    (SpecStrategy(random_spec(5)), {}),
    (SpecStrategy(random_spec(3)), {"span": 20, "factor": 1.5}),
]
cases = pytest.mark.parametrize(("strategy", "params"), CASES)


def market(n: int, seed: int, decimals: int | None) -> Bars:
    """A seeded walk with missing minutes and flat stretches, on a grid of `decimals` or off any grid."""
    rng = np.random.default_rng(seed)
    moves = rng.normal(0, 0.002, n) * (rng.random(n) < 0.8)
    close = 100.0 * np.exp(np.cumsum(moves))
    opens, high, low = close * (1 - moves / 2), close * 1.001, close * 0.999
    if decimals is not None:
        opens, high, low, close = (np.round(x, decimals) for x in (opens, high, low, close))
    minutes = np.cumsum(rng.integers(1, 4, n))
    volume, frame = rng.gamma(2.0, 10.0, n), Timeframe(MINUTE)
    return Bars("X", "test", frame, minutes * MINUTE, close, opens, high, low, volume, price_decimals=decimals)


def stream(strategy: Strategy, bars: Bars, params: Params) -> Targets:
    state, answers = strategy.start(bars, params), []
    for row in bars.rows():
        state, target = strategy.step(state, row)
        answers.append((target.weight, *target.exit))
    weight, stop, aim, trail = np.array(answers, dtype=np.float64).reshape(-1, 4).T
    return Targets(weight, stop, aim, trail)


def bits(targets: Targets) -> list[bytes]:
    return [np.where(np.isnan(column), np.nan, column).tobytes() for column in targets.full()]


@cases
@pytest.mark.parametrize("decimals", [2, None])
def test_streaming_equals_batch_bit_for_bit(strategy: Strategy, params: Params, decimals: int | None) -> None:
    bars = market(3_000, 4, decimals)
    batch = strategy.batch(bars, params)
    assert batch.weight.any()
    assert bits(stream(strategy, bars, params)) == bits(batch)


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 2**32),
    st.integers(0, 300),
    st.integers(2, 30),
    st.integers(1, 30),
    st.sampled_from([1, 4, None]),
)
def test_streaming_equals_batch_for_any_parameters(
    seed: int, n: int, short: int, more: int, decimals: int | None
) -> None:
    bars = market(n, seed, decimals)
    pairs: list[tuple[Strategy, Params]] = [
        (DEMO_MA, {"fast": short, "slow": short + more}),
        (TREND_BREAKOUT, {"donchian_lookback": short, "atr_period": 2 + more % 4, "atr_multiple": more / 3}),
        (MEAN_REVERSION, {"rsi_period": 2 + more % 7, "lower": 20 + short, "middle": 55, "short": more % 2}),
        (TIME_SERIES_MOMENTUM, {"lookback": short + more, "skip": more % short, "short": more % 2}),
        (VOLATILITY, {"atr_period": 2 + more % 4, "atr_multiple": more / 10, "vol_window": short}),
    ]
    for strategy, params in pairs:
        assert bits(stream(strategy, bars, params)) == bits(strategy.batch(bars, params))


@cases
@pytest.mark.parametrize("cut", [0, 1, 2, 540, 1_001, 1_777])
def test_cutting_the_future_changes_nothing(strategy: Strategy, params: Params, cut: int) -> None:
    bars = market(3_000, 4, 2)
    whole, part = strategy.batch(bars, params), strategy.batch(bars.slice(0, cut), params)
    assert bits(part) == bits(Targets(*(column[:cut] for column in whole.full())))


@cases
@pytest.mark.parametrize("offset", [1, 37, 500])
def test_a_later_start_comes_to_the_same_targets(strategy: Strategy, params: Params, offset: int) -> None:
    bars = market(6_000, 21, 2)
    whole = strategy.batch(bars, params)
    late = strategy.batch(bars.slice(offset, len(bars)), params)
    side = np.sign(whole.weight)
    entries = np.flatnonzero((np.diff(side) != 0) & (side[1:] != 0)) + 1
    first = int(entries[entries >= offset + strategy.warmup(params)][0])
    np.testing.assert_array_equal(late.weight[first - offset :], whole.weight[first:])
    for found, expected in zip(late.full(), whole.full(), strict=True):
        np.testing.assert_allclose(found[first - offset :], expected[first:], rtol=1e-11)


@cases
def test_nothing_is_held_during_the_warm_up(strategy: Strategy, params: Params) -> None:
    first = strategy.warmup(params) - 1
    assert not any(strategy.batch(market(3_000, seed, 2), params).weight[:first].any() for seed in range(5))


@cases
def test_a_state_belongs_to_its_stream_and_can_be_copied(strategy: Strategy, params: Params) -> None:
    bars = market(2_500, 8, 2)
    state = strategy.start(bars, params)
    for row in bars.slice(0, 1_500).rows():
        state, _ = strategy.step(state, row)
    kept, rest = state.copy(), list(bars.slice(1_500, 2_500).rows())
    strategy.batch(bars, params)
    first = [strategy.step(state, row)[1].weight for row in rest]
    again = [strategy.step(kept, row)[1].weight for row in rest]
    assert first == again == strategy.batch(bars, params).weight[1_500:].tolist()


def test_bars_of_any_memory_layout_give_the_same_answer() -> None:
    bars = market(2_000, 3, 2)
    wide = np.column_stack([bars.close, bars.close])[:, 0]
    strided = Bars("X", "test", bars.timeframe, bars.time, wide, price_decimals=2)
    params: Params = {"fast": 3, "slow": 9}
    assert not wide.flags.c_contiguous
    assert bits(DEMO_MA.batch(strided, params)) == bits(DEMO_MA.batch(bars, params))


@pytest.mark.parametrize(("strategy", "params"), [CASES[3], CASES[7], CASES[-1]])
def test_a_step_costs_the_same_however_long_the_past(strategy: Strategy, params: Params) -> None:
    rows = list(market(6_000, 2, 2).rows())

    def seconds(count: int) -> float:
        state = strategy.start(market(2, 2, 2), params)
        begin = time.process_time()
        for row in rows[:count]:
            state, _ = strategy.step(state, row)
        return time.process_time() - begin

    seconds(100)
    short, long = (min(seconds(n) for _ in range(3)) for n in (1_500, 6_000))
    assert long < 8 * short
