"""Draws in blocks, and trades in another order: the reference, the exact answer for few trades, and laws of chance."""

from __future__ import annotations

import csv
import json
import math
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from arch.bootstrap import optimal_block_length
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quorum.stats.bootstrap import block_length, bootstrap_paths, percentile_interval, stationary_indices
from quorum.stats.performance import max_drawdown, sharpe
from quorum.stats.reshuffle import reshuffled_trades

moves = arrays(np.float64, st.integers(2, 40), elements=st.floats(-0.2, 0.25))


def _autoregressive(phi: float, n: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=n)
    for t in range(1, n):
        noise[t] += phi * noise[t - 1]
    return noise


@settings(max_examples=30)
@given(moves, st.integers(2, 50), st.floats(1, 10), st.integers(-5, 2**70))
def test_a_path_is_what_its_rows_give(returns: np.ndarray, length: int, block: float, seed: int) -> None:
    paths = bootstrap_paths(returns, 5, block, length, seed)
    for k, rows in enumerate(stationary_indices(len(returns), block, 5, length, seed)):
        drawn = returns[rows]
        equity = np.cumprod(1 + drawn)
        assert paths.wealth[k] == pytest.approx(equity[-1])
        assert paths.max_drawdown[k] == pytest.approx(max_drawdown(equity, 1.0), abs=1e-12)
        assert paths.lowest[k] == pytest.approx(min(1.0, equity.min()))
        if np.ptp(drawn) > 1e-6:
            assert paths.sharpe[k] == pytest.approx(sharpe(drawn, 1.0), rel=1e-6, abs=1e-9)


@settings(max_examples=50)
@given(st.integers(1, 30), st.floats(1, 20), st.integers(0, 2**64 - 1))
def test_rows_go_on_or_jump_and_wrap_around_the_end(n: int, block: float, seed: int) -> None:
    rows = stationary_indices(n, block, 3, 40, seed)
    assert rows.min() >= 0
    assert rows.max() < n
    assert np.array_equal(stationary_indices(n, block, 2, 40, seed), rows[:2])
    assert not np.array_equal(stationary_indices(1000, 2, 1, 40, seed), stationary_indices(1000, 2, 1, 40, seed + 1))


@pytest.mark.parametrize("block", [1.0, 5.0, 25.0])
def test_blocks_have_the_mean_length_and_every_row_the_same_chance(block: float) -> None:
    rows = stationary_indices(50, block, 1000, 500, seed=3)
    jumps = np.mean((rows[:, 1:] - rows[:, :-1]) % 50 != 1)
    assert jumps == pytest.approx((1 / block) * (49 / 50), rel=0.02)
    counts = np.bincount(rows.ravel(), minlength=50) / rows.size
    assert counts == pytest.approx(np.full(50, 0.02), rel=0.08)


def test_the_length_of_blocks_is_geometric() -> None:
    rows = stationary_indices(100_000, 4.0, 1, 200_000, seed=1)[0]
    ends = np.flatnonzero((rows[1:] - rows[:-1]) % 100_000 != 1)
    lengths = np.diff(ends)
    for k in (1, 2, 5, 10):
        assert np.mean(lengths >= k) == pytest.approx(0.75 ** (k - 1), abs=0.008)


def test_means_of_draws_are_unbiased_with_the_error_that_blocks_give() -> None:
    returns = _autoregressive(0.4, 400, 6) * 0.01
    drawn = returns[stationary_indices(400, 8.0, 4000, seed=2)].mean(axis=1)
    assert drawn.mean() == pytest.approx(returns.mean(), abs=4 * drawn.std() / 4000**0.5)
    alone = returns[stationary_indices(400, 1.0, 4000, seed=2)].mean(axis=1)
    assert alone.std() == pytest.approx(returns.std() / 20, rel=0.05)
    assert drawn.std() > 1.25 * alone.std()


@pytest.mark.real_data
def test_the_interval_of_the_reference(shared: Path) -> None:
    folder = shared / "reference" / "validation"
    case = json.loads((folder / "bootstrap_sharpe_ci.json").read_text())["cases"][0]
    with (folder / case["input_csv"]).open() as file:
        rows = list(csv.DictReader(file))
    column = next(name for name in rows[0] if name.lower() == "close")
    close = np.array([float(row[column]) for row in rows])
    returns = close[1:] / close[:-1] - 1
    assert sharpe(returns, 252) == pytest.approx(case["point"], rel=1e-9)
    want = np.mean(list(case["ci95_by_seed"].values()), axis=0)
    paths = bootstrap_paths(returns, case["reps"], case["stationary_block"], seed=1)
    found = np.array(percentile_interval(paths.sharpe)) * math.sqrt(252)
    assert found == pytest.approx(want, abs=case["tolerance"])


@pytest.mark.real_data
def test_block_lengths_of_the_reference(shared: Path) -> None:
    folder = shared / "reference" / "validation"
    for case in json.loads((folder / "spa_rc_stepm_mcs.json").read_text())["cases"]:
        losses = np.loadtxt(folder / case["input_csv"], delimiter=",", skiprows=1)
        assert block_length(losses[:, 1]) == pytest.approx(case["optimal_block_length_m0"]["stationary"], rel=1e-9)


