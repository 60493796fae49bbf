"""Jumps that look like splits and prices that stood still, planted and found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.tables import D1, START, instants
from quorum.domain import DAY
from quorum.lake import Bars
from quorum.lake.doubts import stale_runs, suspected_splits


def walk(n: int = 300, seed: int = 5, sigma: float = 0.015) -> np.ndarray:
    return 100.0 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, sigma, n)))


def closes(close: np.ndarray) -> Bars:
    return Bars("ABC", "x", D1, instants(len(close), DAY), close)


@pytest.mark.parametrize("ratio", [2.0, 3.0, 1.5, 10.0, 0.1, 0.25])
def test_a_split_is_told_with_its_bar_and_ratio(ratio: float) -> None:
    close = walk()
    close[150:] /= ratio
    (found,) = suspected_splits(closes(close))
    assert found.time == START + 150 * DAY
    assert found.ratio == pytest.approx(ratio)


@given(st.integers(0, 50))
def test_an_ordinary_walk_has_no_splits_and_no_stale_prices(seed: int) -> None:
    bars = closes(walk(seed=seed))
    assert suspected_splits(bars) == ()
    assert stale_runs(bars) == ()


def test_a_price_that_comes_back_was_no_split_and_a_crash_has_no_usual_ratio() -> None:
    glitch, crash = walk(), walk()
    glitch[150] /= 2.0
    crash[150:] *= 0.58
    assert suspected_splits(closes(glitch)) == ()
    assert suspected_splits(closes(crash)) == ()


def test_prices_that_stand_still_are_counted_from_the_first_of_them() -> None:
    close = walk()
    close[100:105] = close[100]
    close[105:109] = 77.0
    (run,) = stale_runs(closes(close))
    assert (run.start, run.end, run.bars) == (START + 100 * DAY, START + 104 * DAY, 5)


@pytest.mark.parametrize("n", [0, 1, 4])
def test_few_bars_raise_no_doubts(n: int) -> None:
    bars = closes(np.full(n, 10.0))
    assert suspected_splits(bars) == ()
    assert stale_runs(bars) == ()
