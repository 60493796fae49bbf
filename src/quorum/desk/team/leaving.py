"""Documents of runs that are over: of one that ended before its time, and of all when the files are made anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from quorum.desk.desk import Desk
from quorum.desk.running import Compiled, protocols_of
from quorum.desk.system import active_workflow
from quorum.desk.team.papers import Papers
from quorum.desk.workflows import RunState
from quorum.desk.workflows.crew import Facts
from quorum.desk.workflows.interpret import Specs, left_out
from quorum.desk.workflows.spec import SubWorkflow, Task, Tasks

LOOKED_AT = 500
ACTIVE = "/state/workflows/active_workflow.json"
CANCELLED = "the run was cancelled"


def cancel(desk: Desk, identity: str) -> None:
    """Cancel a run, also one that waits or was not begun. IllegalMove when it has ended, NotFound when there is none.

    A worker that is in the midst of it ends it after the step that it is at. Its questions are set aside with it.
    """
    desk.workflows.move(identity, "cancel")
    desk.approvals.hold(identity, True)
    papers = Papers(desk.workspace.home)
    try:
        leave(desk, papers, Compiled(protocols_of(desk)), identity, CANCELLED)
    finally:
        papers.close()


def resume(desk: Desk, identity: str) -> None:
    """Let a run that was cancelled or failed go on from its last finished step; errors as above.

    Its questions can be answered again, unless their time is over by now.
    """
    desk.workflows.move(identity, "resume")
    desk.approvals.hold(identity, False)


def leave(desk: Desk, papers: Papers, compiled: Compiled, identity: str, why: str) -> None:
    """Say in every document that a run was still to write why it is not there, and show how the run ended."""
    state, kept = desk.workflows.run(identity)
    specs, facts = compiled.of(state.request), _facts(state)
    names = {step.name for step in kept if step.error is None}
    for step in specs(state.workflow).steps:
        name = f"{step.number}.{step.name}"
        for task in left_out(specs, step.body, f"{name}/", names) if name not in names else ():
            papers.file(facts, str(task.output), {"status": "skipped", "reason": why})
    papers.show(ACTIVE, lambda: active_workflow(state, kept, specs(state.workflow).steps))
    papers.flush(identity)


def rebuild(desk: Desk, compiled: Compiled, looked_at: int = LOOKED_AT) -> int:
    """Write the documents of the newest ended run of each workflow again, from its kept steps; how many there are.

    Of the newest `looked_at` runs.
    """
    papers = Papers(desk.workspace.home)
    newest: dict[str, RunState] = {}
    for run in desk.workflows.runs(looked_at):
        if run.outcome is not None and "interpreter" in run.request:
            newest.setdefault(run.workflow, run)
    count = 0
    try:
        for state in newest.values():
            facts = _facts(state)
            kept = {step.name: step.answer or {} for step in desk.workflows.run(state.identity)[1]}
            why = (state.outcome or {}).get("reason")
            left = f"the workflow halted: {why}" if why else ""
            for task, outcome in _outcomes(compiled.of(state.request), state.workflow, kept, left):
                papers.file(facts, str(task.output), outcome)
                count += 1
        papers.flush()
    finally:
        papers.close()
    return count


def _facts(state: RunState) -> Facts:
    asked = state.request
    return Facts(state.identity, state.workflow, asked["as_of"], asked["execution"], asked["params"])


def _outcomes(
    specs: Specs, workflow: str, kept: Mapping[str, Mapping[str, Any]], left: str, prefix: str = ""
) -> Iterator[tuple[Task, Mapping[str, Any]]]:
    """What became of each task that has a document; `left` is why those are not there that were not come to."""
    for step in specs(workflow).steps:
        name = f"{prefix}{step.number}.{step.name}"
        answer = kept.get(name, {})
        why = answer.get("reason") or left
        if isinstance(step.body, SubWorkflow):
            yield from _outcomes(specs, step.body.workflow, kept, why, f"{name}/")
        for task in step.body.tasks if isinstance(step.body, Tasks) else ():
            outcome = answer.get("tasks", {}).get(task.name) or (why and {"status": "skipped", "reason": why})
            if task.output is not None and outcome:
                yield task, outcome
