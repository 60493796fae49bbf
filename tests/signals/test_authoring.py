"""A strategy from one form has both, and they agree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.domain import HOUR, InvalidSignal, Row, Timeframe, UsageError
from quorum.lake import Bars
from quorum.signals import Exit, Parameter, Strategy, Target, Targets, from_batch, from_step

BACK = (Parameter("back", 3, 1, 50, "bars"),)
NAN = float("nan")


def market(n: int, seed: int, closes_only: bool = False) -> Bars:
    close = np.round(100 + np.cumsum(np.random.default_rng(seed).normal(0, 1, n)), 2)
    time = np.arange(n) * HOUR
    rest: dict[str, Any] = {} if closes_only else {"open": close, "high": close + 1, "low": close - 1, "volume": close}
    return Bars("X", "test", Timeframe(HOUR), time, close, price_decimals=2, **rest)


def rise(bars: Bars, params: Any) -> Targets:
    """Long above the close of some bars before, stop at the low."""
    back = int(params["back"])
    weight = np.full(len(bars), np.nan)
    weight[back:] = bars.close[back:] > bars.close[:-back]
    return Targets(weight, stop=bars.low)


def rise_step(past: tuple[float, ...], row: Row) -> tuple[tuple[float, ...], Target]:
    long = len(past) == 3 and row.close > past[0]
    return (*past, row.close)[-3:], Target(float(long), Exit(row.low, NAN, NAN))


COLUMNS: Strategy = from_batch("rise", rise, lambda params: int(params["back"]) + 1, BACK)
STEPS: Strategy = from_step("rise", rise_step, lambda params: (), 4)


def streamed(strategy: Strategy, bars: Bars) -> np.ndarray[Any, Any]:
    state, said = strategy.start(bars, {}), []
    for row in bars.rows():
        state, target = strategy.step(state, row)
        said.append((target.weight, *target.exit))
    return np.array(said).reshape(-1, 4).T


@given(st.integers(0, 150), st.integers(0, 9), st.booleans())
def test_both_forms_agree_whichever_was_written(n: int, seed: int, closes_only: bool) -> None:
    bars = market(n, seed, closes_only)
    for strategy in (COLUMNS, STEPS):
        np.testing.assert_array_equal(np.array(strategy.batch(bars, {}).full()), streamed(strategy, bars))
    assert COLUMNS.batch(bars, {}).weight.tolist() == STEPS.batch(bars, {}).weight.tolist()


def test_before_the_warm_up_nothing_is_wanted_whatever_the_rule_says() -> None:
    eager = from_batch("eager", lambda bars, params: Targets(np.ones(len(bars)), stop=bars.close), 5)
    targets = eager.batch(market(8, 1), {})
    assert targets.weight.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert targets.stop is not None
    assert np.isnan(targets.stop).tolist() == [True] * 4 + [False] * 4
    stepping = from_step("eager", lambda state, row: (state, 1.0), lambda params: None, 5)
    assert stepping.batch(market(8, 1), {}).weight.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


def test_parameters_are_read_and_refused_as_everywhere() -> None:
    assert COLUMNS.warmup({}) == 4
    assert COLUMNS.warmup({"back": "7"}) == 8
    with pytest.raises(UsageError, match=r"back = 51 is out of bounds; give one in 1..50"):
        COLUMNS.batch(market(60, 1), {"back": 51})


def test_a_rule_that_answers_another_length_is_named() -> None:
    short = from_batch("short", lambda bars, params: bars.close[1:] * 0, 1)
    with pytest.raises(InvalidSignal, match=r"short answers columns of shape \(9,\) for 10 bars of X; one row a bar"):
        short.batch(market(10, 1), {})


def test_an_answer_of_another_kind_is_named_with_its_bar() -> None:
    words: Any = lambda bars, params: "long"  # noqa: E731
    with pytest.raises(InvalidSignal, match="text answers a str for 10 bars of X"):
        from_batch("text", words, 1).batch(market(10, 1), {})
    alone: Any = lambda state, row: 1.0  # noqa: E731
    with pytest.raises(InvalidSignal, match="alone answers a float at the bar of 1970-01-01T00:00:00Z"):
        from_step("alone", alone, lambda params: 0, 1).batch(market(10, 1), {})


def test_a_step_that_raises_is_named_with_its_bar() -> None:
    late = from_step("late", lambda n, row: (n + 1, 1.0 / (n - 5)), lambda params: 0, 1)
    with pytest.raises(InvalidSignal, match="late failed on X at the bar of 1970-01-01T05:00:00Z: ZeroDivisionError"):
        late.batch(market(10, 1), {})


def test_a_rule_cannot_write_into_the_bars() -> None:
    def rule(bars: Bars, params: Any) -> Any:
        bars.close[0] = 1.0
        return bars.close

    with pytest.raises(InvalidSignal, match=r"writes failed on X .*ValueError: assignment destination is read-only"):
        from_batch("writes", rule, 1).batch(market(10, 1), {})


def test_the_summary_is_the_first_line_of_what_the_author_wrote() -> None:
    assert COLUMNS.summary == "Long above the close of some bars before, stop at the low"
    assert STEPS.summary == "a rule of one's own"
