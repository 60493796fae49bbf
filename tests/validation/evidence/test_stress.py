"""A harder world: dearer, later, with holes, and a little beside the chosen parameters."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest

from quorum.engine import Sweep, Terms, backtest
from quorum.lake import Panel
from quorum.signals import Parameter
from quorum.stats import WalkForward
from quorum.validation import WalkForwardResult, walk_forward
from quorum.validation.evidence import Stress, stress
from quorum.validation.evidence.stress import doubled, jitters, moved, thinned
from validation.markets import FREE, follower, market, swept

PLAN = WalkForward(windows=4, train=100, test=30)
CHARGED = Terms()
CHOSEN = {"look": 6, "other": -0.5}


@cache
def walked(terms: Terms = CHARGED) -> tuple[Sweep, WalkForwardResult]:
    tried = swept(market(), terms)[0]
    found = walk_forward(tried, follower(), PLAN)
    assert isinstance(found, WalkForwardResult)
    return tried, found


def test_every_change_of_the_world_costs_what_a_rerun_says() -> None:
    tried, forward = walked()
    found = stress(forward, tried.bars, CHOSEN)
    dear = forward.stitched.trade(Terms(fee_bps=20.0))
    assert found.doubled.total_return == dear.performance.total_return < forward.oos.performance.total_return
    assert found.delayed.sharpe == forward.stitched.delayed().trade(Terms()).performance.sharpe
    assert found.missing.sharpe != forward.oos.performance.sharpe
    assert math.isfinite(found.missing.sharpe)
    assert len(found.jitters) == 8


def test_without_costs_twice_of_them_is_unknown() -> None:
    tried, forward = walked(FREE)
    assert math.isnan(stress(forward, tried.bars, CHOSEN).doubled.total_return)


def test_every_cost_is_doubled_and_no_rebate_is() -> None:
    terms = Terms(8, 2, fee_per_unit=0.1, minimum_fee=1, impact=0.5, borrow_rate=0.02, maker_bps=-1)
    assert doubled(terms) == Terms(16, 4, fee_per_unit=0.2, minimum_fee=2, impact=1, borrow_rate=0.04, maker_bps=-1)
    assert doubled(Terms(maker_bps=2)).maker_bps == 4


def test_bars_go_missing_by_the_seed_and_never_at_the_ends() -> None:
    bars = market()
    one, other = thinned(bars, 0.01, 1), thinned(bars, 0.01, 2)
    assert 0 < len(bars) - len(one) < 30
    assert one.time.tolist() != other.time.tolist()
    assert one.time.tolist() == thinned(bars, 0.01, 1).time.tolist()
    assert (one.time[0], one.time[-1]) == (bars.time[0], bars.time[-1])
    panel = thinned(Panel.of([bars, market(symbol="ETHUSDT")]), 0.01, 1)
    assert panel.time.tolist() == one.time.tolist()


def test_each_parameter_moves_both_ways_and_keeps_a_share_of_the_ratio() -> None:
    found = list(jitters(market(), follower(), CHOSEN, FREE))
    assert [(j.parameter, j.value) for j in found[:4]] == [("look", 5), ("look", 5), ("look", 7), ("look", 7)]
    assert [j.value for j in found[4:]] == pytest.approx([-0.4, -0.45, -0.55, -0.6])
    base, moved_to = (backtest(market(), follower(), {**CHOSEN, **p}, FREE, None) for p in ({}, {"look": 7}))
    assert found[2].sharpe == moved_to.performance.sharpe
    if base.performance.sharpe > 0:
        assert found[2].kept == pytest.approx(moved_to.performance.sharpe / base.performance.sharpe)


def test_a_move_stays_within_the_bounds() -> None:
    whole, part = Parameter("n", 10, 9, 100, ""), Parameter("x", 1.0, 0.95, 1.05, "")
    assert [moved(whole, 10, c) for c in (-0.2, -0.1, 0.1, 0.2)] == [9, 9, 11, 12]
    assert [moved(part, 1.0, c) for c in (-0.1, 0.1)] == [0.95, 1.05]
    assert moved(whole, 100, 0.1) == 100


def test_the_share_kept_is_the_smallest_that_is_known() -> None:
    assert math.isnan(Stress().kept(0.1))
    tried, forward = walked(FREE)
    found = stress(forward, tried.bars, CHOSEN)
    known = [j.kept for j in found.jitters if abs(j.change) == 0.1 and not np.isnan(j.kept)]
    assert found.kept(0.1) == min(known) if known else math.isnan(found.kept(0.1))
