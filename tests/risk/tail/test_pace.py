"""What a symbol moves in a year and what Kelly would stake: golden values, and too little to say anything."""

from __future__ import annotations

import math

import numpy as np
import pytest

from quorum.risk.tail import History, Inconclusive, annual_volatility, kelly_of

DAYS = 200


def swinging(size: float, days: np.ndarray) -> History:
    """So much up and down, by turns."""
    return History(days, np.where(np.arange(len(days)) % 2, size, -size))


def sessions(count: int) -> np.ndarray:
    days = np.arange(19_000, 19_000 + 2 * count)
    return days[(days + 3) % 7 < 5][:count]


@pytest.mark.parametrize(
    ("days", "year"), [(np.arange(19_000, 19_000 + DAYS), 365), (sessions(DAYS), 252)], ids=["coins", "shares"]
)
def test_golden_what_moves_by_one_percent_a_day(days: np.ndarray, year: int) -> None:
    assert annual_volatility("A", swinging(0.01, days)) == pytest.approx(0.01 * math.sqrt(year), rel=1e-12)


@pytest.mark.parametrize(("before", "after", "decay"), [(0.01, 0.05, 0.94), (0.05, 0.01, 0.97)])
def test_golden_the_fast_estimate_rules_when_it_grows_wild_and_the_slow_one_when_it_calms(
    before: float, after: float, decay: float
) -> None:
    days = np.arange(19_000, 19_000 + DAYS)
    returns = np.where(np.arange(DAYS) < DAYS - 20, before, after)
    new = 1 - decay**20
    share = new / (1 - decay**DAYS)
    variance = share * after**2 + (1 - share) * before**2
    assert annual_volatility("A", History(days, returns)) == pytest.approx(math.sqrt(365 * variance), rel=1e-12)


def test_golden_kelly_is_the_shrunk_mean_over_the_variance() -> None:
    rng = np.random.default_rng(7)
    history = History(np.arange(DAYS), rng.normal(0.004, 0.02, DAYS))
    mean, variance = history.returns.mean(), history.returns.var(ddof=1)
    expected = mean**2 / (mean**2 + variance / DAYS) * mean / variance
    assert kelly_of("STR-001", history) == pytest.approx(expected, rel=1e-9)


def test_kelly_of_what_loses_is_negative() -> None:
    found = kelly_of("STR-001", History(np.arange(DAYS), np.where(np.arange(DAYS) % 2, 0.01, -0.02)))
    assert isinstance(found, float)
    assert found < 0


def test_too_few_days_and_no_movement_are_inconclusive() -> None:
    short = swinging(0.01, np.arange(59))
    assert annual_volatility("A", short) == kelly_of("A", short) == Inconclusive("A", 59, 60)
    assert kelly_of("A", swinging(0.0, np.arange(100))) == Inconclusive("A", 100, 60)
