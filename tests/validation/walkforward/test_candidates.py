"""Candidates: their grid, its neighbours and scales, and Sharpe ratios of a span."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.stats.performance import sharpe
from quorum.validation.walkforward import grid_of, span_sharpes
from validation.ridges import noise, square


def test_neighbours_are_one_step_away_on_one_axis() -> None:
    grid = grid_of([{"fast": f, "slow": s, "period": 14} for f in (5, 10, 20) for s in (50, 100)])
    assert grid.names == ("fast", "slow")
    assert grid.neighbours[2].tolist() == [0, 4, -1, 3]  # (10, 50): fast 5 and 20, no smaller slow, slow 100
    assert grid.neighbours[0].tolist() == [-1, 2, -1, 1]
    assert grid.values[5].tolist() == [20.0, 100.0]


def test_a_hole_in_the_grid_is_no_neighbour_and_a_double_is_found_where_it_is_first() -> None:
    grid = grid_of([{"n": 1, "m": 1}, {"n": 2, "m": 1}, {"n": 1, "m": 2}, {"n": 1, "m": 1}])
    assert grid.neighbours[1].tolist() == [0, -1, -1, -1]
    assert grid.neighbours[3].tolist() == [-1, 1, -1, 2]


def test_one_combination_has_no_axis() -> None:
    grid = grid_of([{"n": 1}])
    assert grid.names == ()
    assert grid.neighbours.shape == (1, 0)


def test_an_axis_counts_on_the_scale_on_which_its_values_are_even() -> None:
    doubling, even = ([{"n": n} for n in levels] for levels in ((5, 10, 20, 40), (5, 10, 15, 20)))
    assert (grid_of(doubling).axes[0].scale, grid_of(even).axes[0].scale) == ("log", "linear")
    assert grid_of([{"n": n} for n in (-1, 0, 1)]).axes[0].scale == "linear"


@given(st.integers(2, 5), st.integers(0, 8))
def test_neighbours_are_mutual(side: int, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(side * side)
    grid = grid_of([square(side)[i] for i in order])
    for i, near in enumerate(grid.neighbours.tolist()):
        assert all(i in grid.neighbours[j] for j in near if j >= 0)
        assert sum(j >= 0 for j in near) == 4 - sum(v in (1, side) for v in grid.values[i])


def test_ratios_are_those_of_the_house_and_0_where_nothing_was_risked() -> None:
    returns = noise(1).returns.copy()
    returns[2] = 0.0
    returns[3, 200:] = np.nan  # ruined: nothing is held any more
    found = span_sharpes(returns, 365.0)
    assert found[0] == pytest.approx(sharpe(returns[0], 365.0))
    assert found[2] == 0.0
    assert found[3] == pytest.approx(sharpe(np.nan_to_num(returns[3]), 365.0))
