"""Sweeps: every combination equals its own backtest, is counted once, and survives what stops the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from quorum.domain import HOUR, DataError, Done, Limits, Loss, Lost, Outcome, QuorumError, Timeframe, UsageError
from quorum.engine import Elsewhere, SweepOptions, Terms, backtest, fitting, grid, search, sweep
from quorum.engine.fakes import MemoryTrials
from quorum.engine.sweeps import work
from quorum.lake import Bars, Panel, synthetic_market
from quorum.signals import Params, Targets
from quorum.signals.strategies import DEMO_MA, ROTATION, TREND_BREAKOUT
from quorum.stats.performance import sharpe

H1 = Timeframe(HOUR)
BARS = synthetic_market(3, ("AUSDT", "BUSDT", "CUSDT"), H1, 1_700_000_000_000_000_000 // HOUR * HOUR, 3_000)
TERMS = Terms(slippage_bps=3)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("strategy", [DEMO_MA, TREND_BREAKOUT])
def test_each_combination_is_its_own_backtest(strategy: Any, threads: int) -> None:
    combinations = grid(strategy)[::4]
    found = sweep(BARS["AUSDT"], strategy, combinations, TERMS, None, SweepOptions(threads=threads))
    assert found.trial_ids is None
    assert len(found) == len(combinations) >= 4
    for i, given in enumerate(combinations):
        alone = backtest(BARS["AUSDT"], strategy, given, TERMS, None)
        assert found.combinations[i] == alone.parameters
        assert found.final_equity[i] == alone.final_equity
        assert found.max_drawdown[i] == alone.performance.max_drawdown
        assert found.fills[i] == len(alone.fills)
        days, returns = alone.daily
        np.testing.assert_array_equal(found.day, days)
        np.testing.assert_array_equal(found.returns[i], returns)
        assert found.sharpe[i] == pytest.approx(sharpe(returns, alone.performance.periods_per_year), rel=1e-12)


def test_a_portfolio_is_swept_as_well() -> None:
    panel = Panel.of([BARS[name] for name in ("AUSDT", "BUSDT", "CUSDT")])
    combinations = grid(ROTATION, {"lookback": [20, 50], "top": [1, 2]})
    found = sweep(panel, ROTATION, combinations, TERMS, None)
    alone = [backtest(panel, ROTATION, given, TERMS, None).final_equity for given in combinations]
    assert found.final_equity.tolist() == alone


def test_every_combination_is_a_trial_and_a_rerun_computes_none() -> None:
    trials = MemoryTrials()
    combinations = grid(DEMO_MA, {"fast": [5, 10], "slow": [20, 40, 60]})
    first = sweep(BARS["AUSDT"], DEMO_MA, combinations, TERMS, trials)
    again = sweep(BARS["AUSDT"], DEMO_MA, combinations, TERMS, trials)
    assert (first.resumed, again.resumed) == (0, 6)
    assert first.trials_in_family == again.trials_in_family == trials.count("demo_ma") == 6
    assert first.trial_ids == again.trial_ids
    np.testing.assert_array_equal(first.returns, again.returns)
    np.testing.assert_array_equal(first.sharpe, again.sharpe)
    more = sweep(BARS["AUSDT"], DEMO_MA, grid(DEMO_MA, {"fast": [5, 8], "slow": [40]}), TERMS, trials)
    assert (more.resumed, more.trials_in_family) == (1, 7)


def test_a_backtest_and_its_row_of_a_sweep_are_the_same_trial() -> None:
    trials = MemoryTrials()
    alone = backtest(BARS["AUSDT"], DEMO_MA, {"fast": 5, "slow": 20}, TERMS, trials)
    found = sweep(BARS["AUSDT"], DEMO_MA, grid(DEMO_MA, {"fast": [5], "slow": [20, 30]}), TERMS, trials)
    assert found.trial_ids is not None
    assert alone.trial_id == found.trial_ids[0]
    assert (found.resumed, found.trials_in_family) == (1, 2)
    assert found.final_equity[0] == alone.final_equity


class Fragile:
    """demo_ma that fails for one value."""

    name = "fragile"
    kind = "rule"
    summary = "fails now and then"
    settings: Mapping[str, object] = {}
    parameters = DEMO_MA.parameters
    warmup, start, step = DEMO_MA.warmup, DEMO_MA.start, DEMO_MA.step

    def batch(self, bars: Bars, params: Params) -> Targets:
        if params["fast"] == 7:
            raise DataError("seven is too much", "take another")
        return DEMO_MA.batch(bars, params)


def test_what_was_finished_before_a_failure_is_kept() -> None:
    trials, fragile = MemoryTrials(), Fragile()
    combinations = [{"fast": fast, "slow": 40} for fast in (5, 6, 7, 8)]
    with pytest.raises(QuorumError, match="seven"):
        sweep(BARS["AUSDT"], fragile, combinations, TERMS, trials, SweepOptions(threads=1))
    assert trials.count("fragile") == 2
    del combinations[2]
    found = sweep(BARS["AUSDT"], fragile, combinations, TERMS, trials)
    assert (found.resumed, len(found)) == (2, 3)


def test_an_interrupt_keeps_what_is_finished() -> None:
    trials = MemoryTrials()

    def told(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(BARS["AUSDT"], DEMO_MA, grid(DEMO_MA), TERMS, trials, SweepOptions(threads=1, told=told))
    assert trials.count("demo_ma") == 3


def test_rows_are_ranked_and_one_without_a_ratio_comes_last() -> None:
    flat = Bars("F", "t", H1, np.arange(400) * HOUR, np.full(400, 10.0))
    found = sweep(flat, DEMO_MA, grid(DEMO_MA, {"fast": [5], "slow": [20, 30]}), TERMS, None)
    assert np.isnan(found.sharpe).all()
    assert found.best() == 0
    real = sweep(BARS["AUSDT"], DEMO_MA, grid(DEMO_MA), TERMS, None)
    ratios = [row["sharpe"] for row in real.ranked()]
    assert ratios == sorted(ratios, reverse=True)
    assert real.row(real.best())["sharpe"] == ratios[0]


@pytest.mark.parametrize(
    ("axes", "says"),
    [
        ({"fast": []}, "0 combinations"),
        ({"fast": list(range(2, 402)), "slow": list(range(3, 1001))}, "399,200 combinations"),
        ({"speed": [1]}, "no parameter 'speed'"),
        ({"fast": [1]}, "fast = 1 is out of bounds"),
        ({"fast": ["x"]}, "fast = 'x' is not a whole number"),
    ],
)
def test_a_grid_that_makes_no_sense_is_refused(axes: dict[str, Sequence[object]], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        grid(DEMO_MA, axes)


def test_a_combination_that_the_strategy_refuses_is_named_or_left_out() -> None:
    combinations = grid(DEMO_MA, {"fast": [50], "slow": [20, 60]})
    with pytest.raises(UsageError, match="combination fast=50, slow=20"):
        sweep(BARS["AUSDT"], DEMO_MA, combinations, TERMS, None)
    kept, left_out = fitting(BARS["AUSDT"], DEMO_MA, combinations)
    assert (len(kept), left_out) == (1, 1)
    with pytest.raises(UsageError, match="no combination"):
        sweep(BARS["AUSDT"], DEMO_MA, [], TERMS, None)


def test_values_given_twice_are_tried_once_and_the_rest_stays_at_its_default() -> None:
    found = grid(DEMO_MA, {"fast": [5, "5", 6]})
    assert found == tuple({"fast": fast, "slow": 100, "atr_period": 14} for fast in (5, 6))
    assert len(grid(DEMO_MA)) == 49


def test_a_search_tries_as_many_as_it_is_told_and_the_same_for_the_same_seed() -> None:
    trials = MemoryTrials()
    found, again = (search(BARS["AUSDT"], DEMO_MA, TERMS, trials, 12, seed=5) for _ in range(2))
    assert len(found) == trials.count("demo_ma") == 12
    assert len({tuple(c.values()) for c in found.combinations}) == 12
    assert found.combinations == again.combinations
    assert again.resumed == 12
    assert search(BARS["AUSDT"], DEMO_MA, TERMS, None, 12, seed=6).combinations != found.combinations
    alone = backtest(BARS["AUSDT"], DEMO_MA, found.combinations[found.best()], TERMS, None)
    assert alone.final_equity == found.final_equity[found.best()]


def test_a_search_skips_what_the_strategy_refuses_and_ends_when_nothing_fits() -> None:
    found = search(BARS["AUSDT"].slice(0, 130), DEMO_MA, TERMS, None, 5)
    assert all(c["slow"] < 130 for c in found.combinations)
    with pytest.raises(UsageError, match="no combination"):
        search(BARS["AUSDT"].slice(0, 20), DEMO_MA, TERMS, None, 5)
    with pytest.raises(UsageError, match="a search of 0 tries"):
        search(BARS["AUSDT"], DEMO_MA, TERMS, None, 0)


class Inline:
    """An executor that answers here, losing the blocks that it is told to lose."""

    def __init__(self, lose: set[int]) -> None:
        self.lose = lose
        self.kept: dict[str, Any] = {}

    def put(self, array: Any) -> str:
        self.kept[str(len(self.kept))] = array
        return str(len(self.kept) - 1)

    def run(self, task: str, payload: Mapping[str, Any], timeout: float | None = None) -> Mapping[str, Any]:
        raise NotImplementedError

    def run_many(self, task: str, payloads: Sequence[Any], limits: Limits, told: Any = None) -> Iterator[Outcome]:
        for i, payload in reversed(list(enumerate(payloads))):
            if i in self.lose:
                yield Lost(i, Loss.TIMEOUT, QuorumError("it took too long"))
                continue
            sent = json.loads(json.dumps(payload))
            yield Done(i, json.loads(json.dumps(work(sent, DEMO_MA, self.kept.__getitem__, float))), 0.0, 0.0)


@pytest.mark.parametrize("bars", [BARS["AUSDT"], BARS["BUSDT"].slice(10, 2_000)])
def test_elsewhere_comes_to_the_same(bars: Bars) -> None:
    executor, combinations = Inline(set()), grid(DEMO_MA)[:20]
    where = Elsewhere(executor, Limits(workers=2), executor.put, "demo_ma", None)
    here = sweep(bars, DEMO_MA, combinations, TERMS, None)
    there = sweep(bars, DEMO_MA, combinations, TERMS, None, SweepOptions(elsewhere=where))
    np.testing.assert_array_equal(here.returns, there.returns)
    np.testing.assert_array_equal(here.sharpe, there.sharpe)
    assert here.max_drawdown.tolist() == there.max_drawdown.tolist()


def test_what_is_lost_elsewhere_is_named_and_the_rest_is_kept() -> None:
    executor, combinations, trials = Inline({0}), grid(DEMO_MA)[:16], MemoryTrials()
    where = Elsewhere(executor, Limits(workers=2), executor.put, "demo_ma", None)
    with pytest.raises(QuorumError, match="2 of 16 combinations were lost \\(timeout\\), from fast=5, slow=60"):
        sweep(BARS["AUSDT"], DEMO_MA, combinations, TERMS, trials, SweepOptions(elsewhere=where))
    assert trials.count("demo_ma") == 14
    executor.lose = set()
    found = sweep(BARS["AUSDT"], DEMO_MA, combinations, TERMS, trials, SweepOptions(elsewhere=where))
    assert (found.resumed, len(found)) == (14, 16)
