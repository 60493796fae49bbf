"""carry: positions and money worked by hand on funding alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.scripts import FREE, H1, START, flat_bars
from quorum.domain import HOUR, DataError, Timeframe, UsageError
from quorum.engine import backtest
from quorum.lake import Bars
from quorum.signals import Params
from quorum.signals.strategies.carry import CARRY

THREE: Params = {"window": 3, "entry": 0.008, "exit": 0.004}


def paying(rates: list[float], timeframe: Timeframe = H1) -> Bars:
    n = len(rates)
    return Bars(
        "PERP", "test", timeframe, START + np.arange(n) * timeframe.nanoseconds, np.ones(n), funding=np.array(rates)
    )


def targets(rates: list[float], params: Params, timeframe: Timeframe = H1) -> list[float]:
    return list(CARRY.batch(paying(rates, timeframe), params).weight)


def test_it_is_short_from_above_entry_until_below_exit() -> None:
    """Three hours are an eighth of a day: sums of 0.001 are 0.008 a day."""
    rates = [0.001, 0.0, 0.0, 0.0011, 0.0, 0.0, 0.0006, 0.0, 0.0, 0.0004, 0.0]
    assert targets(rates, THREE) == [0, 0, 0, -1, -1, -1, -1, -1, -1, 0, 0]


def test_it_is_long_while_the_shorts_pay_only_when_it_may() -> None:
    rates = [0.0, 0.0, -0.0011, 0.0, 0.0, -0.0004, 0.0, 0.0, 0.0021]
    assert targets(rates, THREE) == [0, 0, 0, 0, 0, 0, 0, 0, -1]
    assert targets(rates, {**THREE, "long": 1}) == [0, 0, 1, 1, 1, 0, 0, 0, -1]
    assert targets([-0.0011, 0.0, 0.0, 0.0031], {**THREE, "long": 1}) == [0, 0, 1, -1]


def test_a_day_is_a_day_whatever_the_length_of_its_bars() -> None:
    assert targets([0.0009] * 3, {"window": 2, "entry": 0.005, "exit": 0.005}, Timeframe(4 * HOUR)) == [0, -1, -1]
    assert targets([0.0009] * 3, {"window": 2, "entry": 0.0054, "exit": 0.005}, Timeframe(4 * HOUR)) == [0, 0, 0]


def test_the_funding_is_the_whole_profit_where_the_price_stands_still() -> None:
    """Short 2 of 100 from the open of bar 4 to that of bar 10: bars 5 to 10 pay 0.0006 + 0.0004 of 200."""
    rates = [0.001, 0.0, 0.0, 0.0011, 0.0, 0.0, 0.0006, 0.0, 0.0, 0.0004, 0.0, 0.0]
    bars = flat_bars([100.0] * len(rates), funding=rates)
    result = backtest(bars, CARRY, THREE, replace(FREE, size=2.0), None)
    assert [((fill.time - START) // HOUR, fill.quantity) for fill in result.fills] == [(4, -2.0), (10, 2.0)]
    assert result.final_equity - 1_000 == pytest.approx(200 * (0.0006 + 0.0004))
    assert result.trades.profit.tolist() == [0.0]


@given(st.integers(0, 2**32), st.integers(1, 60), st.integers(0, 1))
def test_streaming_equals_batch_and_the_past_before_the_window_counts_for_nothing(
    seed: int, window: int, both: int
) -> None:
    rng = np.random.default_rng(seed)
    rates = np.where(np.arange(300) % 8 == 0, rng.normal(0.0001, 0.0003, 300), 0.0)
    bars, params = paying(rates.tolist()), {"window": window, "entry": 0.0006, "exit": 0.0006, "long": both}
    batch = CARRY.batch(bars, params).weight
    state, streamed = CARRY.start(bars, params), []
    for row in bars.rows():
        state, target = CARRY.step(state, row)
        streamed.append(target.weight)
    assert streamed == batch.tolist()
    assert not batch[: CARRY.warmup(params) - 1].any()
    cut = int(rng.integers(0, 200))
    late = CARRY.batch(bars.slice(cut, 300), params).weight
    assert late[window - 1 :].tolist() == batch[cut + window - 1 :].tolist()


def test_bars_without_funding_are_refused_with_what_to_import() -> None:
    with pytest.raises(DataError, match=r"TEST\.test 1h has no funding, .* --kind funding"):
        CARRY.batch(flat_bars([1.0] * 5), {})
    with pytest.raises(DataError, match="has no funding"):
        CARRY.start(flat_bars([1.0] * 5), {})


def test_rates_in_percent_and_thresholds_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(DataError, match=r"2024-01-01T01:00:00Z has funding 1.5, carry needs a fraction"):
        CARRY.batch(paying([0.0, 1.5]), {})
    bars = paying([float("nan")])
    with pytest.raises(DataError, match="has funding nan"):
        CARRY.step(CARRY.start(bars, {}), bars.row(0))
    with pytest.raises(UsageError, match=r"exit = 0.002 is more than entry = 0.001"):
        CARRY.warmup({"entry": 0.001, "exit": 0.002})
