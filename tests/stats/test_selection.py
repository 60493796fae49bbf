"""Tests of superiority: the reference, noise that must not pass, skill that must, and columns that say nothing."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from quorum.stats.selection import model_confidence_set, superior_ability, superior_models


@pytest.mark.real_data
def test_every_p_value_of_the_reference(shared: Path) -> None:
    folder = shared / "reference" / "validation"
    for case in json.loads((folder / "spa_rc_stepm_mcs.json").read_text())["cases"]:
        losses = np.loadtxt(folder / case["input_csv"], delimiter=",", skiprows=1)
        excess, slack, block = losses[:, :1] - losses[:, 1:], case["tolerance_pvalue"], case["block_size"]
        assert excess.mean(axis=0) == pytest.approx(np.array(case["mean_loss_diff"]), rel=1e-9)
        found = superior_ability(excess, block, 2000)
        want = case["hansen_spa_studentised"]
        assert found.statistic == pytest.approx(want["T"], rel=1e-9)
        for name in ("lower", "consistent", "upper"):
            assert getattr(found, name) == pytest.approx(want["arch_bootstrap_indices"][name], abs=slack)
        assert found.reality_check == pytest.approx(case["white_reality_check"]["arch_upper"], abs=slack)
        better = superior_models(excess, 0.05, block, 2000, studentised=False)
        assert [f"m{k}" for k in better] == case["stepm_superior_size5"]
        p = model_confidence_set(-losses[:, 1:], block, 4000)
        assert p == pytest.approx(np.array([case["mcs_pvalues"][f"m{k}"] for k in range(10)]), abs=slack)
        assert [f"m{k}" for k in np.flatnonzero(p > 0.1)] == case["mcs_included_size10"]


def test_noise_gives_p_values_that_are_spread_evenly() -> None:
    rng = np.random.default_rng(3)
    found = [superior_ability(rng.normal(0, 0.01, (150, 6)), 2.0, 200, seed) for seed in range(200)]
    for name in ("upper", "reality_check"):
        p = np.array([getattr(each, name) for each in found])
        for level in (0.1, 0.25, 0.5, 0.75, 0.9):
            assert np.mean(p <= level) == pytest.approx(level, abs=0.11), (name, level)
    assert all(each.lower <= each.consistent <= each.upper for each in found)


def test_one_skilled_model_among_many_is_named_and_the_lucky_are_not() -> None:
    rng = np.random.default_rng(5)
    excess = rng.normal(0, 0.01, (800, 30))
    excess[:, 7] += 0.0025
    excess[:, 21] += 0.0018
    assert superior_ability(excess).consistent < 0.01
    assert superior_models(excess).tolist() == [7, 21]
    assert superior_models(excess * 0 + rng.normal(0, 0.01, (800, 30))).tolist() == []


def test_stepping_down_finds_what_one_step_misses() -> None:
    t = np.arange(400)
    quiet = 0.01 * np.column_stack([np.sin(t * f) for f in (1.0, 2.3)])
    loud = 0.05 * np.random.default_rng(0).normal(size=(400, 1)) + 0.02
    excess = np.column_stack([loud, quiet + 0.0012])
    found = superior_models(excess, block=1.0, studentised=False)
    assert found.tolist() == [0, 1, 2]
    hidden = np.column_stack([loud - loud.mean(), quiet + 0.0012])
    assert superior_models(hidden, block=1.0, studentised=False).tolist() == []


def test_hopeless_models_cost_the_consistent_p_value_nothing() -> None:
    rng = np.random.default_rng(6)
    good = rng.normal(0.0008, 0.01, (500, 1))
    crowd = np.column_stack([good, rng.normal(-0.01, 0.01, (500, 60))])
    alone, among = superior_ability(good, 1.0), superior_ability(crowd, 1.0)
    assert among.statistic == pytest.approx(alone.statistic)
    assert among.consistent == pytest.approx(alone.consistent, abs=0.02)
    assert among.upper > 4 * alone.upper
    hopeless = superior_ability(crowd[:, 1:], 1.0)
    assert (hopeless.statistic, hopeless.lower, hopeless.consistent) == (0.0, 1.0, 1.0)
    assert hopeless.reality_check > 0.99


def test_models_that_never_differ_from_the_benchmark_prove_nothing() -> None:
    same = np.zeros((50, 3))
    found = superior_ability(same)
    assert (found.statistic, found.lower, found.consistent, found.upper, found.reality_check) == (0, 1, 1, 1, 1)
    assert superior_models(same).tolist() == []
    assert model_confidence_set(same).tolist() == [1, 1, 1]
    beside = np.column_stack([np.random.default_rng(1).normal(0.002, 0.01, 300), np.zeros(300)])
    both, alone = superior_ability(beside, 1.0), superior_ability(beside[:, :1], 1.0)
    assert both.statistic == pytest.approx(alone.statistic)
    assert (both.consistent, both.reality_check) == (alone.consistent, alone.reality_check)


def test_a_seed_decides_every_draw() -> None:
    excess = np.random.default_rng(1).normal(0.0002, 0.01, (200, 4))
    assert superior_ability(excess, seed=1) == superior_ability(excess, seed=1)
    assert superior_ability(excess, seed=1) != superior_ability(excess, seed=2)


def test_blocks_tell_a_trend_from_many_independent_wins() -> None:
    steps = np.repeat(np.random.default_rng(12).normal(0, 0.01, 25), 20)[:, None] + 0.003
    assert superior_ability(steps, 20.0).consistent > 3 * superior_ability(steps, 1.0).consistent
    assert superior_ability(steps).block > 8


def test_what_cannot_be_compared_is_refused() -> None:
    for wrong, message in ((np.zeros(9), "shape"), (np.zeros((3, 2)), "4 periods"), (np.zeros((9, 0)), "1 model")):
        with pytest.raises(ValueError, match=message):
            superior_ability(wrong)
    with pytest.raises(ValueError, match="finite"):
        superior_ability(np.full((9, 2), math.nan))
    with pytest.raises(ValueError, match="0 draws"):
        superior_models(np.zeros((9, 2)), draws=0)
    with pytest.raises(ValueError, match=r"blocks of 0\.5"):
        superior_models(np.zeros((9, 2)), block=0.5)
    with pytest.raises(ValueError, match="at most 100"):
        model_confidence_set(np.zeros((9, 101)))
