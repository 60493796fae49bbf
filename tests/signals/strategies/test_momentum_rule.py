"""momentum (time-series momentum) against the rule written out, and on series whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorum.domain import DAY, DataError, Timeframe, UsageError
from quorum.lake import Bars
from quorum.signals.strategies import TIME_SERIES_MOMENTUM
from quorum.signals.strategy import Params, Strategy

SHORT: Params = {"lookback": 4, "skip": 1, "threshold": 0.05}


def closes(values: list[float]) -> Bars:
    return Bars("X", "t", Timeframe(DAY), np.arange(len(values)) * DAY, np.array(values, dtype=np.float64))


@settings(max_examples=60)
@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=80),
    st.integers(2, 20),
    st.integers(0, 19),
    st.sampled_from([0.0, 0.1, 0.5]),
    st.integers(0, 1),
)
def test_batch_is_the_rule_written_out(
    values: list[int], lookback: int, skip: int, threshold: float, short: int
) -> None:
    params: Params = {"lookback": lookback, "skip": skip % lookback, "threshold": threshold, "short": short}
    held, expected = 0.0, []
    for i in range(len(values)):
        if i >= lookback:
            gained = values[i - skip % lookback] / values[i - lookback] - 1
            held = 1.0 if gained > threshold else (-1.0 if short else 0.0) if gained < -threshold else held
        expected.append(held)
    found = TIME_SERIES_MOMENTUM.batch(closes([float(v) for v in values]), params)
    assert found.weight.tolist() == expected


def test_the_last_bars_are_left_out_and_a_small_return_changes_nothing() -> None:
    """lookback 4, skip 1, beyond 5 %: bar 4 compares the closes of bars 3 and 0, bar 5 those of 4 and 1, and so on."""
    values = [100.0, 100, 100, 106, 90, 104, 96, 96, 94, 94, 94]
    #   returns seen at bars 4..10:      +6 %  -10 %  +4 %  -9.4 %  +6.7 %  -9.6 %  -2.1 %
    assert TIME_SERIES_MOMENTUM.batch(closes(values), SHORT).weight.tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0]
    both = TIME_SERIES_MOMENTUM.batch(closes(values), {**SHORT, "short": 1})
    assert both.weight.tolist() == [0, 0, 0, 0, 1, -1, -1, -1, 1, -1, -1]


def test_a_rising_year_is_held_from_its_end_on() -> None:
    strategy: Strategy = TIME_SERIES_MOMENTUM
    weight = strategy.batch(closes([100.0 + k for k in range(300)]), {}).weight
    assert weight.tolist() == [0.0] * 252 + [1.0] * 48
    assert (strategy.name, strategy.kind, strategy.warmup({})) == ("momentum", "rule", 253)


@pytest.mark.parametrize("params", [{"lookback": 21}, {"lookback": 1001}, {"threshold": -0.1}, {"short": 3}, {"x": 1}])
def test_parameters_that_make_no_sense_are_refused(params: Params) -> None:
    for ask in (TIME_SERIES_MOMENTUM.start, TIME_SERIES_MOMENTUM.batch):
        with pytest.raises(UsageError):
            ask(closes([1.0]), params)
    with pytest.raises(UsageError):
        TIME_SERIES_MOMENTUM.warmup(params)


@pytest.mark.parametrize("price", [math.nan, math.inf, 0.0, -1.0])
def test_a_bar_without_a_price_is_named_and_leaves_the_state_as_it_was(price: float) -> None:
    bars = closes([3.0, price, 3.0])
    with pytest.raises(DataError, match="1970-01-02T00:00:00Z has close"):
        TIME_SERIES_MOMENTUM.batch(bars, SHORT)
    state, _ = TIME_SERIES_MOMENTUM.step(TIME_SERIES_MOMENTUM.start(bars, SHORT), bars.row(0))
    before = state.tobytes()
    with pytest.raises(DataError):
        TIME_SERIES_MOMENTUM.step(state, bars.row(1))
    assert state.tobytes() == before
