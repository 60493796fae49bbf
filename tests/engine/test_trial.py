"""A trial's id is the address of what made it, in two levels; its days and its returns fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.domain import DAY, DataError
from quorum.engine.trial import TrialRecord, address, trial_id

INPUTS = {"strategy": "trend", "data_hash": "d", "code_hash": "c", "fee_bps": 10.0}
PARAMETERS = st.dictionaries(st.sampled_from("abcd"), st.integers() | st.floats(allow_nan=False, allow_infinity=False))


def record(days: Any, returns: Any) -> TrialRecord:
    return TrialRecord("TRL-1", "trend", INPUTS, {"fast": 5}, {}, np.asarray(days), np.asarray(returns))


@given(PARAMETERS, PARAMETERS)
def test_other_parameters_are_another_trial_and_their_order_is_none(
    one: dict[str, float], two: dict[str, float]
) -> None:
    common = address(INPUTS)
    assert trial_id(common, one) == trial_id(common, dict(reversed(one.items())))
    if repr(sorted(one.items())) != repr(sorted(two.items())):
        assert trial_id(common, one) != trial_id(common, two)


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_any_other_input_is_another_trial(name: str) -> None:
    assert trial_id(address(INPUTS), {}) != trial_id(address({**INPUTS, name: "other"}), {})


def test_where_and_when_it_ran_make_no_other_trial() -> None:
    told = {**INPUTS, "revisions": [2], "machine": {"cpu": "any"}, "parameters": {"fast": 5}}
    assert address(told) == address(INPUTS)


def test_an_id_is_the_same_on_every_machine() -> None:
    assert trial_id(address(INPUTS), {"fast": 5}) == "TRL-7f6c05a7142cc4e3d956"


def test_what_a_trial_was_made_from_is_told_whole() -> None:
    assert record([DAY], [0.1]).told() == {**INPUTS, "parameters": {"fast": 5}}


@pytest.mark.parametrize(
    ("days", "returns", "message"),
    [
        ([0, DAY], [0.1], r"returns of shape \(1,\) for days of shape \(2,\); one return a day"),
        ([[0]], [[0.1]], r"returns of shape \(1, 1\) for days of shape \(1, 1\)"),
        ([0, 0], [0.1, 0.1], "days that do not rise"),
        ([DAY, 0], [0.1, 0.1], "days that do not rise"),
        ([DAY + 1], [0.1], "begin past midnight"),
    ],
)
def test_days_that_are_none_are_refused(days: Any, returns: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        record(days, returns)
