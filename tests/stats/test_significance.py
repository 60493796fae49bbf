"""The odds of a Sharpe ratio: published numbers, and laws that luck obeys."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from quorum.stats.significance import (
    TrackRecord,
    deflated_sharpe,
    effective_trials,
    expected_maximum,
    expected_maximum_exact,
    false_discoveries,
    luckiest_sharpe,
    minimum_backtest_length,
    minimum_track_record,
    probabilistic_sharpe,
    track_record,
    trial_spread,
    wilson_interval,
)

ratios = st.floats(-0.3, 0.3)


def _record(given: dict[str, Any]) -> TrackRecord:
    return TrackRecord(given["sharpe"], given.get("T", 2), given["skew"], given["kurtosis"])


def _answer(function: str, given: dict[str, Any]) -> float:
    if function == "psr":
        return probabilistic_sharpe(_record(given), given["benchmark"])
    if function == "dsr":
        return probabilistic_sharpe(_record(given), luckiest_sharpe(given["N"], given["sharpe_std"]))
    if function == "dsr_from_trial_sharpes":
        return deflated_sharpe(_record(given), np.array(given["trial_sharpes"]), ddof=0)
    if function == "expected_max_std_normal":
        return expected_maximum(given["N"])
    if function == "min_trl_observations":
        return minimum_track_record(_record(given), given["benchmark"], given["prob"])
    assert function == "min_btl_years"
    return minimum_backtest_length(given["N"], given["max_is_sharpe"])


@pytest.mark.real_data
def test_published_numbers_of_the_papers(shared: Path) -> None:
    cases = json.loads((shared / "reference/validation/psr_dsr_published.json").read_text())["cases"]
    assert len(cases) == 11
    for case in cases:
        found = _answer(case["function"], case["inputs"])
        assert found == pytest.approx(case["expected"], abs=case["tolerance"]), case["function"]


@pytest.mark.real_data
def test_both_expected_maxima_of_the_reference(shared: Path) -> None:
    cases = json.loads((shared / "reference/validation/expected_max_exact_vs_approx.json").read_text())["cases"]
    for case in cases:
        assert expected_maximum(case["N"]) == pytest.approx(case["approx"], rel=1e-9)
        assert expected_maximum_exact(case["N"]) == pytest.approx(case["exact"], rel=1e-9)


@pytest.mark.parametrize(("trials", "known"), [(1, 0.0), (2, math.pi**-0.5), (3, 1.5 * math.pi**-0.5)])
def test_exact_maximum_of_few_normals_has_a_closed_form(trials: int, known: float) -> None:
    assert expected_maximum_exact(trials) == pytest.approx(known, abs=1e-10)


def test_one_trial_has_no_luck_and_none_is_refused() -> None:
    assert expected_maximum(1) == 0.0
    with pytest.raises(ValueError, match="0 trials; at least 1 is needed"):
        expected_maximum(0)


@given(ratios, st.integers(3, 5000), st.floats(-2, 2), st.floats(0, 20), ratios)
def test_a_probabilistic_sharpe_is_a_probability_that_a_higher_benchmark_lowers(
    ratio: float, n: int, skew: float, extra: float, benchmark: float
) -> None:
    record = TrackRecord(ratio, n, skew, 1.01 + skew**2 + extra)
    found = probabilistic_sharpe(record, benchmark)
    assert 0.0 <= found <= 1.0
    assert probabilistic_sharpe(record, benchmark + 0.1) <= found
    assert (found > 0.5) == (ratio > benchmark) or found == pytest.approx(0.5)


@settings(max_examples=50)
@given(st.floats(-0.1, 0.3), st.integers(20, 2000), st.integers(1, 200), st.integers(1, 1000))
def test_more_trials_deflate_more(ratio: float, n: int, trials: int, more: int) -> None:
    record, sharpes = TrackRecord(ratio, n), np.linspace(-0.1, 0.1, 12)
    few = deflated_sharpe(record, sharpes, 12 + trials)
    many = deflated_sharpe(record, sharpes, 12 + trials + more)
    assert 0.0 <= many <= few <= probabilistic_sharpe(record)
    assert many < few or few < 1e-12 or few > 1 - 1e-12


def test_the_count_of_trials_is_never_below_the_ratios_that_are_known() -> None:
    record, sharpes = TrackRecord(0.1, 500), np.linspace(-0.1, 0.1, 40)
    assert deflated_sharpe(record, sharpes, 3) == deflated_sharpe(record, sharpes)


def test_few_trials_that_agree_by_chance_are_not_believed_to_have_no_spread() -> None:
    assert trial_spread(np.full(9, 0.05), 101) == pytest.approx(0.1)
    assert trial_spread(np.full(10, 0.05), 101) == pytest.approx(0.0, abs=1e-15)
    assert trial_spread(np.array([0.9, 0.1, math.nan]), 101) == pytest.approx(0.8 / math.sqrt(2))
    assert math.isnan(trial_spread(np.full(9, 0.05), 1))


def test_ddof_decides_the_published_case() -> None:
    record, sharpes = TrackRecord(1.14, 250), np.array([3.5, 1.01, 1.02])
    assert deflated_sharpe(record, sharpes, ddof=0) == pytest.approx(0.95837, abs=1e-4)
    assert deflated_sharpe(record, sharpes) == pytest.approx(0.15238, abs=1e-4)


@settings(max_examples=50)
@given(ratios, st.floats(-0.1, 0.1), st.floats(0.6, 0.99))
def test_after_the_minimum_track_record_the_odds_are_the_confidence(
    ratio: float, benchmark: float, confidence: float
) -> None:
    assume(ratio - benchmark > 0.01)
    periods = minimum_track_record(TrackRecord(ratio, 2, -0.5, 4.0), benchmark, confidence)
    assume(periods > 2)
    before = probabilistic_sharpe(TrackRecord(ratio, math.floor(periods), -0.5, 4.0), benchmark)
    after = probabilistic_sharpe(TrackRecord(ratio, math.ceil(periods), -0.5, 4.0), benchmark)
    assert before <= confidence + 1e-9
    assert after >= confidence - 1e-9


def test_no_track_record_proves_a_ratio_below_the_benchmark() -> None:
    assert minimum_track_record(TrackRecord(0.1, 100), 0.1) == math.inf
    assert math.isnan(minimum_track_record(TrackRecord(math.nan, 100)))


def test_the_backtest_length_stays_below_the_papers_simpler_bound() -> None:
    for trials in (5, 45, 1000):
        assert minimum_backtest_length(trials, 1.2) < 2 * math.log(trials) / 1.2**2
    with pytest.raises(ValueError, match="above 0 is needed"):
        minimum_backtest_length(5, 0.0)


def test_a_track_record_takes_the_moments_of_the_returns() -> None:
    returns = np.random.default_rng(3).exponential(0.01, 50_000) - 0.008
    found = track_record(returns)
    assert (found.n, found.skew, found.kurtosis) == (50_000, pytest.approx(2, rel=0.1), pytest.approx(9, rel=0.2))
    assert found.sharpe == pytest.approx(0.2, rel=0.05)


@pytest.mark.parametrize("returns", [[], [0.01], [0.01, 0.01], [0.01, math.nan]])
def test_no_evidence_has_no_odds(returns: list[float]) -> None:
    assert math.isnan(probabilistic_sharpe(track_record(np.array(returns))))


def test_luck_of_a_hundred_rarely_passes_when_deflated_but_often_when_not() -> None:
    rng = np.random.default_rng(11)
    plain, deflated = 0, 0
    for _ in range(60):
        returns = rng.normal(0, 0.01, (500, 100))
        sharpes = returns.mean(0) / returns.std(0, ddof=1)
        best = track_record(returns[:, int(sharpes.argmax())])
        plain += probabilistic_sharpe(best) >= 0.95
        deflated += deflated_sharpe(best, sharpes) >= 0.95
    assert plain >= 55
    assert deflated <= 3


def test_copies_of_a_trial_are_one_and_independent_trials_are_many() -> None:
    rng = np.random.default_rng(5)
    core = rng.normal(0, 1, (400, 4))
    copies = np.repeat(core, 5, axis=1) + rng.normal(0, 0.1, (400, 20))
    assert effective_trials(copies) == 4
    assert effective_trials(np.column_stack([copies, np.zeros((400, 3))])) == 5
    assert effective_trials(np.zeros((400, 3))) == 1


@pytest.mark.real_data
def test_false_discoveries_of_the_reference(shared: Path) -> None:
    cases = json.loads((shared / "reference/validation/benjamini_hochberg.json").read_text())["cases"]
    assert len(cases) == 3
    for case in cases:
        found = false_discoveries(np.array(case["p"]), case["alpha"])
        safe = false_discoveries(np.array(case["p"]), case["alpha"], independent=False)
        assert found.adjusted == pytest.approx(np.array(case["p_adjusted"]), rel=1e-9)
        assert found.rejected.tolist() == case["rejected"]
        assert safe.adjusted == pytest.approx(np.array(case["p_adjusted_by"]), rel=1e-9)
        assert int(safe.rejected.sum()) == case["n_by"]


def test_a_p_value_that_is_none_is_refused() -> None:
    for wrong in (math.nan, -0.1, 1.1):
        with pytest.raises(ValueError, match=r"within 0\.\.1 is needed"):
            false_discoveries(np.array([0.5, wrong]))


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_wilson_interval_holds_the_share_and_solves_its_equation(case: tuple[int, int]) -> None:
    hits, n = case
    low, high = wilson_interval(hits, n)
    assert 0.0 <= low <= hits / n <= high <= 1.0
    for edge in (low, high):
        if 0 < edge < 1:
            assert abs(hits / n - edge) == pytest.approx(1.959963984540054 * math.sqrt(edge * (1 - edge) / n), rel=1e-6)


def test_a_share_of_nothing_may_be_anything() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)
    with pytest.raises(ValueError, match="4 hits of 3"):
        wilson_interval(4, 3)
