"""Metrics beyond the headline: golden values of two libraries and a textbook, and laws of arithmetic."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quorum.stats.metrics import (
    Trips,
    activity,
    against,
    deepest_falls,
    downside_risk,
    exposure_of,
    gaussian_expected_shortfall,
    gaussian_value_at_risk,
    histogram,
    kurtosis,
    modified_value_at_risk,
    omega,
    rolling_sharpe,
    skewness,
    stability,
    tail_mean,
    tail_ratio,
    tails,
    trade_figures,
    underwater,
    yearly_returns,
)
from quorum.stats.performance import cagr, calmar, drawdowns, max_drawdown, sharpe, sortino, value_at_risk, volatility

DAY = 86_400_000_000_000
HOUR = DAY // 24
# Bacon (2008), by month, in thousandths; the values are those of R's PerformanceAnalytics 2.1.0
BACON = (
    np.array([3, 26, 11, -10, 15, 25, 16, 67, -14, 40, -5, 81, 40, -37, -61, 17, -49, -22, 70, 58, -65, 24, -5, -9])
    / 1000
)
MIXED = np.array([1, 10, -4, 2, 3, 2, 1, -10]) / 100
moves = arrays(np.float64, st.integers(3, 80), elements=st.floats(-0.2, 0.25))


def days_of(n: int, start: int = 18_000) -> np.ndarray:
    return (start + np.arange(n, dtype=np.int64)) * DAY


@pytest.fixture(scope="module")
def index(shared: Path) -> tuple[np.ndarray, dict[str, dict[str, float]], float]:
    folder = shared / "reference" / "risk"
    case = json.loads((folder / "performance_metrics.json").read_text())
    with (folder / case["input_csv"]).open() as file:
        rows = [{name.lower(): value for name, value in row.items()} for row in csv.DictReader(file)]
    close = np.array([float(row["close"]) for row in rows])
    return close[1:] / close[:-1] - 1.0, case, case["tolerance"]


@pytest.mark.real_data
def test_every_value_of_the_reference(index: tuple[np.ndarray, dict[str, dict[str, float]], float]) -> None:
    returns, case, rel = index
    want = case["expected"]
    got = {
        "sharpe_rf2pct": sharpe(returns - 0.02 / 252, 252),
        "downside_risk_annual": downside_risk(returns, 252),
        "omega_0": omega(returns),
        "tail_ratio": tail_ratio(returns),
        "stability_of_timeseries": stability(returns),
        "annual_vol": volatility(returns, 252),
        "sortino_mar0": sortino(returns, 252),
    }
    assert got == {name: pytest.approx(want[name], rel=rel) for name in got}
    forms = case["closed_forms"]
    assert -gaussian_value_at_risk(returns) == pytest.approx(forms["gaussian_var95"], rel=rel)
    assert -gaussian_expected_shortfall(returns) == pytest.approx(forms["gaussian_cvar95"], rel=rel)
    assert -modified_value_at_risk(returns) == pytest.approx(forms["cornish_fisher_var95"], rel=rel)
    other = case["cross_checks"]
    assert -gaussian_value_at_risk(returns) == pytest.approx(-other["quantstats"]["var95_gaussian"], rel=rel)
    assert -tail_mean(returns) == pytest.approx(other["skfolio"]["cvar95_loss"], rel=rel)
    assert -np.sort(returns)[int(0.05 * len(returns))] == pytest.approx(other["skfolio"]["var95_loss"], rel=rel)


def test_the_months_of_the_textbook() -> None:
    fall = max_drawdown(np.cumprod(1 + BACON), 1.0)
    got = (volatility(BACON, 12), cagr(BACON, 12), sharpe(BACON, 12), sortino(BACON, 12), fall)
    want = (0.13700015867969229, 0.10367828972980941, 0.7883202548144859, 1.3592165786838633, -0.144672955739218)
    assert got == pytest.approx(want, rel=1e-12)
    assert calmar(cagr(BACON, 12), fall) == pytest.approx(0.7166390511623746, rel=1e-12)
    assert omega(BACON) == pytest.approx(1.7797833935018055, rel=1e-12)


def test_mixed_returns_as_another_library_has_them() -> None:
    """It counts the missing first return as a period of the year's growth; a return that is not there is none here."""
    assert sharpe(MIXED, 252) == pytest.approx(1.7238613961706866, rel=1e-12)
    assert volatility(MIXED, 252) == pytest.approx(0.9136465399704637, rel=1e-12)
    assert downside_risk(MIXED, 252) == pytest.approx(0.60448325038829653, rel=1e-12)
    assert max_drawdown(np.cumprod(1 + MIXED), 1.0) == pytest.approx(-0.1)
    theirs = np.prod(1 + MIXED) ** (252 / 9) - 1
    assert theirs == pytest.approx(1.9135925373194231, rel=1e-12)
    assert cagr(MIXED, 252) == pytest.approx(np.prod(1 + MIXED) ** (252 / 8) - 1)


