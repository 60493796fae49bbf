"""Indicators: golden values, brute force, and the laws that all of them keep."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from quorum.domain import DataError, UsageError
from quorum.features.atr import atr_warmup
from quorum.features.indicators import (
    column,
    highest,
    log_returns,
    lowest,
    rolling_volatility,
    sma,
    true_range,
    wilder_atr,
)

Floats = NDArray[np.float64]
NAN = float("nan")


def bars(n: int = 300, seed: int = 5) -> tuple[Floats, Floats, Floats]:
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0, 0.01, n)))
    return close * (1 + rng.uniform(0, 0.01, n)), close * (1 - rng.uniform(0, 0.01, n)), close


def windows(series: Floats, window: int, answer: Callable[[list[float]], float]) -> list[float]:
    """`answer` of every full window, one at a time; NaN before."""
    full = range(window - 1, len(series))
    return [NAN] * (window - 1) + [answer(series[i + 1 - window : i + 1].tolist()) for i in full]


FINITE: dict[str, Callable[[Floats], Floats]] = {
    "sma": lambda x: sma(x, 7),
    "rolling_volatility": lambda x: rolling_volatility(x, 7),
    "highest": lambda x: highest(x, 7),
    "lowest": lambda x: lowest(x, 7),
    "log_returns": log_returns,
}
CAUSAL: dict[str, Callable[[Floats], Floats]] = {
    **FINITE,
    "wilder_atr": lambda x: wilder_atr(x + 1.0, x - 1.0, x, 2),
}


def test_golden_values() -> None:
    values = [1.0, 2.0, 4.0, 3.0]
    np.testing.assert_array_equal(sma(values, 2), [NAN, 1.5, 3.0, 3.5])
    np.testing.assert_array_equal(highest(values, 2), [NAN, 2.0, 4.0, 4.0])
    np.testing.assert_array_equal(lowest(values, 2), [NAN, 1.0, 2.0, 3.0])
    np.testing.assert_array_equal(true_range([5.0, 9.0, 6.0], [4.0, 8.0, 3.0], [4.5, 8.5, 5.0]), [1.0, 4.5, 5.5])
    np.testing.assert_allclose(log_returns([1.0, math.e, 1.0]), [NAN, 1.0, -1.0], rtol=1e-15)
    np.testing.assert_allclose(rolling_volatility([1.0, 2.0, 4.0], 2), [NAN, math.sqrt(0.5), math.sqrt(2.0)])


@pytest.mark.parametrize("window", [2, 3, 8, 55, 300])
def test_finite_windows_agree_with_brute_force(window: int) -> None:
    series = bars()[2]
    np.testing.assert_allclose(sma(series, window), windows(series, window, statistics.fmean), rtol=1e-14)
    np.testing.assert_array_equal(highest(series, window), windows(series, window, max))
    np.testing.assert_array_equal(lowest(series, window), windows(series, window, min))
    expected = windows(series, window, statistics.stdev)
    np.testing.assert_allclose(rolling_volatility(series, window), expected, rtol=1e-12)


def test_volatility_survives_a_large_mean() -> None:
    series = np.array([1e9, 1e9 + 1, 1e9 + 2, 1e9 + 4])
    assert rolling_volatility(series, 3)[-1] == pytest.approx(statistics.stdev([0, 1, 3]), rel=1e-12)


@pytest.mark.parametrize("period", [1, 2, 5])
def test_wilder_atr_agrees_with_the_recursion_written_out(period: int) -> None:
    high, low, close = bars(120)
    ranges = true_range(high, low, close).tolist()
    value = Fraction(ranges[0])
    expected = [float(value)]
    for i in range(1, len(ranges)):
        value += (Fraction(ranges[i]) - value) / period
        expected.append(float(value))
    first = atr_warmup(period)
    np.testing.assert_allclose(wilder_atr(high, low, close, period)[first:], expected[first:], rtol=1e-13)
    assert np.isnan(wilder_atr(high, low, close, period)[:first]).all()


@pytest.mark.parametrize("period", [1, 2, 3, 14, 20, 77, 200])
def test_warmup_is_the_first_bar_on_which_the_seed_is_forgotten(period: int) -> None:
    length, decay = atr_warmup(period), 1 - Fraction(1, period)
    assert decay**length < Fraction(1, 10**12) <= decay ** (length - 1)


def test_wilder_atr_forgets_where_the_series_starts() -> None:
    high, low, close = bars(900)
    whole, late = wilder_atr(high, low, close, 14), wilder_atr(high[317:], low[317:], close[317:], 14)
    known = ~np.isnan(late)
    assert known.sum() == 900 - 317 - 373
    np.testing.assert_allclose(late[known], whole[317:][known], rtol=1e-11)


def test_wilder_atr_starts_anew_after_a_missing_bar() -> None:
    high, low, close = bars(200)
    high[60] = NAN
    atr = wilder_atr(high, low, close, 2)
    assert np.isnan(atr[60 : 61 + atr_warmup(2)]).all()
    np.testing.assert_array_equal(atr[61:], wilder_atr(high[61:], low[61:], close[61:], 2))


@pytest.mark.parametrize("name", FINITE)
@pytest.mark.parametrize("offset", [1, 13, 100])
def test_finite_windows_are_the_same_bits_wherever_the_series_starts(name: str, offset: int) -> None:
    series = bars()[2]
    late = FINITE[name](series[offset:])
    known = ~np.isnan(late)
    assert known.sum() >= 300 - offset - 7
    np.testing.assert_array_equal(late[known], FINITE[name](series)[offset:][known])


@pytest.mark.parametrize("name", CAUSAL)
@pytest.mark.parametrize("cut", [0, 1, 6, 7, 50, 299])
def test_cutting_the_future_changes_nothing(name: str, cut: int) -> None:
    series = bars()[2]
    np.testing.assert_array_equal(CAUSAL[name](series[:cut]), CAUSAL[name](series)[:cut])


@pytest.mark.parametrize("name", ["sma", "rolling_volatility", "highest", "lowest"])
def test_a_nan_is_seen_by_its_windows_and_by_no_other(name: str) -> None:
    clean = bars()[2]
    holed = clean.copy()
    holed[100] = NAN
    found, expected = FINITE[name](holed), FINITE[name](clean)
    expected[100:107] = NAN
    np.testing.assert_array_equal(found, expected)


def test_log_returns_of_prices_that_are_not_positive_are_missing() -> None:
    found = log_returns([2.0, 0.0, 2.0, -1.0, 1.0, 1.0])
    np.testing.assert_array_equal(found, [NAN, NAN, NAN, NAN, NAN, 0.0])


@pytest.mark.parametrize("indicator", [sma, highest, lowest, rolling_volatility])
def test_windows_below_the_least_are_refused(indicator: Callable[[Floats, int], Floats]) -> None:
    with pytest.raises(UsageError, match="window of 0 bars"):
        indicator(np.ones(3), 0)


def test_columns_are_read_only_views_of_what_was_given() -> None:
    given = np.arange(6, dtype=np.float64)
    assert np.shares_memory(column(given), given)
    assert not column(given).flags.writeable
    assert given.flags.writeable
    np.testing.assert_array_equal(column([1, 2]), [1.0, 2.0])
    with pytest.raises(DataError, match="one dimension"):
        column(np.ones((2, 2)))
    with pytest.raises(DataError, match="one length"):
        true_range([1.0], [1.0], [1.0, 2.0])
