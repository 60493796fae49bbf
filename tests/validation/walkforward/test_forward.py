"""Walking forward: what is chosen, what it is proved on, and what a result says."""

from __future__ import annotations

import json

import numpy as np
import pytest

from quorum.domain import DAY, UsageError
from quorum.engine import Terms, grid, sweep
from quorum.engine.fakes import MemoryTrials
from quorum.lake import Panel
from quorum.signals import find_strategy
from quorum.stats import WalkForward
from quorum.stats.performance import sharpe
from quorum.validation import Inconclusive, Rule, WalkForwardResult, search_each, universe_for, walk_forward
from quorum.validation.walkforward.searching import neighbours
from validation.markets import RULES, START, follower, market, rotation, swept

PLAN = WalkForward(windows=4, train=100, test=30, purge=2, embargo=1)


def walked(days: int = 300, plan: WalkForward = PLAN, rule: Rule = Rule.BEST) -> WalkForwardResult:
    found = walk_forward(swept(market(days))[0], follower(), plan, rule)
    assert isinstance(found, WalkForwardResult)
    return found


def test_the_days_of_all_tests_are_proved_once_in_one_backtest() -> None:
    found = walked()
    day, returns = found.oos.daily
    assert day.tolist() == found.walk.day.tolist() == [START + k * DAY for k in range(180, 300)]
    assert found.walk.sharpe == pytest.approx(sharpe(returns, 365.0)) == found.oos.performance.sharpe
    assert sum(window.trades for window in found.windows) == len(found.oos.trades)
    assert [w.test for w in found.windows] == [(START + k * DAY, START + (k + 30) * DAY) for k in (180, 210, 240, 270)]
    assert found.windows[0].train == (START + 77 * DAY, START + 177 * DAY)
    assert all(w.parameters in swept(market())[0].combinations for w in found.windows)


def test_the_past_is_walked_the_same_whatever_comes_later() -> None:
    """The first windows of a longer record are the windows of a shorter one."""
    shorter, longer = walked(270), walked(300)
    for now, before in zip(longer.windows[:3], shorter.windows[1:], strict=True):
        assert (now.train, now.test, now.parameters) == (before.train, before.test, before.parameters)
        assert now.train_sharpe == before.train_sharpe
    assert [w.test_return for w in longer.windows[1:3]] == pytest.approx([w.test_return for w in shorter.windows[2:]])


def test_one_combination_is_proved_as_it_stands() -> None:
    rule, bars = follower(), market()
    one = sweep(bars, rule, ({"look": 6, "other": 0.0},), Terms(fee_bps=0.0), None)
    found = walk_forward(one, rule, PLAN)
    assert isinstance(found, WalkForwardResult)
    assert found.walk.stability is not None
    assert found.walk.stability.score == 1.0
    own = one.returns[0, 181:]  # on the first day it may not hold yet what it has held all along
    assert found.walk.returns[1:] == pytest.approx(own, abs=1e-12)


def test_costs_and_positions_carry_over_the_windows() -> None:
    """What changes hands at a window's start is what the parameters ask for, not the whole position."""
    found = walked()
    starts = {window.test[0] for window in found.windows[1:]}
    rebought = [
        trade for trade in found.oos.trades if trade.entry_time - found.oos.bars.timeframe.nanoseconds in starts
    ]
    assert len(rebought) < len(starts)


def test_too_few_days_are_inconclusive_with_what_is_needed() -> None:
    found = walk_forward(swept(market(200))[0], follower())
    assert found == Inconclusive("days", 1008, 200)
    assert str(found) == "days: 1008 needed, 200 found"


def test_a_sweep_of_another_strategy_is_refused() -> None:
    with pytest.raises(UsageError, match="a sweep of follower walks no demo_ma forward"):
        walk_forward(swept(market())[0], find_strategy("demo_ma", RULES), PLAN)


def test_the_summary_is_plain_and_complete() -> None:
    found = walked(rule=Rule.PLATEAU).summary()
    assert json.loads(json.dumps(found)) == found
    assert found["plan"]["windows"] == 4
    assert found["rule"] == "plateau"
    assert found["combinations"] == found["trials_in_family"] == 8
    assert found["windows"][0]["test"] == ["2021-06-30", "2021-07-30"]
    assert {"oos_sharpe", "efficiency", "positive_windows", "oos_is", "stability"} <= set(found)


def test_a_portfolio_walks_too() -> None:
    panel = Panel.of([market(seed=5, symbol=symbol) for symbol in ("AAA", "BBB", "CCC")])
    tried = sweep(panel, rotation(), grid(rotation(), {"lookback": [30, 60], "top": [1, 2]}), Terms(), MemoryTrials())
    found = walk_forward(tried, rotation(), PLAN)
    assert isinstance(found, WalkForwardResult)
    assert found.oos.symbols == ("AAA", "BBB", "CCC")
    assert len(found.walk.returns) == 120
    assert np.isfinite(found.walk.sharpe)


def test_a_search_tries_each_window_anew_on_its_training_days() -> None:
    tried, trials = swept(market())
    plan = WalkForward(windows=2, train=100, test=30)
    found = walk_forward(tried, follower(), plan, search=search_each(tried, follower(), trials, tries=3))
    assert isinstance(found, WalkForwardResult)
    assert 8 + 2 * 3 <= trials.count("follower") <= 8 + 2 * (3 + 4)
    assert found.walk.stability is not None
    assert np.isfinite(found.walk.stability.score)
    later = max(trial.day[-1] for trial in trials.family("follower")[8:])
    assert later < found.windows[-1].test[0]


def test_the_neighbours_of_what_a_search_found_are_a_tenth_of_its_range_away() -> None:
    found = list(neighbours(follower(), {"look": 6, "other": 0.47}))
    assert found == [
        {"look": 5, "other": 0.47},
        {"look": 7, "other": 0.47},
        {"look": 6, "other": pytest.approx(0.42)},
    ]


def test_a_universe_keeps_the_symbols_that_hold_every_window_and_names_the_others() -> None:
    long, short = market(300, symbol="LONG"), market(150, symbol="SHORT")
    found = universe_for([long, short], PLAN)
    assert not isinstance(found, Inconclusive)
    assert found.kept == (long,)
    assert found.left_out == (("SHORT", 150),)
    assert universe_for([short], PLAN) == Inconclusive("days", 223, 150)
