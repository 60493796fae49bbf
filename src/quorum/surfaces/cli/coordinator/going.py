"""A run on its way: taken by the worker that is at work, else by this process, and watched until it ends or waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from quorum.desk import Desk
    from quorum.desk.approvals import Approval
    from quorum.desk.workflows import RunState

LOOK_SECONDS = 0.05
ENDED = ("done", "failed", "cancelled")
NEEDS_APPROVAL = 3
Wait = Annotated[bool, typer.Option(help="With no worker at work, let the run go on here, to its end or its question.")]


def go_on(desk: Desk, home: Path | None, identity: str, begin: Callable[[], object], *, wait: bool = True) -> RunState:
    """How the run stands once `begin` has set it going and it ended, or waits for a person.

    Where no worker is at work this process is one until then, and until whatever the run asked for has ended too.
    With a worker at work and without `wait` it comes back at once.
    """
    with _worker(home) as works:
        begin()
        state = desk.workflows.run(identity)[0]
        while (wait or works) and state.status not in ENDED and not waits(desk, identity):
            time.sleep(LOOK_SECONDS)
            state = desk.workflows.run(identity)[0]
        while works and _under_way(desk):
            time.sleep(LOOK_SECONDS)
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


def run_facts(state: RunState, *, waiting: bool) -> dict[str, Any]:
    """A run as one line of facts, with its results."""
    from quorum.domain import iso

    outcome: Mapping[str, Any] = state.outcome or {}
    status = "waiting" if waiting and state.status not in ENDED else outcome.get("status", state.status)
    request = state.request
    return {
        "workflow_id": state.identity,
        "workflow": state.workflow,
        "status": status,
        "reason": state.error or outcome.get("reason", ""),
        "as_of": iso(request["as_of"]) if "as_of" in request else None,
        "execution": request.get("execution"),
        **{name: value for name, value in outcome.get("results", {}).items() if name != "status"},
    }


@contextmanager
def _worker(home: Path | None) -> Iterator[bool]:
    """A worker in this process for a while, when none is at work; whether there is one."""
    from quorum.bootstrap import open_worker, works_elsewhere

    own = None if works_elsewhere(home) else open_worker(home)
    if own is None:
        yield False
        return
    try:
        own.start()
        yield True
        own.deliver()
    finally:
        own.close(0)  # what is still under way waits for a person


def _under_way(desk: Desk) -> list[str]:
    """The runs that neither ended nor wait for a person, as one that the run itself has asked for."""
    runs = [*desk.workflows.runs(20, None, "enqueued"), *desk.workflows.runs(20, None, "running")]
    return [run.identity for run in runs if not waits(desk, run.identity)]
