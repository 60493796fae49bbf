"""mean_reversion against the rule written out, and on series whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorum.domain import MINUTE, DataError, Timeframe, UsageError
from quorum.lake import Bars
from quorum.signals import SpecStrategy, read_spec
from quorum.signals.strategies import MEAN_REVERSION
from quorum.signals.strategy import Params, Strategy
from signals.test_stream_equals_batch import market

QUICK: Params = {"rsi_period": 2}
FIRST = 42  # the settling of 2 bars is 41 values, and a decision compares two of them


def closes(*values: float) -> Bars:
    return Bars("X", "t", Timeframe(MINUTE), np.arange(len(values)) * MINUTE, np.array(values, dtype=np.float64))


def by_hand(close: list[float], params: Params) -> list[float]:
    """The target of every bar: Wilder's index made step by step, and the rule word by word."""
    n, lower, middle, upper, short = (float(params[k]) for k in ("rsi_period", "lower", "middle", "upper", "short"))
    settled = next(k for k in range(10_000) if (1 - 1 / n) ** k < 1e-12) + 1
    gain = loss = held = 0.0
    before, answer = math.nan, []
    for i, price in enumerate(close):
        move = price - close[i - 1] if i else 0.0
        share = 1.0 if i == 1 else 1 / n
        gain, loss = gain + (max(move, 0) - gain) * share, loss + (max(-move, 0) - loss) * share
        now = 100 * gain / (gain + loss) if i >= settled and gain + loss > 1e-12 * price else 50.0
        now = now if i >= settled else math.nan
        if (held > 0 and now >= middle) or (held < 0 and now <= middle):
            held = 0.0
        if held == 0 and before >= lower > now:
            held = 1.0
        elif held == 0 and short and before <= upper < now:
            held = -1.0
        before = now
        answer.append(held)
    return answer


@settings(max_examples=50)
@given(
    st.lists(st.integers(-9, 9), min_size=50, max_size=250),
    st.sampled_from([{}, {"short": 1}, {"lower": 15, "middle": 80, "upper": 81, "short": 1}]),
    st.sampled_from([2, 3, 5]),
)
def test_batch_is_the_rule_written_out(moves: list[int], change: Params, period: int) -> None:
    close = (500.0 + np.cumsum(moves) / 7).tolist()
    params = {p.name: p.default for p in MEAN_REVERSION.parameters} | {"rsi_period": period} | dict(change)
    assert MEAN_REVERSION.batch(closes(*close), params).weight.tolist() == by_hand(close, params)


def test_a_fall_is_bought_and_the_way_back_to_the_middle_sold() -> None:
    """Equal steps up and down hold the index near the middle; a fall of 9 brings it to 0, rises back over 50."""
    calm = [100.0 + k % 2 for k in range(60)]
    fall, back = [95.0, 90.0, 86.0], [87.0, 91.0, 95.0, 95.5]
    weight = MEAN_REVERSION.batch(closes(*calm, *fall, *back), QUICK).weight
    assert weight[:60].tolist() == [0.0] * 60
    assert weight[60:].tolist() == [1, 1, 1, 1, 0, 0, 0]


def test_a_rise_is_sold_short_only_when_asked() -> None:
    calm = [100.0 + k % 2 for k in range(60)]
    rows = closes(*calm, 106.0, 111.0, 110.5, 104.0, 103.0)
    assert not MEAN_REVERSION.batch(rows, QUICK).weight[:63].any()
    assert MEAN_REVERSION.batch(rows, {"short": 1, **QUICK}).weight[60:63].tolist() == [-1, -1, -1]
    assert MEAN_REVERSION.batch(rows, {"short": 1, **QUICK}).weight[63] == 1


def test_defaults_are_those_of_the_book_and_say_when_they_decide_first() -> None:
    strategy: Strategy = MEAN_REVERSION
    defaults = {p.name: p.default for p in strategy.parameters}
    assert defaults == {"rsi_period": 14, "lower": 30, "middle": 50, "upper": 70, "short": 0}
    assert (strategy.name, strategy.kind, strategy.warmup({}), strategy.warmup(QUICK)) == (
        "mean_reversion",
        "rule",
        376,
        FIRST + 1,
    )
    falling = closes(*[100.0 + k % 2 for k in range(400)], 80.0)
    assert strategy.batch(falling, {}).weight.tolist() == [0.0] * 400 + [1.0]


def test_it_is_what_the_same_rule_says_as_a_spec() -> None:
    spec = read_spec(
        {
            "name": "dip",
            "indicators": {"index": "rsi(close, 14)"},
            "long": "cross_below(index, 30)",
            "exit_long": "index >= 50",
        }
    )
    bars = market(5_000, 3, 2)
    found = MEAN_REVERSION.batch(bars, {})
    assert found.weight.any()
    assert SpecStrategy(spec).batch(bars, {}).weight.tolist() == found.weight.tolist()


@pytest.mark.parametrize(
    "params", [{"lower": 50}, {"middle": 70}, {"upper": 50}, {"rsi_period": 1}, {"short": 2}, {"x": 1}]
)
def test_parameters_that_make_no_sense_are_refused(params: Params) -> None:
    for ask in (MEAN_REVERSION.start, MEAN_REVERSION.batch):
        with pytest.raises(UsageError):
            ask(closes(1.0), params)
    with pytest.raises(UsageError):
        MEAN_REVERSION.warmup(params)


@pytest.mark.parametrize("price", [math.nan, math.inf, 0.0, -1.0])
def test_a_bar_without_a_price_is_named_and_leaves_the_state_as_it_was(price: float) -> None:
    bars = closes(3.0, price, 3.0)
    with pytest.raises(DataError, match="1970-01-01T00:01:00Z has close"):
        MEAN_REVERSION.batch(bars, QUICK)
    state, _ = MEAN_REVERSION.step(MEAN_REVERSION.start(bars, QUICK), bars.row(0))
    before = state.tobytes()
    with pytest.raises(DataError):
        MEAN_REVERSION.step(state, bars.row(1))
    assert state.tobytes() == before
