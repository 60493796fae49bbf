"""Terms of a backtest: what is refused, what is the same, what the fill models promise."""

from __future__ import annotations

from typing import Any

import pytest

from quorum.domain import UsageError
from quorum.engine import FILLS, SIZINGS, Terms


@pytest.mark.parametrize(
    "given",
    [
        {"sizing": "kelly"},
        {"fill": "at_will"},
        {"fee_bps": -0.1},
        {"fee_bps": float("nan")},
        {"fee_bps": float("inf")},
        {"slippage_bps": -1},
        {"slippage_bps": 10_000},
        {"size": 0},
        {"size": float("inf")},
        {"starting_equity": 0},
        {"maker_bps": -10.5},
        {"fee_per_unit": -0.01},
        {"minimum_fee": -1},
        {"impact": float("nan")},
        {"borrow_rate": -0.1},
        {"volume_share": 0},
        {"volume_share": 1.1},
        {"fee_bps": "ten"},
        {"starting_equity": float("nan")},
    ],
)
def test_terms_that_make_no_sense_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as error:
        Terms(**given)
    assert str(next(iter(given.values()))) in str(error.value)
    assert error.value.remedy


def test_what_is_unknown_is_answered_with_what_there_is() -> None:
    with pytest.raises(UsageError, match=f"choose one of {', '.join(SIZINGS)}"):
        Terms(sizing="kelly")
    with pytest.raises(UsageError, match=f"choose one of {', '.join(FILLS)}"):
        Terms(fill="at_will")


def test_numbers_in_any_form_are_the_same_terms() -> None:
    text: Any = "10"
    assert Terms(text, 2, "weight", 1, 100_000) == Terms(10.0, 2.0, "weight", 1.0, 100_000.0)


def test_a_rebate_is_at_most_the_takers_fee() -> None:
    assert Terms(fee_bps=10, maker_bps=-10).maker_bps == -10.0
    assert Terms().maker_bps is None


def test_next_open_is_the_default_and_same_close_alone_needs_no_next_bar() -> None:
    assert Terms().model is FILLS["next_open"]
    assert [name for name, fill in FILLS.items() if fill.lag == 0] == ["same_close"]
    assert all(fill.meaning for fill in FILLS.values())
