"""Deploying: a person's yes becomes a deployment; it is put on record before the strategy moves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from quorum.desk.approvals import Answered, Approval
from quorum.desk.approvals.standing import SURFACE as STANDING
from quorum.desk.deploying.criticising import parents_of
from quorum.desk.deploying.plan import Plan, plan_deployment
from quorum.desk.deploying.risk import ADMITTED, AT_WORK, at_work, terms_of
from quorum.desk.desk import Desk
from quorum.desk.life import Record
from quorum.desk.life.showing import show_life
from quorum.desk.notices import Event, Occurrence
from quorum.domain import Choice, DecisionKind, IllegalMove, NeedsApproval
from quorum.validation.life import DEPLOYED, Status

WORKFLOW = "strategy_deployment"
"""The run in which a person is asked."""
ENDED = ("done", "failed", "cancelled")
MOST_RUNS = 200


class Consent(NamedTuple):
    """A person's yes: the approval's id, who said it, and why."""

    approval_id: str
    by: str
    reason: str


def consent_of(desk: Desk, approval_id: str, strategy_id: str) -> Consent:
    """The yes under that id; NeedsApproval unless a person gave it, for this strategy."""
    approval = desk.approvals.get(approval_id)
    about, said = approval.question.shows.get("strategy_id"), approval.state
    if not isinstance(said, Answered) or not said.approved or said.surface == STANDING or about != strategy_id:
        by = "a standing approval" if isinstance(said, Answered) and said.surface == STANDING else "nobody"
        found = f"{approval_id} is {approval.status} and about {about or 'no strategy'}"
        why = f"{found}, answered by {by}" if by != "nobody" else found
        raise NeedsApproval(f"{why}: it is no person's yes to {strategy_id}", f"ask with `quorum deploy {strategy_id}`")
    return Consent(approval_id, said.by, said.reason)


def question_of(desk: Desk, strategy_id: str) -> Approval | None:
    """The question about a strategy that waits for an answer; None where none does."""
    waiting = (a for a in desk.approvals.open() if a.question.shows.get("strategy_id") == strategy_id)
    return next(waiting, None)


def asking_run(desk: Desk, strategy_id: str, workflow: str = WORKFLOW) -> str | None:
    """The run that asks a person about a strategy, or will once a worker takes it up; None where there is none."""
    waiting = question_of(desk, strategy_id)
    if waiting is not None:
        return waiting.question.workflow_id
    asked = desk.workflows.runs(MOST_RUNS, workflow)
    mine = (run for run in asked if run.status not in ENDED and run.request["params"]["strategy_id"] == strategy_id)
    return next((run.identity for run in mine), None)


def deploy(
    desk: Desk,
    strategy_id: str,
    consent: Consent,
    account: str | None = None,
    allocation: float | None = None,
    floor: bool = False,
) -> Mapping[str, Any]:
    """Deploy to paper what a person agreed to; the deployment as it is kept, `floor` as of `plan_deployment`.

    Everything is looked at again as it is by now. A second call with the same consent finds the first one's
    deployment and finishes it. IllegalMove when it cannot be any more, or when others have taken the room meanwhile.
    """
    held = next(iter(desk.life.books.deployments.listed(approval_id=consent.approval_id)), None)
    if held is not None and held["status"] != ADMITTED:
        return _standing(held)
    if held is None:
        plan = plan_deployment(desk, strategy_id, account, allocation, floor)
        plan.must_hold()
        desk.account_for(plan.account.currency, plan.account.name)
        held = desk.life.books.deployments.open(_record(plan, consent))
    return _standing(_finish(desk, held, consent))


def _record(plan: Plan, consent: Consent) -> Record:
    told = plan.told()
    return {
        "strategy_id": plan.candidate.strategy_id,
        "stage": Status.PAPER.value,
        "account": plan.account.name,
        "book": plan.account.book,
        "allocation": plan.allocation,
        "baseline": plan.baseline.told(),
        "approval_id": consent.approval_id,
        "status": ADMITTED,
        "params": told["params"],
        **({"lots": told["lots"]} if plan.lots else {}),
        "target_value": told["target_value"],
        "currency": plan.account.currency,
        "risk": told["risk"],
        "summary": told["summary"],
        "by": consent.by,
        "reason": consent.reason,
    }


def _finish(desk: Desk, held: Record, consent: Consent) -> Record:
    """Admit it, unless those with lower numbers have left no room, and move the strategy."""
    deployment_id, strategy_id = held["deployment_id"], held["strategy_id"]
    taken = _taken(desk, held)
    most = terms_of(desk, held["account"]).max_deployed
    if taken + held["allocation"] > most + 1e-9:
        why = f"others have taken {100 * taken:.0f} % of book {held['book']} meanwhile, {100 * most:.0f} % is the most"
        return _change(desk, deployment_id, {"status": "refused", "why": why})
    queue = desk.life.queue
    moved = queue.move(strategy_id, Status.AWAITING_HUMAN, Status.PAPER, consent.by, consent.reason)
    if moved is None and not _is_mine(desk, held):
        why = f"{strategy_id} is {queue.get(strategy_id).status} by now"
        return _change(desk, deployment_id, {"status": "refused", "why": why})
    decided = desk.decisions.once(
        f"deployment/{deployment_id}",
        Choice(
            DecisionKind.DEPLOYMENT,
            strategy_id,
            desk.clock.now(),
            {"approval_id": consent.approval_id, "account": held["account"], "params": held["params"]},
            {"status": "standing", "stage": held["stage"], "allocation": held["allocation"], "by": consent.by},
            f"{deployment_id}: {held['summary']}; {consent.by}: {consent.reason}",
            parents_of(desk, strategy_id),
        ),
    )
    done = _change(desk, deployment_id, {"status": "standing", "decision_id": decided})
    details = {"deployment_id": deployment_id, "strategy_id": strategy_id, "decision_id": decided}
    desk.outbox.raise_(Occurrence(Event.DEPLOYMENT, deployment_id, str(held["summary"]), details))
    show_life(desk, [strategy_id])
    return done


def _taken(desk: Desk, held: Record) -> float:
    """What other strategies' deployments with lower numbers have of the book; numbers are given one by one."""
    others = (r for r in at_work(desk, held["book"]) if r["strategy_id"] != held["strategy_id"])
    return float(sum(r["allocation"] for r in others if _number(r) < _number(held)))


def _number(record: Record) -> tuple[str, int]:
    """The order in which deployments were numbered: DEP-20250130-1000 comes after DEP-20250130-999."""
    identity = str(record["deployment_id"])
    day, _, number = identity.rpartition("-")
    return day, int(number)


def _is_mine(desk: Desk, held: Record) -> bool:
    """Whether the strategy was moved by an earlier try of this very deployment."""
    others = (r for r in desk.life.books.deployments.listed(strategy_id=held["strategy_id"]) if r["status"] in AT_WORK)
    deployed = desk.life.queue.get(held["strategy_id"]).status in DEPLOYED
    return deployed and next(others, None) is None


def _change(desk: Desk, deployment_id: str, changed: Mapping[str, Any]) -> Record:
    return desk.life.books.deployments.change((deployment_id,), lambda record: {**record, **changed})


def _standing(record: Record) -> Mapping[str, Any]:
    """The record; IllegalMove for one that was refused."""
    if record["status"] == "refused":
        raise IllegalMove(f"{record['deployment_id']} was refused: {record['why']}", "ask again with less")
    return record
