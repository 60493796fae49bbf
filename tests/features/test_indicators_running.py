"""The running forms that strategies carry: exact order of two means, running extremes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quorum.domain import UsageError
from quorum.features.averages import AVERAGES, LARGEST_PRICE, UNKNOWN, advance_averages, open_averages
from quorum.features.extremes import EXTREME, advance_extreme, open_extreme

quick = settings(deadline=None, max_examples=60)
PAIRS = st.tuples(st.integers(1, 12), st.integers(1, 12)).map(lambda p: (p[0], p[0] + p[1]))


def orders(prices: list[float], fast: int, slow: int, decimals: int | None) -> list[int]:
    state: np.record = np.zeros(1, AVERAGES)[0]
    open_averages(state, fast, slow, decimals)
    return [advance_averages(state, price) for price in prices]


def exact_orders(prices: list[Fraction], fast: int, slow: int, since: int = 1) -> list[int]:
    """Signs of the difference of the two means, in rational numbers, each window summed by itself."""
    answer = []
    for i in range(since, len(prices) + 1):
        gap = sum(prices[i - min(i, fast) : i]) / Fraction(fast) - sum(prices[i - min(i, slow) : i]) / Fraction(slow)
        answer.append(UNKNOWN if i < slow else (gap > 0) - (gap < 0))
    return answer


@quick
@given(st.lists(st.integers(9_990, 10_010), max_size=60), PAIRS, st.integers(-2, 8))
def test_order_of_means_on_a_grid_is_that_of_the_decimals(
    ticks: list[int], pair: tuple[int, int], decimals: int
) -> None:
    prices = [float(Fraction(t) / Fraction(10) ** decimals) for t in ticks]
    assert orders(prices, *pair, decimals) == exact_orders([Fraction(t) for t in ticks], *pair)


PRICES = st.floats(2.0**-31, 2.0**47) | st.floats(99.0, 101.0) | st.sampled_from([0.1, 0.2, 0.3, 100.1, 1e14, 3e-9])


@quick
@given(st.lists(PRICES | PRICES.map(lambda x: -x), max_size=60), PAIRS)
def test_order_of_means_off_the_grid_is_that_of_the_float64_values(prices: list[float], pair: tuple[int, int]) -> None:
    assert orders(prices, *pair, None) == exact_orders([Fraction(p) for p in prices], *pair)


@pytest.mark.parametrize("decimals", [8, None])
def test_the_longest_windows_of_the_largest_prices_do_not_overflow(decimals: int | None) -> None:
    largest = float(np.nextafter(LARGEST_PRICE, 0.0))
    prices = [0.001] * 512 + [largest] * 512 + [0.001] * 512 + [largest, 1.0] * 30
    found = orders(prices, 512, 1024, decimals)
    steps = [Fraction(round(p * (10.0**8 if decimals else 2.0**84))) for p in prices]
    for since in (1024, 1536, len(prices)):
        assert found[since - 1 : since] == exact_orders(steps[:since], 512, 1024, since)
    assert (found[1023], found[1535]) == (1, -1)


def test_constant_prices_off_the_grid_are_a_tie_for_ever() -> None:
    assert set(orders([0.1] * 200, 7, 90, None)[89:]) == {0}


@quick
@given(st.lists(PRICES, min_size=30, max_size=60), PAIRS, st.integers(0, 20), st.sampled_from([None, 2]))
def test_order_of_means_does_not_depend_on_the_start(
    prices: list[float], pair: tuple[int, int], offset: int, decimals: int | None
) -> None:
    full = offset + pair[1] - 1
    assert orders(prices[offset:], *pair, decimals)[pair[1] - 1 :] == orders(prices, *pair, decimals)[full:]


def test_a_grid_too_fine_for_powers_of_ten_is_no_grid() -> None:
    prices = np.random.default_rng(3).normal(0, 1, 80).cumsum().tolist()
    assert orders(prices, 3, 9, 40) == orders(prices, 3, 9, None)


@quick
@example([5.0, 4.0, 3.0, 2.0, 1.0], 3)
@example([1.0, 1.0, 1.0], 2)
@given(st.lists(st.integers(-4, 4).map(float), max_size=60), st.integers(1, 20))
def test_running_extreme_is_the_largest_of_the_window(values: list[float], window: int) -> None:
    state: np.record = np.zeros(1, EXTREME)[0]
    open_extreme(state, window)
    found = [advance_extreme(state, value) for value in values]
    expected = [max(values[max(i - window, 0) : i]) if i >= window else np.nan for i in range(1, len(values) + 1)]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("trend", [-1.0, 1.0])
def test_running_extreme_goes_round_its_ring(trend: float) -> None:
    state: np.record = np.zeros(1, EXTREME)[0]
    open_extreme(state, 1024)
    found = [advance_extreme(state, trend * i) for i in range(3_000)][1023:]
    assert found == [trend * (i if trend > 0 else i - 1023) for i in range(1023, 3_000)]


@pytest.mark.parametrize(("fast", "slow"), [(0, 5), (5, 5), (6, 5), (5, 1025)])
def test_windows_that_cannot_be_held_are_refused(fast: int, slow: int) -> None:
    with pytest.raises(UsageError, match="1024"):
        open_averages(np.zeros(1, AVERAGES)[0], fast, slow, None)
    with pytest.raises(UsageError, match="1024"):
        open_extreme(np.zeros(1, EXTREME)[0], slow * 205)