@given(moves, st.floats(0.1, 3.0))
def test_the_shape_of_returns_does_not_change_with_leverage(returns: np.ndarray, factor: float) -> None:
    if np.ptp(returns) > 1e-6:
        once, more = tails(returns, 252), tails(returns * factor, 252)
        for name in ("skew", "kurtosis", "omega"):
            assert getattr(more, name) == pytest.approx(getattr(once, name), rel=1e-6, abs=1e-9, nan_ok=True)
        assert more.value_at_risk_1 == pytest.approx(factor * once.value_at_risk_1, abs=1e-12)
        assert once.expected_shortfall_1 <= once.value_at_risk_1 + 1e-12
        assert once.worst <= once.value_at_risk_1 <= once.value_at_risk_5 <= once.best
        assert once.kurtosis >= once.skew**2 + 1 - 1e-9


@given(moves)
def test_the_mean_of_a_tail_lies_between_its_worst_and_its_edge(returns: np.ndarray) -> None:
    assert returns.min() - 1e-12 <= tail_mean(returns, 0.3) <= np.sort(returns)[int(0.3 * len(returns))] + 1e-12
    assert tail_mean(returns, 1.0) == pytest.approx(returns.mean(), abs=1e-12)


@pytest.mark.parametrize("returns", [np.empty(0), np.array([0.1]), np.zeros(5), np.array([0.1, np.nan, 0.2])])
def test_a_shape_that_cannot_be_told_is_nan(returns: np.ndarray) -> None:
    found = tails(returns, 252)
    assert math.isnan(found.skew)
    assert math.isnan(found.modified_value_at_risk_5)
    assert math.isnan(found.stability)
    assert len(histogram(returns).counts) == 0 or len(returns) == 3


def test_skewness_and_kurtosis_are_those_of_the_population() -> None:
    z = np.array([1.0, 2.0, 3.0, 10.0])
    assert skewness(z) == pytest.approx(np.mean((z - 4) ** 3) / 12.5**1.5)
    assert kurtosis(z) == pytest.approx(np.mean((z - 4) ** 4) / 12.5**2)


def test_drawdowns_by_hand() -> None:
    equity = np.array([100.0, 90, 95, 101, 110, 99, 88, 100, 120, 119])
    falls = deepest_falls(days_of(10), equity, 100.0)
    start = 18_000 * DAY
    assert [(f.start, f.bottom, f.end) for f in falls] == [
        (start + 4 * DAY, start + 6 * DAY, start + 8 * DAY),
        (start, start + DAY, start + 3 * DAY),
        (start + 8 * DAY, start + 9 * DAY, None),
    ]
    assert [f.depth for f in falls] == pytest.approx([-0.2, -0.1, -1 / 120])
    assert [f.days for f in falls] == [4.0, 3.0, 1.0]
    assert underwater(days_of(10), equity, 100.0) == (0.6, 4.0, True)
    assert underwater(days_of(2), np.array([100.0, 90.0]), 100.0) == (0.5, 1.0, False)
    assert deepest_falls(days_of(2), np.array([1.0, 2.0]), 1.0) == ()
    assert math.isnan(underwater(days_of(0), np.empty(0), 1.0).share)


@given(moves, st.integers(1, 5))
def test_the_drawdowns_are_the_points_below_a_high(returns: np.ndarray, most: int) -> None:
    equity, time = 100 * np.cumprod(1 + returns), days_of(len(returns))
    falls = deepest_falls(time, equity, 100.0, len(returns))
    assert deepest_falls(time, equity, 100.0, most) == falls[:most]
    below = drawdowns(equity, 100.0)
    assert min((f.depth for f in falls), default=0.0) == pytest.approx(max_drawdown(equity, 100.0))
    for fall in falls:
        assert below[np.searchsorted(time, fall.bottom)] == fall.depth
        assert fall.start <= fall.bottom < (fall.end or fall.bottom + 1)
    share = underwater(time, equity, 100.0).share
    assert share == pytest.approx(np.mean(below < 0))


def test_years_add_up_and_start_afresh() -> None:
    returns = np.array([0.1, -0.5, 0.2, 0.0])
    years = yearly_returns(np.array([18_260, 18_261, 18_262, 18_263], dtype=np.int64) * DAY, returns, 365)
    assert [(y.year, y.days) for y in years] == [(2019, 2), (2020, 2)]
    assert [y.value for y in years] == pytest.approx([-0.45, 0.2])
    assert [y.max_drawdown for y in years] == pytest.approx([-0.5, 0.0])


