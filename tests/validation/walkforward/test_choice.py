"""Choosing: by the training days alone, at the end of the record, and what a walk says of its choices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.stats import Span, TooFewRows, WalkForward
from quorum.stats.performance import sharpe
from quorum.validation.walkforward import Candidates, Rule, Tried, choose, walk_on
from quorum.validation.walkforward.choice import windows_at_the_end
from validation.ridges import noise, skilled, tried

PLAN = WalkForward(windows=4, train=100, test=25)


def test_windows_end_with_the_newest_day() -> None:
    windows = windows_at_the_end(PLAN, 333)
    assert windows[-1].test == Span(308, 333)
    assert windows[0].train == Span(133, 233)
    assert [w.test.start for w in windows[1:]] == [w.test.stop for w in windows[:-1]]


def test_too_few_days_are_no_fewer_windows() -> None:
    with pytest.raises(TooFewRows) as few:
        choose(noise(0, days=199), PLAN, 365.0)
    assert (few.value.needed, few.value.found) == (200, 199)


@given(st.integers(0, 50), st.integers(0, 7), st.integers(0, 7))
def test_no_choice_sees_its_test_its_purge_or_anything_later(seed: int, purge: int, embargo: int) -> None:
    plan = WalkForward(windows=3, train=80, test=20, purge=purge, embargo=embargo)
    before = noise(seed, days=200)
    whole = choose(before, plan, 365.0)
    for window in (choice.window for choice in whole):
        later = before.returns.copy()
        later[:, window.train.stop :] = np.random.default_rng(seed + 1).normal(
            0.05, 0.01, later[:, window.train.stop :].shape
        )
        again = choose(Tried(before.combinations, before.day, later), plan, 365.0)
        match = next(i for i, choice in enumerate(whole) if choice.window == window)
        assert again[match].index == whole[match].index
        assert window.test.start - window.train.stop == purge + embargo


def test_the_best_ratio_of_the_training_days_is_chosen() -> None:
    found = skilled(3)
    for choice in choose(found, PLAN, 365.0, Rule.BEST):
        ratios = [sharpe(row[slice(*choice.window.train)], 365.0) for row in found.returns]
        assert choice.index == int(np.argmax(ratios))
        assert choice.train_sharpe == pytest.approx(max(ratios))
        assert choice.parameters == found.combinations[choice.index]


def test_the_plateau_rule_prefers_high_ground_to_a_peak() -> None:
    returns = np.tile(np.random.default_rng(0).normal(0.0, 0.01, 300), (25, 1))
    returns += 1e-9 * np.random.default_rng(1).normal(0.0, 1.0, returns.shape)
    returns[0] += 0.004  # a peak in a corner
    for row in (11, 12, 13, 7, 17):  # a cross around the middle
        returns[row] += 0.003
    best, plateau = (choose(tried(returns), PLAN, 365.0, rule) for rule in Rule)
    assert {c.index for c in best} == {0}
    assert {c.index for c in plateau} == {12}
    assert plateau[0].around.tolist() == pytest.approx([plateau[0].train_sharpe] * 4, rel=1e-3)


def test_a_search_is_given_the_training_days_and_nothing_else() -> None:
    found, asked = noise(2), []

    def search(span: Span) -> Candidates:
        asked.append(span)
        return Tried(found.combinations[:3], found.day, found.returns[:3])

    choices = choose(found, PLAN, 365.0, search=search)
    assert asked == [choice.window.train for choice in choices]
    assert all(choice.index < 3 for choice in choices)


def test_a_walk_says_one_ratio_of_all_days_and_those_of_the_windows() -> None:
    walk = walk_on(skilled(5), PLAN, 365.0)
    assert len(walk.returns) == len(walk.day) == 100
    assert walk.sharpe == pytest.approx(sharpe(walk.returns, 365.0))
    assert walk.window_sharpes.tolist() == pytest.approx([sharpe(part, 365.0) for part in walk.parts()])
    assert walk.mean_sharpe == pytest.approx(walk.window_sharpes.mean())
    assert walk.positive == int(np.sum(walk.window_returns > 0)) > 0
    assert walk.oos_is == pytest.approx(walk.sharpe / np.mean([c.train_sharpe for c in walk.choices]))
    earned = np.mean([c.train_return for c in walk.choices])
    assert walk.efficiency == pytest.approx(walk.returns.mean() * 365.0 / earned)


def test_skill_is_chosen_again_and_again_and_noise_is_not() -> None:
    found = [[walk_on(draw(seed), PLAN, 365.0, Rule.BEST).stability for seed in range(8)] for draw in (skilled, noise)]
    still, restless = ([stability.drift for stability in row if stability is not None] for row in found)
    assert np.mean(restless) < np.mean(still) - 0.2


def test_nothing_earned_in_sample_has_no_ratio_to_it() -> None:
    walk = walk_on(tried(-np.abs(noise(1).returns)), PLAN, 365.0)
    assert np.isnan(walk.oos_is)
    assert np.isnan(walk.efficiency)
    assert walk.positive == 0


def test_a_single_window_has_no_stability() -> None:
    assert walk_on(noise(1), WalkForward(windows=1, train=100, test=25), 365.0).stability is None
