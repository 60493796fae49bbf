"""A universe traded as one; of a single market it is what the lab's own walk and evidence say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.domain import DAY
from quorum.engine import Terms, sweep
from quorum.engine.fakes import MemoryTrials
from quorum.lake.fakes import MemoryLake
from quorum.validation import WalkForwardResult, evidence, judge, walk_forward
from quorum.validation.evidence.stress import jitters
from quorum.validation.ladder import Asked, Tier, check_tier
from quorum.validation.ladder.asked import axes, default_of
from quorum.validation.ladder.checks.universe import fall_of, jitters_of, mean_of, trade_params
from quorum.validation.ladder.lot import Lot, gather
from validation.ladder.grounds import BRISK, H8, follower, ladder, swings, without


def gathered(*symbols: int) -> Lot:
    series = [swings(k, days=1095, symbol=f"S{k}USDT") for k in symbols]
    asked = Asked(follower(), tuple(b.symbol for b in series), H8)
    rule = (default_of(follower()),)
    found = gather(asked, BRISK.of(Tier.L2), BRISK.method, MemoryLake(*series), rule)
    assert isinstance(found, Lot)
    return found


@pytest.mark.parametrize("seed", [1, 5])
def test_one_market_is_walked_and_weighed_as_the_lab_does(seed: int) -> None:
    bars, rule, trials = swings(seed, days=1095), follower(), MemoryTrials()
    result = check_tier(BRISK, Tier.L2, Asked(rule, ("BTCUSDT",), H8), MemoryLake(bars), MemoryTrials())
    combinations = [default_of(rule)]
    grid = axes(rule, default_of(rule), 400)
    combinations += [
        one
        for one in (
            {"look": a, "least": b, "size": c} for a in grid["look"] for b in grid["least"] for c in grid["size"]
        )
        if one != combinations[0]
    ]
    tried = sweep(bars, rule, combinations, Terms(), trials)
    forward = walk_forward(tried, rule)
    assert isinstance(forward, WalkForwardResult)
    dossier = evidence(tried, forward, trials, BRISK.method.draws)
    told = dossier.evidence.metrics()
    for name, value in told.items():
        mine = result.metrics[name]
        assert (mine is None and np.isnan(value)) or mine == pytest.approx(value, rel=1e-9), name
    mine = [(d["name"], d["verdict"]) for d in result.diagnostics]
    assert mine == [(d.name, d.verdict.value) for d in dossier.diagnostics]
    assert result.params == dict(dossier.evidence.selected)
    assert len(result.rows) == len(judge(told, BRISK.of(Tier.L2).gates).rows)


def test_jitters_are_those_of_the_lab() -> None:
    lot = gathered(1)
    params = default_of(lot.strategy)
    mine = {(j.parameter, j.change): j.sharpe for j in jitters_of(lot, params, Terms())}
    theirs = {(j.parameter, j.change): j.sharpe for j in jitters(lot.markets[0], lot.strategy, params, Terms())}
    assert mine == pytest.approx(theirs)


def test_two_equal_markets_are_like_one() -> None:
    one, two = gathered(1), gathered(1)
    double = replace(two, markets=(*two.markets, *two.markets))
    params = default_of(one.strategy)
    single, both = trade_params(one, params, Terms()), trade_params(double, params, Terms())
    assert np.allclose(single.returns, both.returns)
    assert both.trading.trades == 2 * single.trading.trades
    assert both.trading.profit_factor == pytest.approx(single.trading.profit_factor)
    assert both.trading.max_drawdown == pytest.approx(single.trading.max_drawdown)


def test_the_fall_is_that_of_equal_parts_at_the_start_of_each_day() -> None:
    lot = gathered(1, 2)
    tested = trade_params(lot, default_of(lot.strategy), Terms())
    wealth, top, deepest = 1.0, 1.0, 0.0
    days = tested.tests[0].time // DAY
    levels = [np.concatenate([[t.terms.starting_equity], t.equity]) for t in tested.tests]
    for day in np.unique(days):
        rows = np.flatnonzero(days == day)
        for i in rows:
            now = wealth * np.mean([level[i + 1] / level[rows[0]] for level in levels])
            top = max(top, now)
            deepest = min(deepest, now / top - 1.0)
        wealth = now
    assert fall_of(tested.tests) == pytest.approx(deepest)


def test_a_market_without_a_day_has_no_part_in_it() -> None:
    day = np.arange(3) * DAY
    found, mean = mean_of([(day, np.array([0.1, 0.2, 0.3])), (day[:1], np.array([0.3]))])
    assert found.tolist() == day.tolist()
    assert mean.tolist() == pytest.approx([0.2, 0.2, 0.3])


@given(st.lists(st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=6), min_size=1, max_size=4))
def test_a_mean_lies_between_its_parts(rows: list[list[float]]) -> None:
    parts = [(np.arange(len(row)) * DAY, np.array(row)) for row in rows]
    day, mean = mean_of(parts)
    assert len(day) == max(map(len, rows))
    for i, value in enumerate(mean):
        there = [row[i] for row in rows if i < len(row)]
        assert min(there) - 1e-12 <= value <= max(there) + 1e-12


def test_the_result_of_many_symbols_counts_a_trial_for_each() -> None:
    series = [swings(k, symbol=f"S{k}USDT") for k in (1, 2)]
    asked = Asked(follower(), tuple(b.symbol for b in series), H8)
    result = check_tier(ladder(combinations=4), Tier.L2, asked, MemoryLake(*series), trials := MemoryTrials())
    assert result.trials == result.trials_in_family == trials.count("follower") == 8
    assert result.data["symbols"] == ["S1USDT", "S2USDT"]
    again = check_tier(ladder(combinations=4), Tier.L2, asked, MemoryLake(*series), trials)
    assert (again.trials, again.verdict, again.metrics) == (0, result.verdict, result.metrics)


def test_symbols_with_different_gaps_are_walked_together() -> None:
    rng = np.random.default_rng(0)
    holed = [without(b, rng.random(len(b)) > 0.02) for b in (swings(1), swings(2, symbol="ETHUSDT"))]
    asked = Asked(follower(), ("BTCUSDT", "ETHUSDT"), H8)
    result = check_tier(ladder(combinations=4), Tier.L2, asked, MemoryLake(*holed), MemoryTrials())
    assert result.daily is not None
    assert len(result.daily["returns"]) == 12 * 63
    assert any(w.startswith("missing is") for w in result.warnings)