@given(moves, st.integers(2, 20))
def test_a_rolling_sharpe_is_the_sharpe_of_its_window(returns: np.ndarray, window: int) -> None:
    rolled = rolling_sharpe(returns, window, 252)
    assert len(rolled) == len(returns)
    for end in range(len(returns)):
        part = returns[max(0, end - window + 1) : end + 1]
        if len(part) < window:
            assert math.isnan(rolled[end])
        elif np.ptp(part) > 1e-6:
            assert rolled[end] == pytest.approx(sharpe(part, 252), rel=1e-6, abs=1e-9)


@given(arrays(np.float64, st.integers(2, 400), elements=st.floats(-0.2, 0.25)))
def test_a_histogram_counts_every_day_in_round_bins(returns: np.ndarray) -> None:
    found = histogram(returns)
    if len(found.counts):
        assert found.counts.sum() == len(returns)
        assert found.normal.sum() == pytest.approx(len(returns))
        assert len(found.counts) <= 64
        width = np.diff(found.edges)
        assert width == pytest.approx(width[0])
        assert found.edges / width[0] == pytest.approx(np.rint(found.edges / width[0]), abs=1e-6)


def test_a_levered_benchmark_has_its_beta_and_no_alpha() -> None:
    other = np.random.default_rng(3).normal(0.001, 0.01, 500)
    found = against(0.5 * other + 0.0002, other, 252)
    assert found.beta == pytest.approx(0.5)
    assert found.alpha == pytest.approx(0.0002 * 252)
    assert found.correlation == pytest.approx(1.0)
    assert found.up_capture < 1.0
    assert found.tracking_error == pytest.approx(volatility(0.5 * other - 0.0002, 252))
    same = against(other, other, 252)
    assert (same.up_capture, same.down_capture, same.beta) == pytest.approx((1.0, 1.0, 1.0))
    assert math.isnan(same.information_ratio)
    with pytest.raises(ValueError, match="equal shapes"):
        against(other, other[1:], 252)


def test_captures_by_hand() -> None:
    found = against(np.array([0.02, -0.01, 0.02, 0.0]), np.array([0.04, -0.02, 0.04, -0.02]), 252)
    assert found.up_capture == pytest.approx(0.5)
    assert found.down_capture == pytest.approx((1 - 0.99**0.5) / 0.02)


def test_trades_by_hand() -> None:
    profit = np.array([10.0, 20, -5, -5, -5, 0, 40])
    entry = np.arange(7, dtype=np.int64) * HOUR
    held = np.array([1, 2, 3, 4, 5, 6, 7]) * HOUR
    side = np.array([1, 1, -1, 1, -1, 1, 1], dtype=np.int8)
    found = trade_figures(Trips(profit, np.full(7, 100.0), side, entry, entry + held))
    assert (found.closed, found.longs, found.shorts) == (7, 5, 2)
    assert found.hit_rate == pytest.approx(3 / 7)
    assert found.profit_factor == pytest.approx(70 / 15)
    assert found.expectancy == pytest.approx(55 / 7)
    assert found.expectancy_of_notional == pytest.approx(0.55 / 7)
    assert (found.average_win, found.average_loss) == pytest.approx((70 / 3, -5.0))
    assert found.payoff == pytest.approx(70 / 15)
    assert (found.longest_wins, found.longest_losses) == (2, 3)
    assert (found.mean_hours, found.median_hours, found.longest_hours) == (4.0, 4.0, 7.0)
    assert (found.long_profit, found.short_profit) == (65.0, -10.0)


def test_no_trades_have_no_figures() -> None:
    none = np.empty(0)
    found = trade_figures(Trips(none, none, none.astype(np.int8), none.astype(np.int64), none.astype(np.int64)))
    assert found.closed == found.longest_wins == 0
    assert all(math.isnan(v) for v in (found.hit_rate, found.payoff, found.expectancy, found.mean_hours))


def test_exposure_and_turnover_by_hand() -> None:
    net, gross = np.array([0.0, 0.5, -0.5, np.nan]), np.array([0.0, 0.5, 1.5, np.nan])
    assert exposure_of(net, gross) == pytest.approx((2 / 3, 2 / 3, 0.0, 1.5, 1 / 3, 1 / 3))
    assert math.isnan(exposure_of(np.array([np.nan]), np.array([np.nan])).mean_gross)
    found = activity(np.array([100.0, -300.0]), np.array([1.0, 3.0]), np.array([100.0, 300.0]), 2.0)
    assert found == pytest.approx((2, 1.0, 4.0, 0.01, 400.0))


def test_the_quantile_is_linear_between_returns() -> None:
    assert value_at_risk(np.array([0.0, 1.0]), 0.25) == 0.25
