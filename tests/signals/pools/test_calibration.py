"""Calibrations: what they learn from how much, that they rise, and that none has seen a later outcome."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from quorum.domain import HOUR
from quorum.signals import Calibration, ScoredVote
from quorum.signals.pools import calibrate, murphy, reliability_table, scores, walk_forward
from quorum.signals.pools.calibration import isotonic, platt

RNG = np.random.default_rng(7)


def history(n: int, seed: int, source: str = "a", shift: float = 0.15) -> list[ScoredVote]:
    """Votes of a source that is right less often than it says, an hour apart, each resolved three hours later."""
    rng = np.random.default_rng(seed)
    sure = rng.uniform(0.5, 0.95, n)
    right = rng.random(n) < sure - shift
    return [
        ScoredVote(k * HOUR, source, float(p), k * HOUR + 3 * HOUR, bool(y))
        for k, (p, y) in enumerate(zip(sure, right, strict=True))
    ]


def columns(votes: list[ScoredVote]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([v.probability for v in votes]), np.array([float(v.outcome) for v in votes])


@pytest.mark.parametrize(
    ("n", "kind", "why"),
    [
        (0, "identity", "0 outcomes, 50 are needed: the confidence is taken as it is"),
        (49, "identity", "49 outcomes, 50 are needed: the confidence is taken as it is"),
        (50, "platt", "Platt over 50 outcomes"),
        (499, "platt", "Platt over 499 outcomes"),
        (500, "isotonic", "isotonic over 500 outcomes"),
    ],
)
def test_what_is_learnt_depends_on_how_much_there_is(n: int, kind: str, why: str) -> None:
    found = calibrate(*columns(history(n, 1)))
    assert (found.kind, found.why) == (kind, why)


def test_a_platt_fit_is_the_most_likely_curve_under_its_prior() -> None:
    sure, right = columns(history(200, 3))
    x = np.log(sure / (1 - sure))
    hits = right.sum()
    target = np.where(right > 0, (hits + 1) / (hits + 2), 1 / (200 - hits + 2))

    def loss(at: np.ndarray) -> float:
        z = at[0] * x + at[1]
        unlikely = float(np.sum(np.logaddexp(0.0, z) - target * z))
        return unlikely + 0.125 * ((at[0] - 1.0) ** 2 + at[1] ** 2)

    best = minimize(loss, [1.0, 0.0], tol=1e-12).x
    found = platt(sure, right)
    np.testing.assert_allclose([found.x[0], found.y[0]], best, atol=1e-5)


def test_both_curves_come_closer_to_the_truth_out_of_sample() -> None:
    past, later = history(4000, 5), history(4000, 6)
    sure, right = columns(later)
    stated = scores(sure, right)
    for learnt in (platt(*columns(past[:400])), isotonic(*columns(past))):
        found = scores(learnt.apply(sure), right)
        assert found.brier < stated.brier
        assert found.log_loss < stated.log_loss
        assert found.calibration_error < 0.07 < stated.calibration_error


def test_a_source_that_is_the_more_wrong_the_surer_it_is_gets_a_level_curve() -> None:
    sure = np.linspace(0.5, 0.9, 100)
    found = platt(sure, (sure < 0.6).astype(np.float64))
    assert found.x == (0.0,)
    assert len(set(found.apply(sure).tolist())) == 1


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 20).map(lambda k: k / 20), st.booleans()), min_size=1, max_size=60),
    st.booleans(),
)
def test_a_curve_never_falls_and_stays_within_its_bounds(seen: list[tuple[float, bool]], logistic: bool) -> None:
    sure, right = (np.array(c, np.float64) for c in zip(*seen, strict=True))
    learnt = (platt if logistic else isotonic)(sure, right)
    read = learnt.apply(np.linspace(0.0, 1.0, 101))
    assert (np.diff(read) >= -1e-12).all()
    assert read.min() >= 0.0
    assert read.max() <= 1.0
    assert all(0.5 <= c <= 0.99 for c in learnt.believed(sure).tolist())
    assert Calibration.read({"kind": learnt.kind, "x": list(learnt.x), "y": list(learnt.y)}).x == learnt.x


def test_an_isotonic_curve_keeps_the_mean_of_each_block() -> None:
    learnt = isotonic(np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.0, 1.0, 0.0, 1.0]))
    np.testing.assert_allclose(
        learnt.apply(np.array([0.0, 0.1, 0.2, 0.3, 0.35, 0.4, 1.0])), [0, 0, 0.5, 0.5, 0.75, 1, 1]
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(60, 140), st.integers(0, 200))
def test_what_comes_later_changes_no_earlier_probability(n: int, seed: int) -> None:
    votes = history(160, seed)
    whole = walk_forward(votes)
    np.testing.assert_array_equal(walk_forward(votes[:n]), whole[:n])
    flipped = [
        v
        if v.resolved_at <= votes[n].time
        else ScoredVote(v.time, v.source, v.probability, v.resolved_at, not v.outcome)
        for v in votes
    ]
    np.testing.assert_array_equal(walk_forward(flipped)[: n + 1], whole[: n + 1])
    assert (whole[:52] == columns(votes)[0][:52]).all()


def test_walking_forward_makes_an_overconfident_source_honest() -> None:
    votes = history(3000, 11)
    sure, right = columns(votes)
    learnt = walk_forward(votes)
    late = slice(600, None)
    assert scores(learnt[late], right[late]).calibration_error < 0.05
    assert scores(sure[late], right[late]).calibration_error > 0.12


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 100).map(lambda k: k / 100), st.booleans()), min_size=1, max_size=80))
def test_the_brier_score_is_the_sum_of_its_parts(seen: list[tuple[float, bool]]) -> None:
    p, y = (np.array(c, np.float64) for c in zip(*seen, strict=True))
    parts = murphy(p, y, 2)
    assert parts.brier == pytest.approx(parts.reliability - parts.resolution + parts.uncertainty, abs=1e-12)
    assert parts.brier == pytest.approx(scores(p, y).brier, abs=1e-12)
    table = reliability_table(p, y)
    assert sum(row.n for row in table) == len(p)
    assert all(row.low <= row.said <= row.high and 0.0 <= row.came_true <= 1.0 for row in table)


def test_without_forecasts_there_are_no_scores() -> None:
    nothing = np.empty(0)
    assert scores(nothing, nothing).n == 0
    assert np.isnan([*scores(nothing, nothing)[1:], *murphy(nothing, nothing)]).all()
    assert np.isnan(scores(np.array([0.4]), np.array([1.0])).auc)
