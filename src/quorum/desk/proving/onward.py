"""After the gate of a tier: who is rejected, who is mended, and whether a strategy meeting is to look at it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from quorum.desk.notices import Event, Occurrence
from quorum.desk.proving.asked import FAILED, PASSED
from quorum.desk.proving.gates import Gate
from quorum.desk.proving.record import PASSED as PASSED_WORD
from quorum.desk.proving.run import Run, said
from quorum.desk.running import known_to, protocols_of, request_of
from quorum.desk.workflows import find_workflow
from quorum.domain import QuorumError
from quorum.validation.ladder import Tier
from quorum.validation.life import Candidate, Status

MEETING = "strategy_meeting"
UNDER_WAY = ("enqueued", "running")


def reject(run: Run, tier: Tier, strategy_ids: Iterable[str]) -> list[Candidate]:
    """Reject what failed a tier for good; those that a fix may mend."""
    fixable = []
    for strategy_id in strategy_ids:
        candidate: Candidate | None = run.desk.life.queue.get(strategy_id)
        if candidate is not None and candidate.status is Status.TIMEOUT:
            again = run.retry.retries(tier.value, "timeout")
            candidate = run.move(candidate, Status.FIXABLE_FAILURE if again else Status.REJECTED, candidate.reason)
        elif candidate is not None and candidate.status is FAILED[tier]:
            candidate = run.move(candidate, Status.REJECTED, candidate.reason)
        if candidate is None:  # somebody else has moved it meanwhile
            continue
        run.journal.strategy(strategy_id, {"status": candidate.status.value})
        if candidate.status is Status.FIXABLE_FAILURE:
            fixable.append(candidate)
    return fixable


def mend(run: Run, tier: Tier, candidate: Candidate) -> bool:
    """Have a strategy mended; whether it passes now. Where the skill is off or fails, that is its rejection."""
    why = "auto-retry is off"
    if run.skills.mend is not None:
        try:
            run.skills.mend(run.desk, candidate.strategy_id)
            why = "auto-retry came to no end"
        except Exception as error:  # noqa: BLE001 - a skill that breaks ends no strategy without a decision
            why = f"auto-retry failed: {said(error)}"
            run.broke(f"auto-retry on {candidate.strategy_id}: {said(error)}")
    found = run.desk.life.queue.get(candidate.strategy_id)
    if found.status in (Status.FIXABLE_FAILURE, Status.RETRYING):
        moved = run.move(found, Status.REJECTED_AUTO_RETRY, f"{why}; {candidate.reason}")
        found = moved or run.desk.life.queue.get(candidate.strategy_id)
    passed = found.status is PASSED[tier]
    told: dict[str, Any] = {"status": found.status.value, "fixes": found.attempts}
    if passed:
        told |= {"verdict": PASSED_WORD, "tier": tier.value, "mended": True}
    run.journal.strategy(candidate.strategy_id, told)
    return passed


def escalate(run: Run, gate: Gate) -> None:
    """Schedule one strategy meeting for the run, unless one is under way, and tell people."""
    if run.journal.record["meeting"] is not None:
        return
    meeting = _meeting(run)
    run.journal.note(meeting={**meeting, "tier": gate.tier.value, "why": gate.why})
    facts = {"run_id": run.run_id, "tier": gate.tier.value, "failed": list(gate.failed), **meeting}
    summary = f"{run.run_id}: {gate.why}; {_in_words(meeting)}"
    look = f"See pipeline/ for {run.run_id}, and `quorum learnings`"
    run.desk.outbox.raise_(Occurrence(Event.ALERT, f"{run.run_id}/escalated", summary, facts, look))


def _meeting(run: Run) -> dict[str, Any]:
    """Ask for the meeting's run; one that is under way is enough."""
    desk = run.desk
    try:
        folder = desk.workspace.config / "workflows"
        spec = find_workflow(MEETING, folder, known_to(desk), protocols_of(desk))
        for status in UNDER_WAY:
            for found in desk.workflows.runs(1, MEETING, status):
                return {"workflow_id": found.identity, "scheduled": False, "found": "one is under way already"}
        request = request_of(spec, {}, desk.clock.now(), origin=run.run_id)
        identity = desk.runs.follow(f"meeting/{run.run_id}", request)
        desk.workflows.enqueue(identity, request)
    except QuorumError as error:
        return {"workflow_id": None, "scheduled": False, "found": str(error)}
    return {"workflow_id": identity, "scheduled": True, "found": ""}


def _in_words(meeting: dict[str, Any]) -> str:
    if meeting["scheduled"]:
        return f"a strategy meeting is scheduled as {meeting['workflow_id']}"
    return f"no strategy meeting was scheduled: {meeting['found']}"
