"""Combinatorial cross-validation: every path is one history, and no day is proved by a choice that saw it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from quorum.stats.performance import sharpe
from quorum.validation.outcomes import Inconclusive
from quorum.validation.walkforward import CrossValidation, Groups, Tried, cross_validate
from validation.ridges import noise, skilled, tried

USUAL = Groups(6, 2, 1, 5)


def validated(candidates: Tried, cut: Groups = USUAL) -> CrossValidation:
    found = cross_validate(candidates, 365.0, cut)
    assert isinstance(found, CrossValidation)
    return found


def test_15_splits_make_5_paths_of_all_days() -> None:
    found, one = validated(skilled(1)), skilled(1)
    assert found.chosen.shape == (15,)
    assert set(found.chosen.tolist()) == {4}
    assert found.returns.shape == (5, 400)
    assert found.returns[3].tolist() == one.returns[4].tolist()
    assert found.sharpes.tolist() == pytest.approx([sharpe(one.returns[4], 365.0)] * 5)
    assert found.losing == 0.0


def test_a_combination_that_shines_in_one_group_is_not_chosen_for_that_group() -> None:
    returns = noise(2, k=6, days=360).returns * 0.01
    for group in range(6):
        returns[group, 60 * group : 60 * (group + 1)] += 0.01
    found = validated(tried(returns), Groups(6, 1, 0, 0))
    assert all(found.chosen[group] != group for group in range(6))
    assert found.sharpes[0] < 1.0


def test_the_choice_is_the_best_ratio_of_the_training_days() -> None:
    one = noise(3)
    found = validated(one, Groups(4, 1, 3, 10))
    train = np.r_[0:97, 213:400]  # the second of 4 groups of 100 days is proved: purge 3 before, 3 + 10 after it
    assert found.chosen[1] == int(np.argmax([sharpe(row[train], 1.0) for row in one.returns]))


def test_noise_is_worth_nothing_on_its_paths() -> None:
    found = [validated(noise(seed)) for seed in range(20)]
    assert abs(np.mean([f.sharpes.mean() for f in found])) < 0.4
    told = found[0].summary()
    assert json.loads(json.dumps(told)) == told
    assert (told["splits"], told["paths"]) == (15, 5)
    assert told["low"] <= told["median"] <= told["high"]


def test_too_few_days_are_inconclusive() -> None:
    found = cross_validate(noise(1, days=20), 365.0, Groups(6, 2, 10, 10))
    assert isinstance(found, Inconclusive)
    assert found.found == 20
