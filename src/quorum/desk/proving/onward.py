"""After the gate of a tier: who is rejected, mended, heard by the critic, and whether a meeting looks at it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from quorum.desk.mending.failures import failing_of, result_of
from quorum.desk.mending.learning import draw
from quorum.desk.notices import Event, Occurrence
from quorum.desk.proving.asked import FAILED, PASSED
from quorum.desk.proving.gates import Gate
from quorum.desk.proving.record import FAILED as FAILED_WORD
from quorum.desk.proving.record import PASSED as PASSED_WORD
from quorum.desk.proving.run import Run, facts, said
from quorum.desk.running import known_to, protocols_of, request_of
from quorum.desk.workflows import find_workflow
from quorum.domain import IllegalMove, NotFound, QuorumError
from quorum.validation.ladder import Failed, Tier
from quorum.validation.life import Candidate, Status
from quorum.validation.repair import Failing, Unrepaired

MEETING = "strategy_meeting"
UNDER_WAY = ("enqueued", "running")
REJECTIONS = (Status.REJECTED, Status.REJECTED_AUTO_RETRY)


def reject(run: Run, tier: Tier, strategy_ids: Iterable[str]) -> list[Candidate]:
    """Reject what failed a tier for good, and learn from it; those that a fix may mend."""
    fixable = []
    for strategy_id in strategy_ids:
        candidate = run.desk.life.queue.get(strategy_id)
        after = _after(run, tier, candidate)
        if after is Status.REJECTED:
            learn(run, candidate)
        moved = candidate if after is None else run.move(candidate, after, _why(run, tier, candidate))
        if moved is None:  # somebody else has moved it meanwhile
            continue
        run.journal.strategy(strategy_id, {"status": moved.status.value})
        if moved.status is Status.FIXABLE_FAILURE:
            fixable.append(moved)
    return fixable


def mend(run: Run, tier: Tier, candidate: Candidate) -> bool:
    """Have a strategy mended; whether it passes now. Where the skill is off or fails, that is its rejection.

    One that somebody else is mending is left to them.
    """
    why, loose = "auto-retry is off", {Status.FIXABLE_FAILURE, candidate.status}
    if run.skills.mend is not None:
        try:
            run.skills.mend(run.desk, candidate.strategy_id)
            why, loose = "auto-retry came to no end", {*loose, Status.RETRYING}
        except IllegalMove:
            loose = set()
        except Exception as error:  # noqa: BLE001 - a skill that breaks ends no strategy without a decision
            why, loose = f"auto-retry failed: {said(error)}", {*loose, Status.RETRYING}
            run.broke(f"auto-retry on {candidate.strategy_id}: {said(error)}")
    found = run.desk.life.queue.get(candidate.strategy_id)
    if found.status in loose:
        learn(run, candidate)
        moved = run.move(found, Status.REJECTED_AUTO_RETRY, f"{why}; {candidate.reason}")
        found = moved or run.desk.life.queue.get(candidate.strategy_id)
    passed = found.status is PASSED[tier]
    told: dict[str, Any] = {"status": found.status.value, "fixes": found.attempts}
    if passed:
        told |= {"verdict": PASSED_WORD, "tier": tier.value, "mended": True}
    run.journal.strategy(candidate.strategy_id, told)
    return passed


def resume(run: Run, candidate: Candidate) -> None:
    """Go on with the mending that a process which died had begun."""
    tier = Tier(candidate.tier or Tier.L0)
    if not mend(run, tier, candidate) and run.desk.life.queue.get(candidate.strategy_id).status in REJECTIONS:
        run.journal.strategy(candidate.strategy_id, {"verdict": FAILED_WORD, "tier": tier.value})


def stands(run: Run, candidate: Candidate) -> bool:
    """Whether a strategy may go on to L3: the critic is heard on one that a fix, or a person, brought through L2.

    Of those that a run brought through it was heard before; one that it fails is rejected.
    """
    mine = candidate.strategy_id
    if candidate.status is not Status.L2_PASSED or not _moved_by_others(run, mine):
        return True
    result = result_of(run.desk, mine, Tier.L2.value, candidate.attempts)
    if result is None:
        return True
    verdict = run.reviewed(candidate, result)
    if not isinstance(verdict, Failed):
        return True
    found = run.desk.life.queue.get(mine)
    if found.status is Status.L2_PASSED:
        moved = run.move(found, Status.REJECTED, f"critic: {verdict.reason}: {verdict.why}")
        found = moved or run.desk.life.queue.get(mine)
    told = {"verdict": FAILED_WORD, "tier": Tier.L2.value, "status": found.status.value}
    run.journal.strategy(mine, {**facts(verdict), **told})
    _draw(run, Failing(mine, Tier.L2.value, candidate.idea, verdict, result))
    return False


def learn(run: Run, candidate: Candidate) -> None:
    """Keep what a rejection teaches that no fix was tried for; what cannot be learnt stops nothing."""
    try:
        failing = failing_of(run.desk, candidate, run.retry)
    except QuorumError as error:
        run.broke(f"the lesson of {candidate.strategy_id}: {error}")
    else:
        _draw(run, failing)


def _draw(run: Run, failing: Failing) -> None:
    failed = failing.failed
    try:
        draw(run.desk, failing, Unrepaired(failed.reason, failed.why), (), run.retry)
    except Exception as error:  # noqa: BLE001 - a lesson that is lost ends no strategy
        run.broke(f"the lesson of {failing.strategy_id}: {said(error)}")


def _after(run: Run, tier: Tier, candidate: Candidate) -> Status | None:
    """Where a strategy that failed its gate goes; None for one that stays where it stands."""
    if candidate.status is Status.TIMEOUT:
        return Status.FIXABLE_FAILURE if run.retry.retries(tier.value, "timeout") else Status.REJECTED
    return Status.REJECTED if candidate.status is FAILED[tier] else None


def _why(run: Run, tier: Tier, candidate: Candidate) -> str:
    """The reason, and that auto-retry is off where it would have been asked."""
    reason = candidate.reason.partition(":")[0]
    missed = not run.retry.enabled and replace(run.retry, enabled=True).retries(tier.value, reason)
    return f"{candidate.reason}; auto-retry is off" if missed else candidate.reason


def _moved_by_others(run: Run, strategy_id: str) -> bool:
    try:
        run.desk.life.books.runs.get(run.desk.life.queue.moves(strategy_id)[-1].by)
    except NotFound:
        return True
    return False


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
