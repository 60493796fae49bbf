"""A run on its way: taken by the worker that is at work, else by this process, and watched until it ends or waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quorum.surfaces.cli.show import dated, note

if TYPE_CHECKING:
    from quorum.desk import Desk
    from quorum.desk.approvals import Approval
    from quorum.desk.workflows import RunState

LOOK_SECONDS = 0.05
WRITTEN_SECONDS = 0.2  # a worker writes the documents of a run behind the work
ENDED = ("done", "failed", "cancelled")
NEEDS_APPROVAL = 3
Wait = Annotated[bool, typer.Option(help="With no worker at work, let the run go on here, to its end or its question.")]


def begin(
    desk: Desk, name: str, given: Mapping[str, Any], execution: str | None = None, *, wait: bool = True
) -> RunState:
    """Ask for a run of a workflow with the parameters `given`: how it stands once it ended, or waits for a person.

    Without `wait` it is asked for and left to a worker.
    NotFound for a workflow that there is not; UsageError for wrong parameters, an instant to come, another execution.
    """
    from quorum.desk.running import known_to, protocols_of, request_of
    from quorum.desk.workflows import find_workflow

    spec = find_workflow(name, desk.workspace.config / "workflows", known_to(desk), protocols_of(desk))
    request = request_of(spec, given, desk.clock.now(), execution)
    identity = desk.runs.enter(request)
    if wait:
        return go_on(desk, desk.workspace.home, identity, lambda: desk.workflows.enqueue(identity, request))
    desk.workflows.enqueue(identity, request)
    return desk.workflows.run(identity)[0]


def go_on(desk: Desk, home: Path | None, identity: str, begin: Callable[[], object]) -> RunState:
    """How the run stands once `begin` has set it going and it ended, or waits for a person.

    Where no worker is at work this process is one until then, and until whatever the run asked for has ended too.
    Whoever interrupts it is told how the run goes on.
    """
    with _worker(home, identity) as works:
        begin()
        state = desk.workflows.run(identity)[0]
        while state.status not in ENDED and not waits(desk, identity):
            time.sleep(LOOK_SECONDS)
            state = desk.workflows.run(identity)[0]
        while works and _under_way(desk):
            time.sleep(LOOK_SECONDS)
    if not works:
        time.sleep(WRITTEN_SECONDS)
    return state


def finish(desk: Desk, home: Path | None, identity: str) -> RunState | None:
    """Where no worker is at work: how the run stands after it went on here, as above. None where one is.

    None too for a run that has ended, or that the engine does not know.
    """
    from quorum.bootstrap import works_elsewhere
    from quorum.domain import NotFound

    try:
        state = desk.workflows.run(identity)[0]
    except NotFound:
        return None
    if state.status in ENDED or works_elsewhere(home):
        return None
    return go_on(desk, home, identity, lambda: None)


def waits(desk: Desk, identity: str) -> Sequence[Approval]:
    """What a person is asked by the run, or by a part of it, and has not answered."""
    return [a for a in desk.approvals.open() if f"{a.question.workflow_id}/".startswith(f"{identity}/")]


def run_facts(desk: Desk, state: RunState) -> dict[str, Any]:
    """A run as one line of facts, what it waits for, its results; a result of the same name gives way."""
    from quorum.desk.approvals import facts as approval_facts
    from quorum.domain import iso

    outcome: Mapping[str, Any] = state.outcome or {}
    results: Mapping[str, Any] = dated(outcome.get("results", {}))
    request, asked = state.request, open_questions(desk, state)
    facts = {
        "workflow_id": state.identity,
        "workflow": state.workflow,
        "status": "waiting" if asked else outcome.get("status", state.status),
        "reason": state.error or outcome.get("reason") or results.get("reason") or _lacking(outcome),
        "as_of": iso(request["as_of"]) if "as_of" in request else None,
        "execution": request.get("execution"),
        "waits_for": [approval_facts(approval) for approval in asked],
    }
    if asked:
        facts["reason"] = f"waits for {', '.join(approval.approval_id for approval in asked)}"
    return facts | {name: value for name, value in results.items() if name not in facts}


def open_questions(desk: Desk, state: RunState) -> Sequence[Approval]:
    """What the run waits for; nothing once it has ended."""
    return () if state.status in ENDED else waits(desk, state.identity)


def _lacking(outcome: Mapping[str, Any]) -> str:
    """What a run that is degraded went on without."""
    lacking = [step for step, status in outcome.get("steps", {}).items() if status in ("degraded", "failed")]
    return f"no full answer of step {', '.join(lacking)}" if lacking else ""


def status_of(state: RunState, *, waiting: bool) -> str:
    """The word for how a run stands, the same in every list."""
    if waiting and state.status not in ENDED:
        return "waiting"
    return str((state.outcome or {}).get("status", state.status))


@contextmanager
def _worker(home: Path | None, identity: str) -> Iterator[bool]:
    """A worker in this process for a while, when none is at work; whether there is one."""
    from quorum.bootstrap import open_worker, works_elsewhere

    own = None if works_elsewhere(home) else open_worker(home)
    try:
        if own is not None:
            own.start()
        yield own is not None
        if own is not None:
            own.deliver()
    except KeyboardInterrupt:
        mine = own is not None
        how = "`quorum up`, or `quorum workflow resume" if mine else "its worker, see `quorum workflow show"
        note(f"{identity} is not lost: it goes on with {how} {identity}`")
        raise
    finally:
        if own is not None:
            own.close(0)  # what is still under way waits for a person


def _under_way(desk: Desk) -> list[str]:
    """The runs that neither ended nor wait for a person, as one that the run itself has asked for."""
    runs = [*desk.workflows.runs(20, None, "enqueued"), *desk.workflows.runs(20, None, "running")]
    return [run.identity for run in runs if not waits(desk, run.identity)]
