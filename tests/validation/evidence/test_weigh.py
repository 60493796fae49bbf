"""Weighing: the numbers are those of the statistics, every trial counts, and what is unknown is NaN."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from quorum.stats import (
    WalkForward,
    deflated_sharpe,
    probabilistic_sharpe,
    probability_of_overfitting,
    superior_ability,
    track_record,
)
from quorum.stats.performance import sharpe
from quorum.validation.evidence import Draws, Evidence, Family, Record, TradingRecord, family_of, weigh
from quorum.validation.evidence.meanings import MEANINGS
from quorum.validation.evidence.weigh import compared
from quorum.validation.walkforward import Rule, Tried, span_sharpes, walk_on
from validation.ridges import noise, skilled, tried

PLAN = WalkForward(windows=4, train=100, test=50)
FEW = Draws(paths=100, resamples=200)
UNKNOWN = {
    "kept_at_10_percent",
    "kept_at_20_percent",
    "return_at_twice_costs",
    "sharpe_a_bar_late",
    "sharpe_at_twice_costs",
    "sharpe_with_bars_missing",
    "spa_p_hold",
}
TRADES = TradingRecord(40, 1.5, 0.5, -0.1, np.full(40, 0.001))


def weighed(found: Tried, count: int | None = None, **known: Any) -> Evidence:
    walk = walk_on(found, PLAN, 365.0, Rule.BEST)
    sharpes = span_sharpes(found.returns, 1.0)
    return weigh(found, walk, Family(sharpes, count or len(sharpes)), Record(TRADES, **known), FEW)


def test_every_number_is_that_of_the_statistics() -> None:
    one = skilled(1)
    found, returns = weighed(one), one.returns
    sharpes = np.array([sharpe(row, 1.0) for row in returns])
    assert found.selected == one.combinations[4]
    assert found.luck.deflated == pytest.approx(deflated_sharpe(track_record(returns[4]), sharpes))
    assert found.luck.sharpe == pytest.approx(sharpe(returns[4], 365.0))
    assert found.overfitting is not None
    assert found.overfitting.pbo == probability_of_overfitting(returns.T, 16).pbo
    assert found.cash == superior_ability(returns.T, draws=200)
    assert found.proof.probabilistic == pytest.approx(probabilistic_sharpe(track_record(found.walk.returns)))
    assert found.superior == (4,)
    assert found.compared == 9


def test_more_trials_of_the_family_leave_less_of_the_best() -> None:
    few, many = weighed(skilled(1)), weighed(skilled(1), 5_000)
    assert many.luck.trials == 5_000
    assert many.luck.deflated < few.luck.deflated
    assert many.luck.luckiest > few.luck.luckiest
    assert many.luck.backtest_years > few.luck.backtest_years


def test_skill_shows_and_noise_does_not() -> None:
    skill, luck = weighed(skilled(1)).metrics(), weighed(noise(1)).metrics()
    assert skill["deflated_sharpe"] > 0.99
    assert skill["spa_p"] == 0.0
    assert skill["pbo"] == 0.0
    assert skill["sharpe_low"] > 0
    assert luck["deflated_sharpe"] < 0.95
    assert luck["spa_p"] > 0.1
    assert luck["superior"] == 0


def test_the_market_to_hold_and_its_regimes_are_told_where_they_are_known() -> None:
    one = skilled(1)
    hold = one.returns[4] + 0.001
    regimes = np.repeat(np.array([1, 0, -1, 2], dtype=np.int8), 100)
    unknown, known = weighed(one), weighed(one, hold=hold, regimes=regimes)
    assert math.isnan(unknown.metrics()["spa_p_hold"])
    assert unknown.regimes == ()
    assert known.metrics()["spa_p_hold"] == 1.0
    assert [r.regime for r in known.regimes] == [-1]  # the tests are the last 200 days, of which 100 are unknown
    assert known.regimes[0].days == 100


def test_one_combination_has_nothing_to_be_overfitted_among() -> None:
    found = weighed(tried(skilled(1).returns[4:5]))
    assert found.overfitting is None
    assert math.isnan(found.metrics()["pbo"])
    assert found.luck.effective == 1


def test_a_ruined_combination_and_one_that_never_trades_are_weighed_too() -> None:
    returns = skilled(1).returns.copy()
    returns[0, 50] = -1.0
    returns[0, 51:] = np.nan
    returns[1] = 0.0
    found = weighed(tried(returns))
    assert found.selected == {"fast": 2, "slow": 2}
    unknown = {name for name, value in found.metrics().items() if math.isnan(value)}
    assert unknown == UNKNOWN


def test_every_number_has_a_meaning_and_every_meaning_a_number() -> None:
    found = weighed(noise(1))
    assert set(found.metrics()) == set(MEANINGS)
    rows = found.rows()
    assert json.loads(json.dumps(rows)) == rows
    assert {row["name"]: row["value"] for row in rows}["sharpe_at_twice_costs"] is None


def test_many_combinations_are_compared_by_every_nth_and_the_best() -> None:
    assert compared(9, 4, 2000).tolist() == list(range(9))
    found = compared(100_000, 77_777, 2000)
    assert len(found) in (2000, 2001)
    assert 77_777 in found
    assert set(np.diff(found).tolist()) <= {50, 27, 23}


def test_the_same_seed_gives_the_same_evidence() -> None:
    assert weighed(noise(2)).rows() == weighed(noise(2)).rows()


def test_a_family_counts_trials_without_returns() -> None:
    assert family_of([]).count == 0
