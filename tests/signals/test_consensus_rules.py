"""The rules of a vote as a value, and the count in its two forms."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.domain import UsageError, canonical
from quorum.signals import ConsensusRules
from quorum.signals.consensus import tally

FILE4 = ConsensusRules()
confidences = st.integers(0, 20).map(lambda n: n / 20)


@given(
    st.lists(st.tuples(st.sampled_from([-1, 0, 1]), confidences, st.integers(0, 9), st.booleans()), max_size=7),
    st.booleans(),
    st.sampled_from([0.5, 0.6, 1.0]),
    st.sampled_from([0.0, 0.15]),
)
def test_the_compiled_count_is_the_plain_one(
    votes: list[tuple[int, float, int, bool]], complete: bool, threshold: float, escalate: float
) -> None:
    def column(k: int, kind: type) -> Any:
        return np.array([v[k] for v in votes], kind)

    columns = column(0, np.int8), column(1, np.float64), column(2, np.float64) / 7, column(3, np.bool_)
    terms = (complete, threshold, escalate)
    plain = tally.py_func(*columns, terms)  # type: ignore[attr-defined]
    assert tally(*columns, terms) == plain


class TestRules:
    def test_they_come_back_from_their_plain_form(self) -> None:
        rules = ConsensusRules(("smc",), ("momentum",), 0.7, {"smc": 1.0}, 0.1, 0.2, {"default": 0.6}, 1.2, ("smc",))
        assert ConsensusRules.read(json.loads(canonical(rules))) == rules

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [
            ({"required": (), "optional": ()}, "at least one"),
            ({"required": ("smc",), "optional": ("smc",)}, "different names"),
            ({"threshold": 0.49}, "lets both sides win"),
            ({"threshold": 1.01}, "lets both sides win"),
            ({"threshold": float("nan")}, "lets both sides win"),
            ({"weights": {"smc": -0.1}}, "the weight -0.1 of smc"),
            ({"weights": {"smc": float("inf")}}, "the weight inf of smc"),
            ({"unlisted_weight": float("nan")}, "the weight nan of unlisted"),
        ],
    )
    def test_those_that_make_no_sense_are_refused(self, wrong: dict[str, Any], says: str) -> None:
        with pytest.raises(UsageError, match=says):
            ConsensusRules(**wrong)

    def test_floors_and_weights_have_defaults(self) -> None:
        floors: Sequence[float] = [FILE4.confidence_floor(n) for n in ("smc", "ml_model", "other")]
        assert floors == [0.4, 0.5, 0.5]
        assert replace(FILE4, min_confidence={"smc": 0.1}).confidence_floor("other") == 0.5
        assert [FILE4.weight(n) for n in ("smc", "ml_model", "microstructure", "other")] == [0.35, 0.40, 0.25, 0.2]