@pytest.mark.parametrize("phi", [-0.4, 0.0, 0.2, 0.5, 0.8])
def test_block_lengths_agree_with_arch_on_long_series(phi: float) -> None:
    values = _autoregressive(phi, 3000, 20)
    theirs = float(optimal_block_length(values)["stationary"].iloc[0])
    assert block_length(values) == pytest.approx(max(1.0, theirs), rel=1e-9)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0, 3.0], [5.0] * 50])
def test_nothing_to_learn_gives_blocks_of_one(values: list[float]) -> None:
    assert block_length(np.array(values)) == 1.0


@settings(max_examples=50)
@given(arrays(np.float64, st.integers(4, 60), elements=st.floats(-1, 1)))
def test_a_block_fits_its_sample(values: np.ndarray) -> None:
    assert 1.0 <= block_length(values) <= math.ceil(min(3 * math.sqrt(len(values)), len(values) / 3))


def test_a_total_loss_stays_lost() -> None:
    paths = bootstrap_paths(np.array([-1.5, 0.5]), 200, 1.0, 30)
    ruined = paths.lowest == 0
    assert ruined.sum() == 200
    assert np.all(paths.wealth == 0)
    assert np.all(paths.max_drawdown == -1)
    assert paths.ruin(0.0) == 1.0


def test_a_path_without_spread_has_a_ratio_of_0() -> None:
    assert np.array_equal(bootstrap_paths(np.full(20, 0.01), 3).sharpe, np.zeros(3))


@pytest.mark.parametrize(
    ("returns", "paths", "block", "message"),
    [
        ([0.1], 5, 2.0, "at least 2"),
        ([0.1, math.nan], 5, 2.0, "not finite"),
        ([0.1, 0.2], 0, 2.0, "0 paths"),
        ([0.1, 0.2], 5, 0.5, "blocks of 0.5"),
    ],
)
def test_what_cannot_be_drawn_is_refused(returns: list[float], paths: int, block: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        bootstrap_paths(np.array(returns), paths, block)
    with pytest.raises(ValueError, match="no values"):
        percentile_interval(np.empty(0))


@pytest.mark.real_data
def test_every_order_of_few_trades_as_in_the_reference(shared: Path) -> None:
    for case in json.loads((shared / "reference/validation/trade_reshuffle_exact.json").read_text())["cases"]:
        trades = np.array(case["trade_returns"])
        paths = reshuffled_trades(trades)
        falls = paths.max_drawdown
        assert paths.exact
        assert len(falls) == case["n_permutations"]
        assert paths.wealth[0] - 1 == pytest.approx(case["final_return"], rel=1e-9)
        assert falls.mean() == pytest.approx(case["mdd_mean"], rel=1e-9)
        for level, name in ((0.01, "q01"), (0.05, "q05"), (0.5, "q50"), (0.95, "q95"), (0.0, "worst"), (1.0, "best")):
            assert np.quantile(falls, level) == pytest.approx(case[f"mdd_{name}"], rel=1e-9)
        observed = max_drawdown(np.cumprod(1 + trades), 1.0)
        assert observed == pytest.approx(case["observed_max_drawdown"], rel=1e-9)
        assert np.mean(falls <= observed + 1e-12) == pytest.approx(case["p_mdd_le_observed"], rel=1e-9)


@settings(max_examples=20)
@given(arrays(np.float64, st.integers(1, 5), elements=st.floats(-0.3, 0.3)))
def test_all_orders_are_there_once(trades: np.ndarray) -> None:
    paths = reshuffled_trades(trades)
    orders = [np.cumprod(1 + np.array(order)) for order in permutations(trades)]
    assert np.sort(paths.lowest) == pytest.approx(np.sort([min(1.0, o.min()) for o in orders]))
    assert np.sort(paths.max_drawdown) == pytest.approx(np.sort([max_drawdown(o, 1.0) for o in orders]), abs=1e-12)


def test_draws_of_many_trades_come_close_to_an_independent_shuffle() -> None:
    trades = np.random.default_rng(0).normal(0.002, 0.03, 40)
    paths = reshuffled_trades(trades, 10_000, seed=4)
    rng = np.random.default_rng(1)
    curves = np.cumprod(1 + rng.permuted(np.tile(trades, (10_000, 1)), axis=1), axis=1)
    peaks = np.maximum(np.maximum.accumulate(curves, axis=1), 1.0)
    falls = (curves / peaks - 1).min(axis=1)
    assert not paths.exact
    for level in (0.05, 0.5, 0.95):
        assert np.quantile(paths.max_drawdown, level) == pytest.approx(np.quantile(falls, level), abs=0.004)
    assert paths.ruin(0.9) == pytest.approx(np.mean(curves.min(axis=1) <= 0.9), abs=0.02)


def test_no_trades_cannot_be_shuffled() -> None:
    with pytest.raises(ValueError, match="at least 1 finite return"):
        reshuffled_trades(np.empty(0))
    with pytest.raises(ValueError, match="0 draws"):
        reshuffled_trades(np.ones(9), 0)
