"""From a counted sweep to everything that is known about a strategy, and which of many to believe."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from quorum.domain import UsageError
from quorum.engine import Terms, grid, sweep
from quorum.stats import WalkForward
from quorum.validation import L2, Dossier, Draws, WalkForwardResult, discoveries, evidence, judge, walk_forward
from quorum.validation.evidence import Family, Record, TradingRecord, weigh
from quorum.validation.walkforward import Rule, span_sharpes, walk_on
from validation.markets import follower, market, swept
from validation.ridges import noise, skilled

PLAN = WalkForward(windows=4, train=100, test=30)
FEW = Draws(paths=100, resamples=200)


def gathered(extra: int = 0) -> Dossier:
    tried, trials = swept(market())
    if extra:
        more = grid(follower(), {"look": list(range(20, 20 + extra))})
        sweep(market(), follower(), more, Terms(), trials)
    forward = walk_forward(tried, follower(), PLAN)
    assert isinstance(forward, WalkForwardResult)
    return evidence(tried, forward, trials, FEW)


def test_all_is_there_and_plain() -> None:
    found = gathered()
    told = found.told()
    assert json.loads(json.dumps(told)) == told
    assert len(told["diagnostics"]) == 10
    assert len(told["jitters"]) == 8
    metrics = found.evidence.metrics()
    assert metrics["trades"] > 10
    assert metrics["trials"] == 8
    assert not any(np.isnan(metrics[gate.metric]) for gate in L2 if gate.weight == "gate")
    assert not judge(metrics, L2).passed


def test_every_trial_of_the_family_counts_and_an_identical_rerun_adds_none() -> None:
    assert gathered().evidence.luck.trials == 8
    assert gathered(extra=12).evidence.luck.trials == 20
    tried, trials = swept(market())
    again = sweep(market(), follower(), grid(follower()), Terms(), trials)
    assert again.trials_in_family == tried.trials_in_family == 8


def test_a_sweep_that_nobody_counted_is_refused() -> None:
    tried, trials = swept(market())
    forward = walk_forward(tried, follower(), PLAN)
    assert isinstance(forward, WalkForwardResult)
    with pytest.raises(UsageError, match="was not counted"):
        evidence(replace(tried, trial_ids=None), forward, trials, FEW)


def test_few_of_many_lucky_ones_are_believed_and_every_skilled_one_is() -> None:
    found = {}
    for seed in range(12):
        candidates = skilled(seed, days=500) if seed < 3 else noise(seed, days=500)
        walk = walk_on(candidates, WalkForward(windows=4, train=100, test=100), 365.0, Rule.BEST)
        family = Family(span_sharpes(candidates.returns, 1.0), 9)
        found[f"S{seed}"] = weigh(candidates, walk, family, Record(TradingRecord(1, 1.0, 1.0, -0.1)), FEW)
    believed = discoveries(found)
    assert [name for name, d in believed.items() if d.believed] == ["S0", "S1", "S2"]
    assert all(d.adjusted >= d.p for d in believed.values())
    assert discoveries({}) == {}
