"""Cross-validation by all halves: the reference, a plain rewriting, and what noise, skill and ties must give."""

from __future__ import annotations

import json
import math
from itertools import combinations
from pathlib import Path
from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata

from quorum.stats.overfitting import Overfitting, probability_of_overfitting


def _plain(returns: np.ndarray, blocks: int) -> list[tuple[float, float, float]]:
    """Logit and both ratios of every half, half by half."""
    kept = returns[len(returns) % blocks :]
    cut = np.split(kept, blocks)
    answers = []
    for chosen in combinations(range(blocks), blocks // 2):
        here = np.concatenate([cut[b] for b in chosen])
        there = np.concatenate([cut[b] for b in range(blocks) if b not in chosen])
        ratios, others = (part.mean(0) / part.std(0, ddof=1) for part in (here, there))
        best = int(ratios.argmax())
        share = rankdata(others)[best] / (returns.shape[1] + 1)
        answers.append((math.log(share / (1 - share)), ratios[best], others[best]))
    return answers


@pytest.mark.real_data
def test_every_case_of_the_reference(shared: Path) -> None:
    folder = shared / "reference" / "validation"
    cases = json.loads((folder / "pbo_cscv.json").read_text())["cases"]
    for case in cases:
        returns = np.loadtxt(folder / case["input_csv"], delimiter=",", skiprows=1)
        found = probability_of_overfitting(returns, case["S"])
        assert found.pbo == pytest.approx(case["expected_pbo_R_package"], rel=1e-9)
        if "expected" in case:
            want = case["expected"]
            assert len(found.logits) == want["n_comb"]
            assert found.pbo == pytest.approx(want["pbo"], rel=1e-9)
            assert found.probability_of_loss == pytest.approx(want["prob_oos_loss"], rel=1e-9)
            assert found.slope == pytest.approx(want["slope"], rel=1e-9)
            assert found.intercept == pytest.approx(want["intercept"], rel=1e-9)
            assert found.logits[:10] == pytest.approx(np.array(want["logits_first10"]), rel=1e-9)
            assert found.logits.mean() == pytest.approx(want["mean_logit"], rel=1e-9)
        else:
            assert len(found.logits) == case["n_comb"]
            assert found.probability_of_loss == pytest.approx(case["expected_prob_oos_loss_R"], abs=5e-4)
            assert found.r2 / found.slope == pytest.approx(case["slope_R"], abs=5e-5)  # R fits the first on the second
    assert {case["S"] for case in cases} == {8, 16}


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from([2, 4, 6, 8]), st.integers(2, 9), st.integers(24, 60))
def test_sums_of_blocks_give_what_every_half_by_itself_gives(seed: int, blocks: int, n: int, rows: int) -> None:
    returns = np.random.default_rng(seed).normal(0.001, 0.01, (rows, n))
    found = probability_of_overfitting(returns, blocks)
    logits, inside, outside = np.array(_plain(returns, blocks)).T
    assert found.logits == pytest.approx(logits, rel=1e-9, abs=1e-12)
    assert found.in_sample == pytest.approx(inside, rel=1e-7)
    assert found.out_of_sample == pytest.approx(outside, rel=1e-7, abs=1e-9)
    assert found.pbo == np.mean(logits <= 0)
    assert found.dropped == rows % blocks


def test_rows_are_dropped_at_the_start() -> None:
    returns = np.random.default_rng(0).normal(0, 0.01, (83, 5))
    whole, cut = probability_of_overfitting(returns, 8), probability_of_overfitting(returns[3:], 8)
    assert whole.dropped == 3
    assert cut.dropped == 0
    assert np.array_equal(whole.logits, cut.logits)


def test_noise_is_overfitted_half_of_the_time() -> None:
    rng = np.random.default_rng(1)
    found = [probability_of_overfitting(rng.normal(0, 0.01, (400, 20)), 8).pbo for _ in range(150)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.05)
    assert np.std(found) > 0.1


def _skilled(daily: float) -> Overfitting:
    returns = np.random.default_rng(2).normal(0, 0.01, (1000, 30))
    returns[:, 17] += daily
    return probability_of_overfitting(returns, 10)


def test_a_planted_skill_is_found_in_both_halves_and_dominates() -> None:
    found = _skilled(0.003)
    assert found.pbo < 0.02
    assert found.probability_of_loss < 0.02
    assert found.first_order
    assert found.second_order
    assert found.logits.max() == pytest.approx(math.log(30))


def test_without_skill_choosing_dominates_nothing() -> None:
    returns = np.random.default_rng(2).normal(0, 0.01, (1000, 30))
    returns -= returns.mean(0)
    found = probability_of_overfitting(returns, 10)
    assert found.pbo == 1.0
    assert found.slope < -0.5
    assert not found.first_order
    assert not found.second_order


def test_equal_configurations_share_their_rank_and_prove_nothing() -> None:
    returns = np.repeat(np.random.default_rng(4).normal(0.001, 0.01, (90, 1)), 6, axis=1)
    found = probability_of_overfitting(returns, 6)
    assert found.logits == pytest.approx(np.zeros(20), abs=1e-12)
    assert found.pbo == 1.0


def test_a_tie_in_one_half_only_is_a_tie_to_the_bit() -> None:
    rng = np.random.default_rng(8)
    early, late = rng.normal(0.002, 0.01, (40, 1)), rng.normal(0, 0.01, (40, 7))
    returns = np.concatenate([np.repeat(early, 7, axis=1), late])
    found = probability_of_overfitting(returns, 2)
    assert found.in_sample[0] == pytest.approx(early.mean() / early.std(ddof=1))
    assert found.out_of_sample[0] == pytest.approx(late[:, 0].mean() / late[:, 0].std(ddof=1))  # the first of the equal
    assert found.logits[1] == pytest.approx(0.0, abs=1e-12)


def test_a_configuration_that_never_trades_has_a_ratio_of_0() -> None:
    returns = np.random.default_rng(9).normal(-0.01, 0.001, (64, 3))
    returns[:, 1] = 0.0
    found = probability_of_overfitting(returns, 4)
    assert np.array_equal(found.in_sample, np.zeros(6))
    assert found.pbo == 0.0
    assert math.isnan(found.slope)


@pytest.mark.parametrize(
    ("shape", "blocks", "message"),
    [
        ((100,), 8, "configurations"),
        ((100, 1), 8, "at least 2 configurations"),
        ((100, 3), 7, "an even number"),
        ((100, 3), 22, "an even number in 2..20"),
        ((7, 3), 8, "7 periods; at least 8"),
    ],
)
def test_what_cannot_be_judged_is_refused(shape: tuple[int, ...], blocks: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        probability_of_overfitting(np.zeros(shape), blocks)


def test_a_missing_return_is_refused() -> None:
    returns = np.zeros((20, 3))
    returns[4, 1] = math.nan
    with pytest.raises(ValueError, match="not finite"):
        probability_of_overfitting(returns, 4)


def test_sixteen_blocks_of_ten_years_and_400_configurations_are_quick() -> None:
    returns = np.random.default_rng(0).normal(0, 0.01, (2520, 400))
    probability_of_overfitting(returns[:32, :2], 4)
    started = process_time()
    assert len(probability_of_overfitting(returns, 16).logits) == 12_870
    assert process_time() - started < 1.0
