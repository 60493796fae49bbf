"""Performance: golden values of the reference, laws of arithmetic, and silence where a number has no meaning."""

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
from scipy.stats import norm

from quorum.stats.performance import (
    cagr,
    daily_returns,
    monthly_returns,
    performance,
    periods_per_year,
    profit_factor,
    sharpe,
    sharpe_standard_error,
    standard_error,
    volatility,
    win_rate,
)

DAY = 86_400_000_000_000
MONDAY = 4 * DAY  # 1970-01-05
moves = arrays(np.float64, st.integers(2, 60), elements=st.floats(-0.2, 0.25))


def _weekdays(n: int) -> np.ndarray:
    return np.array([MONDAY + (7 * (i // 5) + i % 5) * DAY for i in range(n)], dtype=np.int64)


def _alldays(n: int) -> np.ndarray:
    return MONDAY + np.arange(-2, n - 2, dtype=np.int64) * DAY


@pytest.mark.real_data
def test_the_reference_numbers_of_the_index(shared: Path) -> None:
    folder = shared / "reference" / "risk"
    case = json.loads((folder / "performance_metrics.json").read_text())
    want, rel = case["expected"], case["tolerance"]
    with (folder / case["input_csv"]).open() as file:
        rows = list(csv.DictReader(file))
    column = next(name for name in rows[0] if name.lower() == "close")
    close = np.array([float(row[column]) for row in rows])
    found = performance(_weekdays(len(close))[1:], close[1:], close[0])
    assert found.days == want["n"]
    assert found.periods_per_year == 252
    got = {
        "cum_return": found.total_return,
        "annual_return_cagr": found.cagr,
        "annual_vol": found.volatility,
        "sharpe_rf0": found.sharpe,
        "sortino_mar0": found.sortino,
        "calmar": found.calmar,
        "max_drawdown": found.max_drawdown,
        "var_hist_5pct": found.value_at_risk_5,
        "cvar_hist_5pct": found.expected_shortfall_5,
    }
    assert got == {name: pytest.approx(want[name], rel=rel) for name in got}


def test_standard_error_gives_the_published_probabilistic_sharpe_ratio() -> None:
    error = standard_error(0.45755008833277844, -2.448, 10.164, 24)
    assert norm.cdf(0.45755008833277844 / error) == pytest.approx(0.9132343068848602, rel=1e-9)


def test_standard_error_of_normal_returns_matches_what_samples_show() -> None:
    draws = np.random.default_rng(7).normal(0.001, 0.01, (2_000, 250))
    ratios = np.array([sharpe(row, 252) for row in draws])
    stated = np.mean([sharpe_standard_error(row, 252) for row in draws])
    assert stated == pytest.approx(ratios.std(ddof=1), rel=0.05)


def test_the_last_equity_of_a_utc_day_counts_and_the_first_day_starts_from_the_capital() -> None:
    hours = MONDAY + np.array([1, 23, 25, 30, 47, 72], dtype=np.int64) * (DAY // 24)
    equity = np.array([90.0, 110.0, 50.0, 60.0, 121.0, 60.5])
    assert daily_returns(hours, equity, 100.0) == pytest.approx([0.10, 0.10, -0.50])
    assert daily_returns(hours, equity)[0] == pytest.approx(110 / 90 - 1)


def test_a_year_has_365_days_where_weekends_are_traded_and_252_elsewhere() -> None:
    assert periods_per_year(_alldays(40)) == 365
    assert periods_per_year(_weekdays(40)) == 252
    assert periods_per_year(_weekdays(2)) == 252


def test_longer_bars_are_annualised_by_their_own_number_a_year() -> None:
    weekly = _alldays(700)[::7]
    found = performance(weekly, np.cumprod(np.full(100, 1.01)) * 100, 100.0)
    assert found.periods_per_year == pytest.approx(365 / 7)
    assert "52.1 returns a year" in found.convention


def test_the_convention_names_days_and_divisor() -> None:
    told = performance(_alldays(5), np.array([1.0, 2, 1, 2, 1]), 1.0).convention
    assert told.startswith("daily simple returns (UTC days), ddof 1, no risk-free rate, 365 days a year")


@given(moves)
def test_growth_and_drawdown_agree_with_the_returns(returns: np.ndarray) -> None:
    equity = 1000.0 * np.cumprod(1 + returns)
    found = performance(_alldays(len(returns)), equity, 1000.0)
    assert cagr(returns, len(returns)) == pytest.approx(found.total_return, rel=1e-9, abs=1e-12)
    levels = [1000.0, *equity]
    deepest = min(levels[j] / max(levels[: j + 1]) - 1 for j in range(len(levels)))
    assert found.max_drawdown == pytest.approx(deepest, abs=1e-12)
    assert found.expected_shortfall_5 <= found.value_at_risk_5 + 1e-12


@given(moves, st.floats(0.5, 2.0))
def test_ratios_do_not_change_with_leverage(returns: np.ndarray, factor: float) -> None:
    once, more = sharpe(returns, 365), sharpe(returns * factor, 365)
    if np.ptp(returns) > 1e-6:
        assert more == pytest.approx(once, rel=1e-6, abs=1e-9)
        assert volatility(returns * factor, 365) == pytest.approx(factor * volatility(returns, 365))


@given(moves, st.floats(100, 1e6))
def test_monthly_returns_chain_to_the_whole(returns: np.ndarray, starting: float) -> None:
    equity = starting * np.cumprod(1 + returns)
    months = monthly_returns(_alldays(len(returns)), equity, starting)
    assert math.prod(1 + m.value for m in months) == pytest.approx(equity[-1] / starting)
    assert [(m.year, m.month) for m in months] == [(1970, k) for k in range(1, len(months) + 1)]


@pytest.mark.parametrize("equity", [[], [100.0], [100.0, 100.0, 100.0]])
def test_no_evidence_gives_nan_and_no_warning(equity: list[float]) -> None:
    found = performance(_alldays(len(equity)), np.array(equity), 100.0)
    assert math.isnan(found.sharpe)
    assert math.isnan(found.sharpe_se)
    assert math.isnan(found.sortino)
    assert math.isnan(found.calmar)
    assert found.days == len(equity)
    assert math.isnan(found.volatility) == (len(equity) < 2)


def test_steady_growth_has_no_ratio_for_rounding_is_no_risk() -> None:
    steady = 100 * 1.001 ** np.arange(1, 200)
    found = performance(_alldays(199), steady, 100.0)
    assert math.isnan(found.sharpe)
    assert found.cagr == pytest.approx(1.001**365 - 1)
    assert found.volatility < 1e-12


def test_a_ruined_account_lost_everything_and_has_no_ratios() -> None:
    found = performance(_alldays(5), np.array([100.0, 50.0, -10.0, -20.0, 5.0]), 100.0)
    assert found.cagr == -1.0
    assert found.max_drawdown == pytest.approx(-1.2)
    assert math.isnan(found.sharpe)


def test_win_rate_and_profit_factor() -> None:
    profits = np.array([3.0, -1.0, 0.0, 1.0])
    assert win_rate(profits) == 0.5
    assert profit_factor(profits) == 4.0
    assert profit_factor(np.array([1.0])) == math.inf
    assert math.isnan(win_rate(np.empty(0)))
    assert math.isnan(profit_factor(np.zeros(3)))
