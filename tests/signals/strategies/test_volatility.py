"""volatility (target-volatility breakout) against the rule written out, and on series whose answer is known."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorum.domain import DAY, HOUR, DataError, Timeframe, UsageError
from quorum.features import wilder_atr
from quorum.lake import Bars
from quorum.signals.strategies import VOLATILITY
from quorum.signals.strategy import Params, Strategy

QUICK: Params = {"atr_period": 2, "atr_multiple": 1.0, "vol_window": 4, "target_vol": 0.02}
WARM = 41  # bar index of the first decision: the average range of 2 bars settles at 40, and one bar later it counts


def candles(close: list[float], spread: float = 1.0, frame: int = DAY) -> Bars:
    column = np.array(close, dtype=np.float64)
    time = np.arange(len(close)) * frame
    return Bars("X", "t", Timeframe(frame), time, column, column, column + spread, column - spread)


def by_hand(bars: Bars, params: Params) -> list[float]:
    """The target of every bar: the rule word by word, with each volatility made afresh."""
    assert bars.high is not None
    assert bars.low is not None
    reach = wilder_atr(bars.high, bars.low, bars.close, int(params["atr_period"])) * float(params["atr_multiple"])
    window, band, daily = int(params["vol_window"]), float(params["band"]), float(params["target_vol"])
    target = daily / math.sqrt(max(DAY / bars.timeframe.nanoseconds, 1))
    close, side, held, answer = bars.close.tolist(), 0, 0.0, []
    for i, price in enumerate(close):
        if i >= window and i > 0 and not math.isnan(reach[i - 1]):
            if price > close[i - 1] + reach[i - 1]:
                side = 1
            elif price < close[i - 1] - reach[i - 1]:
                side = -1 if params["short"] else 0
            moves = [math.log(close[k] / close[k - 1]) for k in range(i - window + 1, i + 1)]
            deviation = statistics.stdev(moves)
            wanted = side * min(1.0, target / deviation if deviation else 1.0)
            if side * held <= 0 or abs(wanted - held) > band:
                held = side * max(math.floor(abs(wanted) * 20), 1) / 20
        answer.append(held)
    return answer


@settings(max_examples=50)
@given(
    st.integers(0, 2**32),
    st.sampled_from([{}, {"short": 1, "band": 0.05}, {"atr_multiple": 0.3, "vol_window": 9, "target_vol": 0.3}]),
    st.sampled_from([HOUR, DAY, 7 * DAY]),
)
def test_batch_is_the_rule_written_out(seed: int, change: Params, frame: int) -> None:
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.standard_t(3, 160) * 0.01))
    bars = candles(close.tolist(), float(rng.uniform(0.01, 1.0)), frame)
    params = {p.name: p.default for p in VOLATILITY.parameters} | dict(QUICK) | dict(change)
    assert VOLATILITY.batch(bars, params).weight.tolist() == by_hand(bars, params)


def test_a_breakout_is_bought_at_the_size_of_its_volatility_and_one_downwards_sold() -> None:
    """Flat bars of range 2; a close 10 higher is a breakout. Log returns (0, 0, 0, 0.0953) deviate by 0.04766, so
    2 % aimed at is 0.4197 of it: 8 steps of 1/20. Four calm bars later the size is renewed, to all of it.
    The fall at the end deviates by 0.05086: 7 steps.
    """
    rows = [100.0] * 50 + [110.0, 110.5, 110.0, 110.5, 110.0, 110.5, 100.0, 100.0]
    weight = VOLATILITY.batch(candles(rows), QUICK).weight
    assert not weight[:50].any()
    assert weight[50:].tolist() == [0.4, 0.4, 0.4, 0.4, 1.0, 1.0, 0.0, 0.0]
    both = VOLATILITY.batch(candles(rows), {**QUICK, "short": 1}).weight
    assert both[54:].tolist() == [1.0, 1.0, -0.35, -0.35]


def test_a_touch_is_no_breakout_and_the_reach_is_that_of_the_bar_before() -> None:
    flat = [100.0] * 50
    assert VOLATILITY.batch(candles([*flat, 102.0]), QUICK).weight[-1] == 0
    assert VOLATILITY.batch(candles([*flat, 102.01]), QUICK).weight[-1] > 0


def test_the_size_is_not_renewed_on_every_bar() -> None:
    rng = np.random.default_rng(8)
    close = (100 * np.exp(np.cumsum(rng.normal(0.0005, 0.03, 4_000)))).tolist()
    weight = VOLATILITY.batch(candles(close, 2.0), {"atr_multiple": 1.0}).weight
    held = np.count_nonzero(weight)
    assert 0 < np.count_nonzero(np.diff(weight)) < held / 4
    np.testing.assert_allclose(weight * 20, np.round(weight * 20))


def test_it_says_when_it_decides_first() -> None:
    strategy: Strategy = VOLATILITY
    assert (strategy.name, strategy.kind, strategy.warmup({}), strategy.warmup(QUICK)) == (
        "volatility",
        "rule",
        375,
        42,
    )
    assert strategy.warmup({**QUICK, "vol_window": 100}) == 101
    rising = [100.0 * 1.05**k for k in range(60)]
    assert np.flatnonzero(strategy.batch(candles(rising, 0.001), QUICK).weight)[0] >= WARM


def test_closes_only_are_refused() -> None:
    bars = Bars("X", "t", Timeframe(DAY), np.arange(3) * DAY, np.ones(3))
    for ask in (VOLATILITY.start, VOLATILITY.batch):
        with pytest.raises(DataError, match="volatility needs high and low"):
            ask(bars, {})


@pytest.mark.parametrize(
    "params", [{"atr_period": 1}, {"vol_window": 513}, {"target_vol": 0}, {"band": 0.01}, {"x": 1}]
)
def test_parameters_out_of_bounds_are_refused(params: Params) -> None:
    for ask in (VOLATILITY.start, VOLATILITY.batch):
        with pytest.raises(UsageError):
            ask(candles([1.0]), params)
    with pytest.raises(UsageError):
        VOLATILITY.warmup(params)


def test_a_bar_without_a_price_is_named_and_leaves_the_state_as_it_was() -> None:
    bars = candles([3.0, math.nan, 3.0], 0.5)
    with pytest.raises(DataError, match="1970-01-02T00:00:00Z has high nan"):
        VOLATILITY.batch(bars, QUICK)
    state, _ = VOLATILITY.step(VOLATILITY.start(bars, QUICK), bars.row(0))
    before = state.tobytes()
    with pytest.raises(DataError):
        VOLATILITY.step(state, bars.row(1))
    assert state.tobytes() == before
