"""Regimes: known before the day they name, and in the shares that a market without drift must show."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorum.stats.regimes import Regime, market_regimes, regime_results


def _walk(n: int, seed: int, drift: float = 0.0) -> np.ndarray:
    return 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(drift, 0.01, n)))


@settings(max_examples=30)
@given(st.integers(0, 1000), st.integers(2, 40), st.integers(1, 199))
def test_neither_today_nor_what_follows_changes_a_label(seed: int, window: int, cut: int) -> None:
    close = _walk(200, seed)
    whole = market_regimes(close, window)
    assert np.array_equal(market_regimes(close[:cut], window), whole[:cut])
    other = close.copy()
    other[cut:] *= 3.0
    assert np.array_equal(market_regimes(other, window)[: cut + 1], whole[: cut + 1])
    assert np.all(whole[: window + 1] == Regime.UNKNOWN)
    assert np.all(whole[window + 1 :] != Regime.UNKNOWN)


def test_yesterday_does_change_a_label() -> None:
    close = _walk(200, 1)
    close[150:] *= 3.0
    assert market_regimes(close, 20)[151] == Regime.BULL


def test_up_down_and_level_markets_have_their_names() -> None:
    steady = 1.001 ** np.arange(300)
    assert set(market_regimes(steady)[127:].tolist()) == {Regime.BULL}
    assert set(market_regimes(1 / steady)[127:].tolist()) == {Regime.BEAR}
    assert set(market_regimes(np.full(300, 50.0))[127:].tolist()) == {Regime.SIDEWAYS}
    swing = np.tile([1.0, 1.01], 150)
    assert set(market_regimes(swing)[127:].tolist()) == {Regime.SIDEWAYS}


def test_a_market_without_drift_shows_all_three() -> None:
    labels = np.concatenate([market_regimes(_walk(2000, seed), 20)[21:] for seed in range(10)])
    shares = {regime: float(np.mean(labels == regime)) for regime in (Regime.BEAR, Regime.SIDEWAYS, Regime.BULL)}
    assert shares[Regime.SIDEWAYS] == pytest.approx(0.38, abs=0.04)
    assert shares[Regime.BULL] == pytest.approx(0.31, abs=0.05)


def test_results_of_all_regimes_make_up_the_whole() -> None:
    close = _walk(800, 3)
    returns = np.diff(close, prepend=close[0]) / np.concatenate([close[:1], close[:-1]])
    labels = market_regimes(close, 40)
    found = regime_results(returns, labels)
    assert [each.regime for each in found] == [Regime.BEAR, Regime.SIDEWAYS, Regime.BULL]
    assert sum(each.days for each in found) == 800 - 41
    whole = math.prod(1 + each.total_return for each in found)
    assert whole == pytest.approx(close[-1] / close[40])


def test_a_regime_that_did_not_occur_is_not_there() -> None:
    labels = np.array([2, 1, 1, 1], dtype=np.int8)
    (only,) = regime_results(np.array([9.0, 0.1, -0.1, 0.2]), labels)
    assert (only.regime, only.days) == (Regime.BULL, 3)
    assert only.total_return == pytest.approx(1.1 * 0.9 * 1.2 - 1)
    with pytest.raises(ValueError, match="equal shapes"):
        regime_results(np.zeros(3), labels)


@pytest.mark.parametrize(("close", "window"), [([1.0, 0.0], 5), ([1.0, math.nan], 5), ([1.0, 2.0], 1)])
def test_impossible_prices_and_windows_are_refused(close: list[float], window: int) -> None:
    with pytest.raises(ValueError, match="needed"):
        market_regimes(np.array(close), window)
