"""demo_ma against the rule in rational numbers, and against a bare loop on a known year of minutes."""

from __future__ import annotations

import importlib.util
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from quorum.domain import MINUTE, DataError, Timeframe, UsageError
from quorum.lake import Bars
from quorum.signals.strategies.demo_ma import DEMO_MA
from quorum.signals.strategy import Params, Strategy

PARAMS: Params = {"fast": 2, "slow": 3, "atr_period": 14}


def closes(values: list[float] | NDArray[np.float64], decimals: int | None, minutes: list[int] | None = None) -> Bars:
    time = np.arange(len(values)) if minutes is None else np.array(minutes, dtype=np.int64)
    close = np.array(values, dtype=np.float64)
    return Bars("BTCUSDT", "test", Timeframe(MINUTE), time * MINUTE, close, price_decimals=decimals)


def by_hand(prices: list[Fraction], fast: int, slow: int) -> list[float]:
    """The rule, word by word, with every mean summed afresh."""
    target, answer = 0.0, []
    for i in range(len(prices)):
        if i >= slow:
            now, before = (
                sum(prices[k + 1 - fast : k + 1]) / Fraction(fast) - sum(prices[k + 1 - slow : k + 1]) / Fraction(slow)
                for k in (i, i - 1)
            )
            if now > 0 and before <= 0:
                target = 1.0
            if now < 0 and before >= 0:
                target = 0.0
        answer.append(target)
    return answer


@settings(deadline=None, max_examples=80)
@given(
    st.lists(st.tuples(st.integers(-2, 2), st.integers(1, 5)), max_size=80),
    st.integers(2, 8),
    st.integers(1, 8),
    st.sampled_from([0, 1, 2, 8, None]),
)
def test_batch_is_the_rule_in_rational_numbers(
    walk: list[tuple[int, int]], fast: int, more: int, decimals: int | None
) -> None:
    ticks = np.cumsum([1_000 + step if i == 0 else step for i, (step, _) in enumerate(walk)], dtype=np.int64).tolist()
    prices = [float(Decimal(t).scaleb(-(decimals if decimals is not None else 2))) for t in ticks]
    gaps = np.cumsum([wait for _, wait in walk], dtype=np.int64).tolist()
    found = DEMO_MA.batch(closes(prices, decimals, gaps), {"fast": fast, "slow": fast + more})
    exact = [Fraction(p) if decimals is None else Fraction(t) for p, t in zip(prices, ticks, strict=True)]
    assert found.weight.tolist() == by_hand(exact, fast, fast + more)


def test_a_tie_of_decimals_is_a_tie_although_their_floats_differ() -> None:
    up_tie_up = [0.1, 0.1, 0.1, 0.2, 0.1, 0.3, 0.2]
    assert DEMO_MA.batch(closes(up_tie_up, 1), PARAMS).weight.tolist() == [0, 0, 0, 1, 1, 1, 1]
    assert DEMO_MA.batch(closes(up_tie_up, None), PARAMS).weight.tolist() == [0, 0, 0, 1, 1, 0, 1]


def test_nothing_is_decided_before_both_bars_have_both_means() -> None:
    rising = closes([float(i) for i in range(1, 30)], 0)
    assert not DEMO_MA.batch(rising, PARAMS).weight.any()
    turn = closes([3.0, 2.0, 1.0, 9.0, 9.0], 0)
    assert DEMO_MA.batch(turn, PARAMS).weight.tolist() == [0, 0, 0, 1, 1]
    assert DEMO_MA.warmup(PARAMS) == 4


def test_no_exits_and_no_effect_of_the_sizing_parameter() -> None:
    series = closes(np.random.default_rng(1).normal(0, 1, 500).cumsum().round(2) + 100, 2)
    answer, other = (DEMO_MA.batch(series, {"fast": 3, "slow": 10, "atr_period": p}) for p in (2, 200))
    assert answer[1:] == (None, None, None)
    assert answer.weight.tobytes() == other.weight.tobytes()
    assert 0 < answer.weight.mean() < 1


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"fast": 20, "slow": 20}, "not less than slow"),
        ({"fast": 200}, "not less than slow"),
        ({"fast": 1}, "out of bounds"),
        ({"slow": 1001}, "out of bounds"),
        ({"fats": 2}, "no parameter 'fats'"),
    ],
)
def test_parameters_that_make_no_sense_are_refused_everywhere(params: Params, message: str) -> None:
    series = closes([1.0, 2.0], 0)
    for ask in (DEMO_MA.warmup, lambda p: DEMO_MA.start(series, p), lambda p: DEMO_MA.batch(series, p)):
        with pytest.raises(UsageError, match=message):
            ask(params)


@pytest.mark.parametrize("price", [float("nan"), float("inf"), 2.0**48])
def test_a_close_that_is_no_price_is_named_and_leaves_the_state_as_it_was(price: float) -> None:
    series = closes([1.0, price, 3.0], None)
    with pytest.raises(DataError, match="1970-01-01T00:01:00Z"):
        DEMO_MA.batch(series, PARAMS)
    state, _ = DEMO_MA.step(DEMO_MA.start(series, PARAMS), series.row(0))
    before = state.tobytes()
    with pytest.raises(DataError, match="1970-01-01T00:01:00Z"):
        DEMO_MA.step(state, series.row(1))
    assert state.tobytes() == before


def test_it_is_a_strategy_with_its_declared_defaults() -> None:
    strategy: Strategy = DEMO_MA
    assert {p.name: p.default for p in strategy.parameters} == {"fast": 20, "slow": 100, "atr_period": 14}
    assert (strategy.name, strategy.kind, strategy.warmup({})) == ("demo_ma", "rule", 101)


@pytest.mark.real_data
def test_a_year_of_minutes_ends_at_the_known_equity(shared: Path) -> None:
    spec = importlib.util.spec_from_file_location("floor", shared / "bench" / "floor.py")
    assert spec is not None
    assert spec.loader is not None
    floor = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(floor)
    opens, _, _, close, _, _ = floor.minute_bars(seed=7)
    weight = DEMO_MA.batch(closes(close, 2), {"fast": 20, "slow": 100}).weight
    changes = np.flatnonzero(np.diff(weight, prepend=0.0))
    cash, held = 1_000_000.0, 0.0
    fills = [int(i) for i in changes if i + 1 < len(close)]
    for i in fills:
        change = weight[i] - held
        cash -= change * opens[i + 1] + abs(change) * opens[i + 1] * 0.001
        held = weight[i]
    assert len(fills) == 7_189
    assert cash + held * close[-1] == pytest.approx(800_608.62836, abs=1e-5)
