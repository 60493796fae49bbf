"""The table of doubts knows everything that may ask the critic, and evidence says whether it holds."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.validation.critic import TABLE, Answered, Doubt, Evidence
from quorum.validation.critic.answers import verdict_of
from quorum.validation.evidence import Facts, diagnose
from quorum.validation.gates import Weight
from quorum.validation.ladder import LADDER, REASONS, Failed, Inconclusive, Passed

ASKS = sorted({g.metric for rung in LADDER.rungs for g in rung.gates if g.weight is Weight.CRITIC})
DIAGNOSTICS = [d.name for d in diagnose(Facts())]


@pytest.mark.parametrize("metric", ASKS)
def test_every_metric_that_asks_the_critic_raises_a_question(metric: str) -> None:
    assert any(metric in row.metrics for row in TABLE)


@pytest.mark.parametrize("name", DIAGNOSTICS)
def test_every_self_diagnostic_raises_a_question(name: str) -> None:
    assert any(name in row.diagnostics for row in TABLE)


def test_the_questions_differ() -> None:
    assert len({row.name for row in TABLE}) == len({row.question for row in TABLE}) == len(TABLE)
    assert {d for row in TABLE for d in row.diagnostics} <= set(DIAGNOSTICS)


def found(value: float, comparison: str = ">=", threshold: float = 1.0, *, close: bool = False) -> Evidence:
    return Evidence("oos_sharpe", value, comparison, threshold, "a test", close)  # type: ignore[arg-type]


def answered(*evidence: Evidence, name: str = "doubt") -> Answered:
    return Answered(Doubt(name, "Is it so?", ("a test",)), evidence)


@given(st.floats(allow_nan=False), st.sampled_from([">=", ">", "<=", "<"]))
def test_evidence_holds_as_its_comparison_says(value: float, comparison: str) -> None:
    told = {">=": value >= 1, ">": value > 1, "<=": value <= 1, "<": value < 1}[comparison]
    assert found(value, comparison).holds is told
    assert found(value, comparison, close=True).holds is None


def test_what_is_unknown_is_open() -> None:
    assert found(math.nan).holds is None
    assert answered(found(math.nan)).verdict.__class__ is Inconclusive


def test_the_first_evidence_against_it_decides() -> None:
    failed = answered(found(2.0), found(math.nan), found(0.5)).verdict
    assert isinstance(failed, Failed)
    assert (failed.metric, failed.value, failed.threshold) == ("oos_sharpe", 0.5, 1.0)
    assert failed.reason in REASONS
    assert answered(found(2.0), found(3.0)).verdict == Passed()


def test_the_last_look_at_a_doubt_counts() -> None:
    rounds = [
        [answered(found(0.9, close=True), name="a"), answered(found(2.0), name="b")],
        [answered(found(1.1), name="a")],
    ]
    assert verdict_of(rounds) == Passed()
    assert isinstance(verdict_of(rounds[:1]), Inconclusive)
    assert isinstance(verdict_of([*rounds, [answered(found(0.2), name="a")]]), Failed)
