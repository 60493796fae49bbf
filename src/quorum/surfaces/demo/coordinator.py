"""The demo's coordinator: an account of its own, traded by durable runs, one of which asks a person."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from quorum.bootstrap import Worker, open_worker
from quorum.desk import CycleRecord, Desk, settle
from quorum.desk.approvals import Said, answer
from quorum.desk.running import known_to, protocols_of, request_of
from quorum.desk.workflows import RunState, WorkflowSpec, find_workflow
from quorum.domain import MINUTE, QuorumError, UsageError, VirtualClock, iso, parse_instant
from quorum.surfaces.demo.chronicle import Asked, Ended, chronicle
from quorum.surfaces.demo.editing import edit
from quorum.surfaces.demo.story import Session
from quorum.surfaces.report import CoordinatorStory

Say = Callable[[str], None]
T = TypeVar("T")

ACCOUNT = "paper-team"
WORKFLOW = "realtime_signal_generation"
INSTANTS = 8
TIERS = ("A", "B")
PERSON = Said(True, "the demo's script", "it plays the person who agrees", "demo")
THINKS = 5 * MINUTE
PATIENCE_SECONDS = 20.0
OVER = ("done", "failed", "cancelled")


@dataclass
class _Shift:
    """A worker with the workflow that it runs, on a clock that the demo moves; `ended` has every run in order."""

    worker: Worker
    clock: VirtualClock
    spec: WorkflowSpec
    session: Session
    ended: list[Ended] = field(default_factory=list)

    def run(self, symbol: str, execution: str) -> Ended:
        """One run of the workflow at this instant, to its end."""
        now = self.clock.now()
        given = {"symbol": symbol, "timeframe": str(self.session.timeframe), "account": ACCOUNT, "as_of": iso(now)}
        request = request_of(self.spec, given, now, execution, "demo")
        identity = self.worker.desk.runs.enter(request)
        end = self.worker.run(identity, request)
        self.ended.append(Ended(identity, symbol, end["status"], end["results"]))
        return self.ended[-1]


def prepare(home: Path) -> None:
    """Give the workspace an account for the coordinator, and every analyst a seat: who has no source abstains."""
    mine = f"\n  {ACCOUNT}: {{book: crypto, currency: USDT, cash: 100000}}"
    edit(home / "config" / "accounts.yaml", "\n  paper-usd:", f"{mine}\n  paper-usd:")
    seats = "optional_participants: [microstructure, ml_model]"
    edit(home / "config" / "consensus.yaml", "optional_participants: []", seats)


def run_coordinator(home: Path, session: Session, say: Say) -> CoordinatorStory:
    """Trade the session's last instants before its newest good entry; the symbol of that is put to a person instead.

    The session entered by the same votes, so that the run has something to ask for. UsageError when another process
    runs the workspace's workflows.
    """
    asked = _newest_entry(session)
    instants = _instants(session, asked)
    clock = VirtualClock(instants[0])
    worker = open_worker(home, clock)
    if worker is None:
        raise UsageError(f"another process runs the workflows of {home}", "end it, or choose another --home")
    with worker:
        worker.warm()
        worker.start()
        shift = _Shift(worker, clock, _spec(worker.desk), session)
        for instant in instants:
            clock.advance_to(instant)
            for symbol in session.symbols:
                if asked is None or symbol != asked.snapshot["symbol"]:
                    shift.run(symbol, "paper")
        answered = None if asked is None else _put_to_a_person(shift, str(asked.snapshot["symbol"]))
    story = chronicle(worker.desk, ACCOUNT, shift.ended, answered)
    _tell(story, say)
    return story


def _spec(desk: Desk) -> WorkflowSpec:
    return find_workflow(WORKFLOW, desk.workspace.config / "workflows", known_to(desk), protocols_of(desk))


def _tell(story: CoordinatorStory, say: Say) -> None:
    run = story.run
    said = f"{run.decision.symbol}: {run.decision.direction}, {run.quality}"
    say(f"  {story.runs} runs, {story.orders} orders; {run.workflow_id} took {run.milliseconds:.0f} ms, {said}")
    if story.answer is not None:
        say(f"  {story.answer.approval_id}: {story.answer.status}, {story.answer.order}")


def _newest_entry(session: Session) -> CycleRecord | None:
    """The newest cycle that entered a position by a signal good enough for the workflow."""
    entries = (
        record
        for record in reversed(session.records)
        if record.order and record.order["purpose"] != "reduction" and record.quality["tier"] in TIERS
    )
    return next(entries, None)


def _instants(session: Session, asked: CycleRecord | None) -> list[int]:
    """The session's last instants up to that entry's, or up to its end."""
    whole = [instant for instant, _ in session.equity]
    until = whole[-1] if asked is None else parse_instant(str(asked.snapshot["as_of"]))
    return [instant for instant in whole if instant <= until][-INSTANTS:]


def _put_to_a_person(shift: _Shift, symbol: str) -> Asked | None:
    """Let a run ask whether its trade is wanted, agree a little later, and let the order end; None for no trade."""
    if shift.run(symbol, "notify").results["order"] is None:
        return None
    desk = shift.worker.desk
    question = _awaited(lambda: next(iter(desk.approvals.open()), None), "no run has asked")
    shift.clock.advance_to(shift.clock.now() + THINKS)
    given = answer(desk.approvals, desk.workflows, question.approval_id, PERSON).approval
    identity = given.question.workflow_id
    state = _awaited(lambda: _over(desk, identity), f"{identity} has not ended")
    shift.clock.advance_to(shift.clock.now() + 2 * shift.session.timeframe.nanoseconds)
    settle(desk, ACCOUNT, shift.clock)
    return Asked(given, (state.outcome or {}).get("results", {}))


def _awaited(look: Callable[[], T | None], trouble: str) -> T:
    """What `look` finds, as soon as it does; QuorumError when that takes too long."""
    until = time.monotonic() + PATIENCE_SECONDS
    while (found := look()) is None:
        if time.monotonic() > until:
            raise QuorumError(f"{trouble} within {PATIENCE_SECONDS:g} s", "see `quorum workflow list`")
        time.sleep(0.02)
    return found


def _over(desk: Desk, identity: str) -> RunState | None:
    state, _ = desk.workflows.run(identity)
    return state if state.status in OVER else None
