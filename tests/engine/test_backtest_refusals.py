"""What a backtest refuses: each with one line that names strategy, parameter, symbol and bar, and a remedy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from engine.scripts import (
    FLAT,
    FREE,
    H1,
    NAN,
    START,
    PanelScript,
    Script,
    bars_of,
    flat_bars,
    panel_of,
    rebalance,
    trade,
    want,
)
from quorum.domain import HOUR, DataError, InvalidSignal, QuorumError, UsageError
from quorum.engine import Terms, backtest
from quorum.engine.fakes import MemoryTrials
from quorum.lake import Bars, Panel, synthetic_market
from quorum.signals import Allocations, ConsensusRules, Params, Targets, find_strategy

DEMO_MA = find_strategy("demo_ma", ConsensusRules())
BARS = flat_bars([10.0, 10.0, 12.0, 13.0])
PANEL = panel_of({"A": [10.0] * 4, "B": [5.0] * 4})


def market(n: int = 2_000) -> Bars:
    return synthetic_market(3, ["BTCUSDT"], H1, START, n)["BTCUSDT"]


def one_line(error: pytest.ExceptionInfo[QuorumError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    assert error.value.remedy
    return text


def test_too_few_bars_are_refused() -> None:
    with pytest.raises(DataError) as error:
        backtest(market(101), DEMO_MA, {}, Terms(), None)
    assert "has 101 bars in this period, demo_ma needs 102" in one_line(error)
    assert len(backtest(market(102), DEMO_MA, {}, Terms(), None).equity) == 102
    with pytest.raises(DataError):
        backtest(market().slice(0, 0), Script([]), {}, FREE, None)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"fats": 3}, "no parameter 'fats'"),
        ({"fast": 1}, "out of bounds"),
        ({"fast": "2.5"}, "not a whole number"),
        ({"fast": float("nan")}, "not a whole number"),
        ({"fast": 100, "slow": 50}, "not less than slow"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(given: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError) as error:
        backtest(market(), DEMO_MA, given, Terms(), MemoryTrials())
    assert says in one_line(error)


def test_a_refused_backtest_is_no_trial() -> None:
    trials = MemoryTrials()
    with pytest.raises(InvalidSignal):
        backtest(bars_of([(1.0, 1.0, 1.0, 1.0)] * 3), Script([want(2)] * 3), {}, FREE, trials)
    assert trials.count("script") == 0


@pytest.mark.parametrize("bad", [float("nan"), 0.0, -1.0, float("inf")])
@pytest.mark.parametrize("column", ["open", "high", "low", "close"])
def test_a_bar_without_a_price_is_refused(column: str, bad: float) -> None:
    bars = bars_of([(1.0, 1.0, 1.0, 1.0)] * 4)
    broken: dict[str, Any] = {name: values.copy() for name, values in bars.columns().items()}
    broken[column][2] = bad
    with pytest.raises(DataError) as error:
        backtest(replace(bars, **broken), Script([want(1)] * 4), {}, FREE, None)
    assert f"the bar of 2024-01-01T02:00:00Z has {column} {bad}, no price" in one_line(error)


def test_targets_of_another_length_are_refused() -> None:
    with pytest.raises(InvalidSignal) as error:
        backtest(bars_of([(1.0, 1.0, 1.0, 1.0)] * 3), Script([FLAT] * 2), {}, FREE, None)
    assert "weight of shape (2,) for 3 bars" in one_line(error)


@dataclass(frozen=True)
class Answering(Script):
    """A script with an answer of its own."""

    answer: Callable[[Bars], Any] = len

    def batch(self, bars: Bars, params: Params) -> Targets:
        answered: Targets = self.answer(bars)
        return answered


def refused(answer: Callable[[Bars], Any]) -> pytest.ExceptionInfo[InvalidSignal]:
    with pytest.raises(InvalidSignal) as error:
        backtest(BARS, Answering([], answer=answer), {"atr_period": 7}, FREE, None)
    assert "script with atr_period = 7" in one_line(error)
    return error


def test_a_strategy_that_raises_is_named_with_parameters_and_symbol_and_its_cause_is_kept() -> None:
    def divide(bars: Bars) -> Any:
        raise ZeroDivisionError("in a rule")

    error = refused(divide)
    assert "failed on TEST at the bars of 2024-01-01T00:00:00Z to 2024-01-01T03:00:00Z" in str(error.value)
    assert "ZeroDivisionError: in a rule" in str(error.value)
    assert isinstance(error.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize("answer", [None, 1.0, [0.0] * 4])
def test_an_answer_that_is_no_targets_is_refused(answer: Any) -> None:
    refused(lambda _: answer)


@pytest.mark.parametrize("column", [np.array(["a"] * 4), [[1.0], [1.0, 2.0]]])
def test_targets_that_are_no_numbers_are_refused(column: Any) -> None:
    assert "weight that is no column of numbers" in str(refused(lambda _: Targets(column)).value)


def test_exits_of_another_length_are_refused() -> None:
    error = refused(lambda bars: Targets(np.zeros(len(bars)), stop=np.zeros(2)))
    assert "stop of shape (2,) for 4 bars" in str(error.value)


@pytest.mark.parametrize("bad", [NAN, 1.5, -1.0001, float("inf")])
def test_a_target_that_is_none_is_refused_with_its_bar(bad: float) -> None:
    error = refused(lambda bars: Targets(np.array([0.0, 1.0, bad, 0.0])))
    assert f"wants {bad} of TEST at the close of the bar of 2024-01-01T02:00:00Z" in str(error.value)


@pytest.mark.parametrize("bad", [1.5, float("inf")])
def test_a_portfolios_target_is_refused_with_its_symbol_and_bar(bad: float) -> None:
    with pytest.raises(InvalidSignal) as error:
        rebalance(PANEL, {0: [0.5, 0.5], 2: [0.0, bad]})
    says = f"portfolio_script with atr_period = 14 wants {bad} of B at the close of the bar of 2024-01-03T00:00:00Z"
    assert says in one_line(error)


@pytest.mark.parametrize("rows", [[0, 0], [1, 0], [-1, 2], [1, 4], ["a", "b"]])
def test_rows_that_do_not_increase_within_the_bars_are_refused(rows: list[Any]) -> None:
    class Answers(PanelScript):
        def batch(self, panel: Panel, params: Params) -> Allocations:
            return Allocations(np.array(rows), np.zeros((2, 2)))

    with pytest.raises(InvalidSignal, match="portfolio_script with atr_period = 14 answers rows that"):
        backtest(PANEL, Answers({}), {}, FREE, None)


class Wide(PanelScript):
    def batch(self, panel: Panel, params: Params) -> Allocations:
        return Allocations(np.array([0]), np.zeros((1, 3)))


def test_weights_of_another_shape_are_refused() -> None:
    with pytest.raises(InvalidSignal, match=r"weights of shape \(1, 3\) for 1 rows of A\+B"):
        backtest(PANEL, Wide({}), {}, FREE, None)


def test_a_strategy_that_never_trades_is_an_answer() -> None:
    """Nothing is wrong with staying out; `strategy check` asks about it."""
    for result in (trade(BARS, [FLAT]), rebalance(PANEL, {}), rebalance(PANEL, {1: [NAN, NAN]})):
        assert (len(result.trades), len(result.fills), result.final_equity) == (0, 0, 1_000.0)
        assert result.summary()["trades"] == 0


def test_bars_and_strategies_of_another_kind_are_refused() -> None:
    with pytest.raises(UsageError, match="script takes one symbol, not 2; backtest them one by one"):
        backtest(PANEL, Script([FLAT] * 4), {}, FREE, None)
    with pytest.raises(UsageError, match="portfolio_script takes 1 or more symbols, not 1"):
        backtest(BARS, PanelScript({}), {}, FREE, None)
    with pytest.raises(UsageError, match="portfolio_script takes 3 symbols, not 2"):
        backtest(PANEL, PanelScript({}, symbols=(3, 3)), {}, FREE, None)
    with pytest.raises(UsageError, match="portfolio_script takes 3 to 5 symbols, not 2"):
        backtest(PANEL, PanelScript({}, symbols=(3, 5)), {}, FREE, None)


@pytest.mark.parametrize("order", [[0, 1, 1, 2], [0, 2, 1, 3]])
def test_bars_with_a_time_twice_or_out_of_order_are_refused(order: list[int]) -> None:
    with pytest.raises(DataError, match="TEST: bars are not in strictly increasing order of time"):
        replace(BARS, time=START + np.array(order) * HOUR)
    with pytest.raises(DataError, match="bars are not in strictly increasing order"):
        replace(PANEL, time=START + np.array(order) * HOUR)


@pytest.mark.parametrize("bad", [0.0, -1.0, float("inf")])
def test_a_panel_names_symbol_and_bar_of_a_price_that_is_none(bad: float) -> None:
    with pytest.raises(DataError) as error:
        rebalance(panel_of({"A": [10.0] * 4, "B": [5.0, 5.0, bad, 5.0]}), {})
    assert f"B: the bar of 2024-01-03T00:00:00Z has open {bad}, no price" in one_line(error)


@pytest.mark.parametrize("bad", [NAN, float("inf")])
def test_a_funding_rate_that_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(DataError, match=r"TEST: the bar of 2024-01-01T01:00:00Z has funding"):
        trade(flat_bars([1.0] * 3, funding=[0.0, bad, 0.0]), [FLAT])
    funding = np.array([[0.0, 0.0], [0.0, bad], [0.0, 0.0]])
    with pytest.raises(DataError, match=r"B: the bar of 2024-01-02T00:00:00Z has funding"):
        rebalance(panel_of({"A": [1.0] * 3, "B": [1.0] * 3}, funding=funding), {})


def test_flawed_bars_are_refused_before_the_strategy_sees_them() -> None:
    def never(bars: Bars) -> Any:
        raise AssertionError("asked about bars that are flawed")

    with pytest.raises(DataError, match="no price to trade at"):
        backtest(flat_bars([1.0, 0.0, 1.0]), Answering([], answer=never), {}, Terms(sizing="volatility"), None)


def test_more_symbols_than_memory_holds_are_refused_before_any_is_laid_out() -> None:
    n = 1_000_000
    one = np.ones(n)
    bars = Bars("A", "test", H1, START + np.arange(n) * HOUR, one, one, one, one, one, one)
    with pytest.raises(DataError) as error:
        Panel.of([bars] * 2_000)
    assert "2,000 symbols over 1,000,000 bars need 80.0 GB" in one_line(error)
