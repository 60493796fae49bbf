"""The rules of a vote as a value, and the count in its two forms."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.domain import UsageError, canonical
from quorum.signals import Calibration, Conflict, ConsensusRules, Experts, Learning
from quorum.signals.pools import POOLS, Count, Scene, Terms, tally

FILE4 = ConsensusRules()
confidences = st.integers(0, 20).map(lambda n: n / 20)


@given(
    st.lists(
        st.tuples(st.sampled_from([-1, 0, 1]), confidences, st.integers(0, 9), st.booleans(), st.booleans()), max_size=7
    ),
    st.tuples(st.booleans(), st.sampled_from([False, False, True]), st.booleans()),
    st.sampled_from(sorted(POOLS.values())),
    st.sampled_from([(0.5, 0.0, True), (0.6, 0.15, True), (1.0, 0.15, False)]),
)
def test_the_compiled_count_is_the_plain_one(
    votes: list[tuple[int, float, int, bool, bool]],
    scene: tuple[bool, bool, bool],
    pool: int,
    numbers: tuple[float, float, bool],
) -> None:
    def column(k: int, kind: type) -> Any:
        return np.array([v[k] for v in votes], kind)

    side, sure = column(0, np.int8), column(1, np.float64)
    live, belief = (side != 0) | column(4, np.bool_), np.clip(sure, 0.5, 0.99)
    count = Count(side, live, sure, belief, column(2, np.float64) / 7, column(3, np.bool_), column(4, np.bool_))
    threshold, escalate, strongest = numbers
    terms = Terms(pool, threshold, escalate, 0.25, 2, 1.3, strongest, True)
    plain = tally.py_func(count, terms, Scene(*scene))  # type: ignore[attr-defined]
    assert tally(count, terms, Scene(*scene)) == plain


class TestRules:
    def test_they_come_back_from_their_plain_form(self) -> None:
        rules = ConsensusRules(("smc",), ("momentum",), 0.7, {"smc": 1.0}, 0.1, 0.2, {"default": 0.6}, 1.2, ("smc",))
        assert ConsensusRules.read(json.loads(canonical(rules))) == rules
        learnt = replace(
            rules,
            pool="log_odds",
            optional=("momentum", "microstructure"),
            may_replace={"microstructure": "smc"},
            conflict=Conflict("no_trade", "escalate", False, ("news_events",), 4.0),
            learning=Learning("reliability", 10, 5, 0.1),
            experts=Experts(
                {"smc": 0.4}, {"smc": Calibration("isotonic", (0.4, 0.7), (0.3, 0.8), "two")}, 1.2, ("said", "done")
            ),
        )
        assert ConsensusRules.read(json.loads(canonical(learnt))) == learnt

    def test_what_was_recorded_before_has_the_defaults(self) -> None:
        old = ("required", "optional", "threshold", "weights", "unlisted_weight", "escalate_below", "veto")
        values = {name: value for name, value in json.loads(canonical(FILE4)).items() if name in old}
        assert ConsensusRules.read(values) == FILE4

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
            ({"pool": "loud"}, "there is no 'loud'; choose file4 or score or log_odds or hedge"),
            ({"least_score": 0.0}, "asks for nothing"),
            ({"may_replace": {"smc": "ml_model"}}, "an optional participant stands in for a required one"),
            ({"may_replace": {"microstructure": "momentum"}}, "microstructure cannot stand in for momentum"),
            ({"pool": "hedge", "learning": Learning("reliability")}, "learns its own weights"),
        ],
    )
    def test_those_that_make_no_sense_are_refused(self, wrong: dict[str, Any], says: str) -> None:
        with pytest.raises(UsageError, match=says):
            ConsensusRules(**wrong)

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [
            (lambda: Conflict(strategy="loudest"), "strategy: there is no 'loudest'"),
            (lambda: Conflict(fallback="trade"), "choose no_trade or escalate"),
            (lambda: Conflict(exceptions=("rain",)), "exception 1: there is no 'rain'"),
            (lambda: Conflict(extreme_atr=0.0), "above 0"),
            (lambda: Learning(weights_from="hope"), "choose fixed or reliability"),
            (lambda: Learning(least_signals=0), "at least one day and one signal"),
            (lambda: Learning(fixed_share=1.1), "share in 0..1"),
            (lambda: Experts({"smc": -1.0}), "no weight"),
            (lambda: Experts(exponent=-1.0), "turns the vote around"),
            (lambda: Calibration("magic"), "there is no calibration 'magic'"),
            (lambda: Calibration("platt", (1.0,), ()), "are no platt calibration"),
            (lambda: Calibration("platt", (-1.0,), (0.0,)), "falls"),
            (lambda: Calibration("isotonic", (0.1, 0.2), (0.9, 0.8)), "falls"),
            (lambda: Calibration("isotonic", (), ()), "give finite knots"),
        ],
    )
    def test_parts_that_make_no_sense_are_refused(self, wrong: Callable[[], object], says: str) -> None:
        with pytest.raises(UsageError, match=says):
            wrong()

    def test_floors_and_weights_have_defaults(self) -> None:
        floors: Sequence[float] = [FILE4.confidence_floor(n) for n in ("smc", "ml_model", "other")]
        assert floors == [0.4, 0.5, 0.5]
        assert replace(FILE4, min_confidence={"smc": 0.1}).confidence_floor("other") == 0.5
        assert [FILE4.weight(n) for n in ("smc", "ml_model", "microstructure", "other")] == [0.35, 0.40, 0.25, 0.2]
