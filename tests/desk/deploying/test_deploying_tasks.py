"""The tasks of a strategy's last steps: what each answers, and that an occasion asked twice has its effect once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from desk.deploying.climbed import climb, idea
from desk.deploying.test_deploying import ONE, consent, status
from quorum.desk import Desk
from quorum.desk.approvals import Question
from quorum.desk.work import Assignment, Unavailable, run_task
from quorum.domain import DAY, IllegalMove, NeedsApproval, UsageError
from quorum.validation.life import Status


def done(desk: Desk, task: str, inputs: Mapping[str, Any] | None = None, **params: Any) -> Mapping[str, Any]:
    given = {"strategy_id": ONE, **params}
    asked = Assignment(f"WF-1/{task}", "WF-1", task, "risk-manager", desk.clock.now(), given, inputs or {})
    return run_task(desk, task, asked)


def test_critic_and_risk_answer_with_their_verdicts(climbed: Desk) -> None:
    review = done(climbed, "critic_review")
    assert (review["verdict"], review["passed"], review["rounds"]) == ("passed", True, 1)
    risk = done(climbed, "risk_assessment")
    assert (risk["verdict"], risk["target_allocation"], risk["status"]) == ("passed", 0.30, "AWAITING_HUMAN")
    assert done(climbed, "risk_assessment")["decision_id"] == risk["decision_id"]


def test_a_plan_is_asked_for_in_a_run_of_its_own(climbed: Desk) -> None:
    with pytest.raises(IllegalMove, match="not AWAITING_HUMAN"):
        done(climbed, "ask_to_deploy")
    done(climbed, "risk_assessment")
    told = done(climbed, "ask_to_deploy", allocation=None)
    assert told["follow_up"] == {
        "workflow": "strategy_deployment",
        "params": {"strategy_id": ONE, "account": "paper", "allocation": 0.30},
        "execution": "paper",
    }
    assert (told["size"], told["waits_for"]) == ("30000.00 USDT", None)


def test_a_question_that_waits_is_not_put_again(climbed: Desk) -> None:
    done(climbed, "risk_assessment")
    end = climbed.clock.now() + DAY
    waiting = climbed.approvals.ask(Question("k", "WF-0", "consent", "Deploy?", end, {"strategy_id": ONE}))
    told = done(climbed, "ask_to_deploy")
    assert (told["follow_up"], told["waits_for"]) == (None, waiting.approval_id)


def test_a_yes_deploys_once_however_often_it_is_asked(climbed: Desk) -> None:
    done(climbed, "risk_assessment")
    plan = done(climbed, "plan_of_deployment", allocation=0.2)
    yes = {"plan": plan, "consent": {"status": "approved", "approval_id": consent(climbed)}}
    first = done(climbed, "deploy_approved", yes)
    assert (first["allocation"], first["stage"], first["status"]) == (0.2, "PAPER", "standing")
    assert done(climbed, "deploy_approved", yes) == first
    assert status(climbed) is Status.PAPER


def test_a_no_or_another_plan_deploys_nothing(climbed: Desk) -> None:
    done(climbed, "risk_assessment")
    plan = done(climbed, "plan_of_deployment")
    no = {"plan": plan, "consent": {"status": "rejected", "approval_id": consent(climbed, approved=False)}}
    with pytest.raises(NeedsApproval):
        done(climbed, "deploy_approved", no)
    with pytest.raises(Unavailable, match="consent"):
        done(climbed, "deploy_approved", {"plan": plan})
    other = climb(climbed, idea("ETHUSDT"))
    with pytest.raises(UsageError, match=f"the plan is about {ONE}, not {other}"):
        done(climbed, "deploy_approved", {**no}, strategy_id=other)
    assert climbed.life.books.deployments.listed() == []
