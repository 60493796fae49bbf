"""Each skill off in turn, by BOOTSTRAP.md: the pipeline goes on, every strategy ends with a decision that says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk.proving.scripted import PASSES, WEAK, Scripted, queued, result
from quorum.desk import Desk
from quorum.desk.proving import Asked, Skills, validate
from quorum.desk.proving.skills import usual
from quorum.domain import DecisionKind
from quorum.validation.life import Status

OFF = {
    # the skill's names, where those end that pass, fail a fixable gate, and leave doubts; what the decisions say
    "parallel-validation": (["L3_PASSED", "REJECTED_AUTO_RETRY", "L3_PASSED"], None),
    "trading-auto-retry": (["L3_PASSED", "REJECTED", "L3_PASSED"], "auto-retry is off"),
    "critic": (["L3_PASSED", "REJECTED_AUTO_RETRY", "L3_PASSED"], "critic is off; the gates' verdict on L2 stands"),
    "risk_assessment": (
        ["L3_PASSED", "REJECTED_AUTO_RETRY", "L3_PASSED"],
        "risk-assessment is off; it waits at L3_PASSED",
    ),
}


def rejects(desk: Desk, strategy_id: str) -> None:
    queue = desk.life.queue
    queue.move(strategy_id, Status.FIXABLE_FAILURE, Status.REJECTED_AUTO_RETRY, "auto-retry", "nothing helped")


def stands(desk: Desk, strategy_id: str) -> None:
    """A risk assessment that leaves a strategy where it is."""


@pytest.mark.parametrize("name", OFF)
def test_with_a_skill_off_every_strategy_ends_with_a_decision(desk: Desk, name: str) -> None:
    ends, said = OFF[name]
    (desk.workspace.home / "BOOTSTRAP.md").write_text(f"active_skills:\n  {name}: false\n", encoding="utf-8")
    good, weak, doubted = queued(desk, 3)
    script = {(weak, "L1"): [WEAK], (doubted, "L2"): [result("L2", PASSES, critic=("oos_is",)).told()]}
    skills = _standing_in(usual(desk))
    run = validate(replace(desk, executor=Scripted(script)), Asked(), skills)
    found = [desk.life.queue.get(one) for one in (good, weak, doubted)]
    assert [one.status.value for one in found] == ends
    assert run["alerts"] == []
    if said is not None:
        told = [one.reason for one in found]
        told += [one.choice.rationale for one in desk.decisions.recent(500, DecisionKind.STATUS)]
        assert any(said in each for each in told)


def _standing_in(skills: Skills) -> Skills:
    """The same skills on, done by stand-ins."""
    return replace(
        skills,
        critic=skills.critic and (lambda desk, candidate, found: PASSES),
        mend=skills.mend and rejects,
        assess=skills.assess and stands,
    )
