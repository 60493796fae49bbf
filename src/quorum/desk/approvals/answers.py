"""Answering: the answer is committed first, then the run that waits for it is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from quorum.desk.approvals.ports import Approvals
from quorum.desk.approvals.question import Answered, Approval
from quorum.desk.workflows import Workflows
from quorum.domain import QuorumError, iso


class Said(NamedTuple):
    """An answer as it is given: yes or no, by whom, why, and on which surface."""

    approve: bool
    by: str
    reason: str
    surface: str


class Given(NamedTuple):
    """An answer that was committed, and why its run could not be told of it yet, if so."""

    approval: Approval
    untold: QuorumError | None


def answer(approvals: Approvals, workflows: Workflows, approval_id: str, said: Said) -> Given:
    """Answer a question and tell the run that waits for it. Errors are those of `Approvals.answer`.

    An answer that could not be sent stands; `tell` sends it later.
    """
    answered = approvals.answer(approval_id, said.approve, said.by, said.reason, said.surface)
    untold = _send(approvals, workflows, answered)
    return Given(approvals.get(approval_id), untold)


def tell(approvals: Approvals, workflows: Workflows) -> Sequence[QuorumError]:
    """Tell every run that has not heard of its answer; what went wrong with those that could not be told."""
    failed = (_send(approvals, workflows, approval) for approval in approvals.untold())
    return [error for error in failed if error is not None]


def closed(approvals: Approvals, approval_id: str, now: int) -> Approval:
    """The approval as it is in the store, expired if its time is over at `now`: what a run that waited goes by."""
    approvals.expire(now, approval_id)
    return approvals.get(approval_id)


def message(approval: Approval) -> Mapping[str, Any]:
    """What the waiting run is sent under the approval's id, as plain values."""
    said = approval.state if isinstance(approval.state, Answered) else None
    return {
        "approval_id": approval.approval_id,
        "status": approval.status,
        "approved": approval.approved,
        "by": said and said.by,
        "at": said and iso(said.at),
        "reason": said and said.reason,
        "surface": said and said.surface,
    }


def _send(approvals: Approvals, workflows: Workflows, approval: Approval) -> QuorumError | None:
    try:
        workflows.send(approval.question.workflow_id, approval.approval_id, message(approval))
        approvals.told(approval.approval_id)
    except QuorumError as error:
        return error
    return None
