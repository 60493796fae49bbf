"""The facts of a backtest, each known by hand, and the market around it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.scripts import FLAT, FREE, bars_of, closes_of, trade, want
from quorum.domain import DAY
from quorum.engine import Terms
from quorum.engine.backtest import wishes_for
from quorum.lake import Panel
from quorum.stats import Regime
from quorum.stats.performance import sharpe
from quorum.validation.evidence import diagnose, facts_of, hold_returns, regimes_of
from quorum.validation.evidence.facts import entries, largest_day, longest_drawdown, weekly_sharpe
from quorum.validation.evidence.gather import trading_record
from validation.markets import START, follower, market


def test_an_entry_is_a_side_that_was_not_held() -> None:
    column = np.array([[0.5], [1.0], [np.nan], [0.0], [-1.0], [1.0], [np.nan], [0.2]])
    assert entries(column) == 3
    assert entries(np.array([[0.5, 0.0], [0.0, 0.5], [0.5, 0.5]])) == 3


def test_the_best_day_is_a_share_of_the_money_made() -> None:
    assert largest_day(np.array([0.1, 0.1])) == pytest.approx(0.11 / 0.21)
    assert math.isnan(largest_day(np.array([-0.1, 0.05])))


def test_the_longest_drawdown_is_the_days_in_a_row_below_the_top() -> None:
    assert longest_drawdown(np.array([0.1, -0.1, 0.05, 0.2, -0.1, -0.1, -0.1, 0.01])) == 0.5
    assert longest_drawdown(np.full(5, 0.01)) == 0.0
    assert longest_drawdown(np.full(5, -0.01)) == 1.0


def test_weeks_begin_on_monday() -> None:
    day = START + np.arange(140) * DAY  # begins on a Friday
    returns = np.random.default_rng(0).normal(0.001, 0.01, 140)
    edges = [0, 3, *range(10, 140, 7)]
    weeks = np.array([np.prod(1.0 + part) - 1.0 for part in np.split(returns, edges[1:])])
    assert weekly_sharpe(day, returns) == pytest.approx(sharpe(weeks, 365 / 7))
    assert math.isnan(weekly_sharpe(day[:30], returns[:30]))


def test_the_facts_of_a_run_are_its_own() -> None:
    from quorum.engine import backtest

    bars, rule = market(), follower()
    params = {"look": 6, "other": -0.5}
    result = backtest(bars, rule, params, Terms(), None)
    wishes = wishes_for(bars, rule, params, Terms())
    found = facts_of(result, wishes, hold_returns(bars), oos_is=0.7)
    assert found.signals == found.trades == len(result.trades)
    assert found.total_return == result.performance.total_return
    assert found.hold_return == pytest.approx(bars.close[-1] / bars.close[0] - 1.0)
    assert 0.9 < found.largest_exposure < 1.2
    assert math.isnan(found.kept)
    assert len(diagnose(found)) == 10


def test_a_trade_earns_a_share_of_the_equity_before_it() -> None:
    rows = [(10.0, 10.0, 10.0, 10.0), (10.0, 10.0, 10.0, 10.0), (12.0, 12.0, 12.0, 12.0), (12.0, 12.0, 12.0, 12.0)]
    found = trading_record(trade(bars_of(rows), [want(1.0), FLAT]))
    assert (found.trades, found.win_rate, found.profit_factor) == (1, 1.0, math.inf)
    assert found.returns.tolist() == pytest.approx([2.0 / 1_000.0])
    assert found.max_drawdown == 0.0
    assert trading_record(trade(bars_of(rows), [FLAT], FREE)).trades == 0


def test_holding_a_market_earns_what_its_closes_say() -> None:
    bars = closes_of([10.0 + k for k in range(72)])
    assert hold_returns(bars).tolist() == pytest.approx([33 / 10 - 1, 57 / 33 - 1, 81 / 57 - 1])
    panel = Panel.of([market(3), market(3, symbol="ETHUSDT")])
    each = [np.cumprod(1.0 + hold_returns(market(3, symbol=symbol))) for symbol in ("BTCUSDT", "ETHUSDT")]
    assert np.cumprod(1.0 + hold_returns(panel)).tolist() == pytest.approx(np.mean(each, axis=0).tolist())


def test_a_market_that_rises_is_a_bull_and_one_that_falls_a_bear() -> None:
    rng = np.random.default_rng(0)
    labels = regimes_of(np.concatenate([rng.normal(m, 0.005, 300) for m in (0.004, -0.004)]))
    assert set(labels[:127].tolist()) == {Regime.UNKNOWN}
    assert np.mean(labels[200:300] == Regime.BULL) > 0.95
    assert np.mean(labels[500:] == Regime.BEAR) > 0.95
