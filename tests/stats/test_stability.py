"""Stability of parameters: the reference, its meaning at both ends, and every scale."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quorum.stats.stability import Axis, parameter_stability

FLAT = np.ones((4, 3))


def _column(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)[:, None]


@pytest.mark.real_data
def test_every_case_of_the_reference(shared: Path) -> None:
    cases = json.loads((shared / "reference/validation/parameter_stability.json").read_text())["cases"]
    for case in cases:
        axes = [Axis(low, high) for low, high in zip(case["bounds_lo"], case["bounds_hi"], strict=True)]
        metrics = np.array(case["window_metric_best_then_neighbours"])
        found = parameter_stability(np.array(case["chosen_params"]), axes, metrics)
        assert found.drift == pytest.approx(case["drift_component"], rel=1e-9)
        assert found.plateau == pytest.approx(case["plateau_component"], rel=1e-9)
        assert found.score == pytest.approx(case["score"], rel=1e-9)


def test_choices_at_random_score_about_0_and_frozen_ones_1() -> None:
    rng = np.random.default_rng(0)
    random = parameter_stability(rng.uniform(5, 50, (4000, 1)), [Axis(5, 50)], np.ones((4000, 2)))
    assert random.drift == pytest.approx(0.0, abs=0.03)
    assert parameter_stability(_column(7, 7, 7, 7), [Axis(5, 50)], FLAT).score == 1.0


def test_a_log_scale_counts_doublings() -> None:
    doubling, axis = _column(10, 20, 10, 20), Axis(5, 640, "log")
    assert parameter_stability(doubling, [axis], FLAT).drift == pytest.approx(1 - 3 / 7)
    high = _column(160, 320, 160, 320)
    assert parameter_stability(high, [axis], FLAT).drift == pytest.approx(1 - 3 / 7)
    assert parameter_stability(high, [Axis(5, 640)], FLAT).drift < 0.3
    with pytest.raises(ValueError, match="values above 0 are needed"):
        parameter_stability(doubling, [Axis(0, 640, "log")], FLAT)


def test_a_category_is_as_stable_as_its_favourite_is_frequent() -> None:
    found = parameter_stability(_column(2, 0, 2, 2), [Axis(scale="categorical")], FLAT)
    assert found.drift == pytest.approx(0.75)


def test_the_metric_falls_off_a_peak_and_missing_neighbours_do_not_count() -> None:
    metrics = np.array([[1.0, 0.0, -3.0], [2.0, 1.0, math.nan], [-1.0, 5.0, 5.0], [1.0, math.nan, math.nan]])
    assert parameter_stability(_column(7, 7, 7, 7), [Axis(5, 50)], metrics).plateau == pytest.approx(0.5 / 3)
    alone = parameter_stability(_column(7, 7), [Axis(5, 50)], np.ones((2, 1)))
    assert alone.drift == 1.0
    assert math.isnan(alone.plateau)
    assert math.isnan(alone.score)


def test_a_strategy_without_parameters_holds_still() -> None:
    assert parameter_stability(np.empty((3, 0)), [], np.ones((3, 1))).score == 1.0


@given(
    arrays(np.float64, (5, 2), elements=st.floats(1, 9)),
    arrays(np.float64, (5, 4), elements=st.one_of(st.floats(-2, 2), st.just(math.nan))),
)
def test_a_score_lies_between_its_parts_and_in_0_to_1(chosen: np.ndarray, metrics: np.ndarray) -> None:
    found = parameter_stability(chosen, [Axis(1, 9), Axis(1, 9, "log")], metrics)
    assert 0 <= found.drift <= 1
    assert all(0 <= each <= 1 for each in found.drifts)
    if not math.isnan(found.plateau):
        assert 0 <= found.plateau <= 1
        assert min(found.drift, found.plateau) - 1e-12 <= found.score <= max(found.drift, found.plateau) + 1e-12


@pytest.mark.parametrize(
    ("chosen", "metrics", "message"),
    [
        (np.ones((1, 1)), np.ones((1, 2)), "1 windows; at least 2"),
        (np.ones((3, 1)), np.ones((4, 2)), "are needed"),
        (np.ones((3, 2)), np.ones((3, 2)), "are needed"),
        (np.full((3, 1), math.nan), np.ones((3, 2)), "not finite"),
    ],
)
def test_what_cannot_be_judged_is_refused(chosen: np.ndarray, metrics: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parameter_stability(chosen, [Axis(0, 2)], metrics)
