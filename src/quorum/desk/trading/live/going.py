"""Going live: a person's second yes becomes a deployment with real money; the one on paper ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quorum.desk.approvals import Answered
from quorum.desk.deploying import Consent
from quorum.desk.deploying.criticising import parents_of
from quorum.desk.desk import Desk
from quorum.desk.life import Record
from quorum.desk.life.showing import show_life
from quorum.desk.notices import Event, Occurrence
from quorum.desk.trading.live.consents import LIVE, is_word
from quorum.desk.trading.live.plan import Plan, plan_live
from quorum.domain import Choice, DecisionKind, IllegalMove, NeedsApproval
from quorum.validation.life import Status

GOING_LIVE = "live_deployment"
"""The run in which a person is asked the second time."""


def second_word(desk: Desk, approval_id: str, strategy_id: str) -> Consent:
    """The yes under that id; NeedsApproval unless a person gave it, for this strategy to trade real money."""
    approval = desk.approvals.get(approval_id)
    said = approval.state
    if not is_word(approval, strategy_id) or "terms" not in approval.question.shows:
        found = f"{approval_id} is {approval.status}, and no person's yes to {strategy_id} with real money"
        raise NeedsApproval(found, f"ask with `quorum deploy {strategy_id} --live`")
    assert isinstance(said, Answered)
    return Consent(approval_id, said.by, said.reason)


def go_live(desk: Desk, strategy_id: str, consent: Consent, account: str, allocation: float) -> Mapping[str, Any]:
    """Deploy with real money what two yeses of persons stand behind; the deployment as it is kept.

    Everything is looked at again as it is by now. A second call with the same consent finds the first one's deployment
    and finishes it. IllegalMove when it cannot be any more; NeedsApproval when the account is not what was agreed to.
    """
    held = next(iter(desk.life.books.deployments.listed(approval_id=consent.approval_id)), None)
    if held is None:
        plan = plan_live(desk, strategy_id, account, allocation)
        plan.must_hold()
        shown = desk.approvals.get(consent.approval_id).question.shows
        if (shown["account"], shown["terms"]) != (plan.account.name, plan.terms):
            raise NeedsApproval(
                f"{consent.approval_id} agreed to {shown['account']}, {shown['terms']}; it is {plan.terms} now",
                f"ask again with `quorum deploy {strategy_id} --live`",
            )
        held = desk.life.books.deployments.open(_record(plan, consent))
    return held if held["status"] != "admitted" else _finish(desk, held, consent)


def _record(plan: Plan, consent: Consent) -> Record:
    told, paper = plan.told(), plan.paper
    kept = {name: told[name] for name in ("account", "book", "terms", "target_value", "currency", "params", "summary")}
    floored = {"lots": paper["lots"]} if "lots" in paper else {}
    return {
        **kept,
        **floored,
        "strategy_id": plan.candidate.strategy_id,
        "stage": LIVE,
        "allocation": plan.allocation,
        "baseline": paper["baseline"],
        "approval_id": consent.approval_id,
        "first_approval_id": paper["approval_id"],
        "paper_deployment": paper["deployment_id"],
        "status": "admitted",
        "risk": told["risk"],
        "by": consent.by,
        "reason": consent.reason,
    }


def _finish(desk: Desk, held: Record, consent: Consent) -> Record:
    """Put it on record, move the strategy, and end what it did on paper."""
    deployment_id, strategy_id = held["deployment_id"], held["strategy_id"]
    queue = desk.life.queue
    if queue.get(strategy_id).status is Status.PAPER:
        queue.move(strategy_id, Status.PAPER, Status.INCUBATION, consent.by, consent.reason)
    if queue.get(strategy_id).status not in (Status.INCUBATION, Status.ACTIVE):
        _change(desk, deployment_id, {"status": "refused", "why": "the strategy has moved"})
        raise IllegalMove(f"{strategy_id} is {queue.get(strategy_id).status} by now", "ask again once it is on paper")
    approvals = [held["first_approval_id"], held["approval_id"]]
    decided = desk.decisions.once(
        f"deployment/{deployment_id}",
        Choice(
            DecisionKind.DEPLOYMENT,
            strategy_id,
            desk.clock.now(),
            {"approvals": approvals, "account": held["account"], "terms": held["terms"], "params": held["params"]},
            {"status": "standing", "stage": LIVE, "allocation": held["allocation"], "by": consent.by},
            f"{deployment_id}: {held['summary']}; {consent.by}: {consent.reason}",
            parents_of(desk, strategy_id),
        ),
    )
    _change(desk, held["paper_deployment"], {"status": "ended", "positions": "keep", "decision_id": decided})
    done = _change(desk, deployment_id, {"status": "standing", "decision_id": decided})
    details = {"deployment_id": deployment_id, "strategy_id": strategy_id, "decision_id": decided}
    desk.outbox.raise_(Occurrence(Event.DEPLOYMENT, deployment_id, str(held["summary"]), details))
    show_life(desk, [strategy_id])
    return done


def _change(desk: Desk, deployment_id: str, changed: Mapping[str, Any]) -> Record:
    return desk.life.books.deployments.change((deployment_id,), lambda record: {**record, **changed})
