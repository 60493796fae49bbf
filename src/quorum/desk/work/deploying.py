"""The tasks between the last tier and paper: the critic, the risk assessment, the question to a person, its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quorum.desk.deploying import (
    WORKFLOW,
    asking_run,
    assess_risk,
    consent_of,
    criticise,
    deploy,
    plan_deployment,
    question_of,
)
from quorum.desk.desk import Desk
from quorum.desk.trading.live import go_live, plan_live, second_word
from quorum.desk.work.asked import answer_of, number, text
from quorum.desk.work.assignment import Assignment, Job, Place
from quorum.domain import UsageError
from quorum.validation.critic.review import SECONDS


def critic_review(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """The critic's review of a strategy's newest result, at `tier` where one is named; kept, with its decision.

    `seconds` (20) is how long its first round looks for look-ahead. `passed` is that every doubt is settled. One that
    stands at L2_PASSED and fails is rejected.
    """
    tier = assignment.params.get("tier")
    seconds = SECONDS if assignment.params.get("seconds") is None else number(assignment, "seconds", SECONDS)
    found = criticise(desk, text(assignment, "strategy_id"), tier, seconds)
    review = found["review"]
    verdict = review["verdict"]["verdict"]
    told = {"verdict": verdict, "passed": verdict == "passed", "reason": review["verdict"].get("why", "")}
    return {**found, **told, "rounds": len(review["rounds"])}


def risk_assessment(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """Whether a strategy fits beside all that is deployed in its book; kept, with its decision.

    At L3_PASSED one that passes goes on to AWAITING_HUMAN, one that fails is rejected. `account` and `allocation` are
    sought where they are not given.
    """
    asked = text(assignment, "strategy_id"), _account(assignment), _allocation(assignment), _floor(assignment)
    found = assess_risk(desk, *asked)
    verdict = found["verdict"]["verdict"]
    return {**found, "verdict": verdict, "passed": verdict == "passed", "reason": found["verdict"].get("why", "")}


def ask_to_deploy(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """A person's question, in a run of its own that waits for the answer; nothing is deployed by it.

    Where one about this strategy waits already, or is about to be put, `waits_for` names it, or its run, and no other
    is put. IllegalMove for a strategy that does not await a word, or that cannot be deployed.
    """
    told = plan_of_deployment(desk, assignment)
    strategy_id = told["strategy_id"]
    waiting, run = question_of(desk, strategy_id), asking_run(desk, strategy_id)
    if run is not None:
        return {**told, "follow_up": None, "waits_for": run if waiting is None else waiting.approval_id}
    params = {name: told[name] for name in ("strategy_id", "account")} | {"allocation": told["target_allocation"]}
    params |= {"floor": True} if told["floor"] else {}
    follow_up = {"workflow": WORKFLOW, "params": params, "execution": "paper"}
    return {**told, "follow_up": follow_up, "waits_for": None}


def plan_of_deployment(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """What deploying a strategy would be: account, target allocation, baseline and risk; nothing changes."""
    asked = text(assignment, "strategy_id"), _account(assignment), _allocation(assignment), _floor(assignment)
    plan = plan_deployment(desk, *asked)
    plan.must_hold()
    told = plan.told()
    low, high = plan.baseline.band(30).total
    expected = f"{100 * low:+.1f} % to {100 * high:+.1f} % in 30 days"
    return {**told, "size": f"{told['target_value']:.2f} {told['currency']}", "expected": expected}


def deploy_approved(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """Deploy to paper what the person has agreed to in the input `consent`; looked at again as it is by now.

    NeedsApproval without a person's yes to this very strategy.
    """
    consent, plan = answer_of(assignment, "consent"), answer_of(assignment, "plan")
    strategy_id = text(assignment, "strategy_id")
    if plan["strategy_id"] != strategy_id:
        raise UsageError(f"the plan is about {plan['strategy_id']}, not {strategy_id}", "run the workflow again")
    yes = consent_of(desk, str(consent["approval_id"]), strategy_id)
    record = deploy(desk, strategy_id, yes, plan["account"], plan["target_allocation"], plan.get("floor", False))
    return {name: record[name] for name in _SHOWN}


def plan_of_going_live(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """What trading real money would be, for a strategy that was long enough on paper; nothing changes."""
    plan = plan_live(desk, text(assignment, "strategy_id"), _account(assignment), _allocation(assignment))
    plan.must_hold()
    return plan.told()


def go_live_approved(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """Deploy with real money what a person has agreed to a second time in the input `consent`; looked at again.

    NeedsApproval without a person's yes to this very strategy, account and place.
    """
    consent, plan = answer_of(assignment, "consent"), answer_of(assignment, "plan")
    strategy_id = text(assignment, "strategy_id")
    if plan["strategy_id"] != strategy_id:
        raise UsageError(f"the plan is about {plan['strategy_id']}, not {strategy_id}", "run the workflow again")
    yes = second_word(desk, str(consent["approval_id"]), strategy_id)
    record = go_live(desk, strategy_id, yes, plan["account"], plan["target_allocation"])
    return {name: record[name] for name in _SHOWN}


_SHOWN = ("deployment_id", "strategy_id", "stage", "account", "book", "allocation", "status", "summary")


def _floor(assignment: Assignment) -> bool:
    return assignment.params.get("floor") in (True, "true", 1)


def _account(assignment: Assignment) -> str | None:
    found = assignment.params.get("account")
    return str(found) if found else None


def _allocation(assignment: Assignment) -> float | None:
    """The allocation asked for; one that is not given, or 0, is sought."""
    return None if assignment.params.get("allocation") is None else number(assignment, "allocation", 0.0) or None


JOBS: Mapping[str, Job] = {
    "critic_review": Job(critic_review, Place.DESK, ("strategy_id", "verdict", "passed", "rounds")),
    "risk_assessment": Job(risk_assessment, Place.DESK, ("strategy_id", "verdict", "passed", "target_allocation")),
    "ask_to_deploy": Job(ask_to_deploy, Place.DESK, ("strategy_id", "summary", "follow_up", "waits_for")),
    "plan_of_deployment": Job(
        plan_of_deployment,
        Place.DESK,
        ("strategy_id", "summary", "account", "target_allocation", "size", "expected", "baseline", "risk"),
    ),
    "deploy_approved": Job(deploy_approved, Place.DESK, ("deployment_id", "strategy_id", "stage", "allocation")),
    "plan_of_going_live": Job(
        plan_of_going_live,
        Place.DESK,
        (
            *("strategy_id", "summary", "account", "terms", "target_allocation", "size", "expected"),
            *("paper_days", "beside_baseline"),
        ),
    ),
    "go_live_approved": Job(go_live_approved, Place.DESK, ("deployment_id", "strategy_id", "stage", "allocation")),
}
"""Their rows in the table of tasks."""
