"""Documents of runs that are over: of one that ended before its time, and of all when the files are made anew."""

from __future__ import annotations

from quorum.desk.desk import Desk
from quorum.desk.running import Compiled
from quorum.desk.system import active_workflow
from quorum.desk.team.papers import Papers
from quorum.desk.workflows import RunState
from quorum.desk.workflows.crew import Facts
from quorum.desk.workflows.interpret import left_out
from quorum.desk.workflows.spec import Tasks

LOOKED_AT = 500
ACTIVE = "/state/workflows/active_workflow.json"
CANCELLED = "the run was cancelled"


def cancel(desk: Desk, compiled: Compiled, identity: str) -> None:
    """Cancel a run, also one that waits or was not begun. IllegalMove when it has ended, NotFound when there is none.

    A worker that is in the midst of it ends it after the step that it is at.
    """
    desk.workflows.move(identity, "cancel")
    papers = Papers(desk.workspace.home)
    try:
        leave(desk, papers, compiled, identity, CANCELLED)
    finally:
        papers.close()


def leave(desk: Desk, papers: Papers, compiled: Compiled, identity: str, why: str) -> None:
    """Say in every document that a run was still to write why it is not there, and show how the run ended."""
    state, kept = desk.workflows.run(identity)
    request, specs = state.request, compiled.of(state.request)
    facts = Facts(identity, state.workflow, request["as_of"], request["execution"], request["params"])
    names = {step.name for step in kept if step.error is None}
    for step in specs(state.workflow).steps:
        name = f"{step.number}.{step.name}"
        for task in left_out(specs, step.body, f"{name}/", names) if name not in names else ():
            papers.file(facts, str(task.output), {"status": "skipped", "reason": why})
    papers.show(ACTIVE, lambda: active_workflow(state, kept, specs(state.workflow).steps))
    papers.flush()


def rebuild(desk: Desk, compiled: Compiled) -> int:
    """Write the documents of the newest ended run of each workflow again, from its kept steps; how many there are."""
    papers = Papers(desk.workspace.home)
    newest: dict[str, RunState] = {}
    for run in desk.workflows.runs(LOOKED_AT):
        if run.outcome is not None and "interpreter" in run.request:
            newest.setdefault(run.workflow, run)
    count = 0
    try:
        for state in newest.values():
            request = state.request
            facts = Facts(state.identity, state.workflow, request["as_of"], request["execution"], request["params"])
            kept = {step.name: step.answer or {} for step in desk.workflows.run(state.identity)[1]}
            for step in compiled.of(request)(state.workflow).steps:
                outcomes = kept.get(f"{step.number}.{step.name}", {}).get("tasks", {})
                for task in step.body.tasks if isinstance(step.body, Tasks) else ():
                    if task.output is not None and task.name in outcomes:
                        papers.file(facts, task.output, outcomes[task.name])
                        count += 1
        papers.flush()
    finally:
        papers.close()
    return count
