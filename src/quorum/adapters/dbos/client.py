"""The side of every other process: it asks, tells and looks, and runs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from typing import Any

import sqlalchemy as sa
from dbos import DBOSClient, SetWorkflowID, StepInfo, WorkflowStatus, error

from quorum.adapters.dbos.engine import BODY, ENGINE_VERSION, NAME, QUEUE
from quorum.adapters.dbos.serializer import JsonSerializer
from quorum.desk.workflows.ports import RunState, RunStep, step_number
from quorum.domain import IllegalMove, NotFound

MS = 1_000_000
PAGE = 500
STATUS = {
    "ENQUEUED": "enqueued",
    "DELAYED": "enqueued",
    "PENDING": "running",
    "SUCCESS": "done",
    "ERROR": "failed",
    "CANCELLED": "cancelled",
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "failed",
}
HIDDEN = {"DBOS.sleep"}
ENDED = {"done", "failed", "cancelled"}
ASKED = {"enqueued": ["ENQUEUED", "DELAYED"], "running": ["PENDING"], "done": ["SUCCESS"]} | {
    "failed": ["ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
    "cancelled": ["CANCELLED"],
}


class DbosWorkflows:
    """Workflows over DBOS's client."""

    def __init__(self, database: sa.Engine) -> None:
        self._client = DBOSClient(
            system_database_engine=database,
            serializer=JsonSerializer(),
            application_name=NAME,
            lazy=True,
        )

    def enqueue(self, identity: str, request: Mapping[str, Any]) -> None:
        self._client.enqueue(
            {"queue_name": QUEUE, "workflow_name": BODY, "workflow_id": identity, "app_version": ENGINE_VERSION},
            request,
        )

    def send(self, identity: str, topic: str, message: Mapping[str, Any]) -> None:
        try:
            self._client.send(identity, dict(message), topic, idempotency_key=f"{identity}/{topic}")
        except error.DBOSNonExistentWorkflowError:
            raise _unknown(identity) from None

    def runs(self, limit: int = 50, workflow: str | None = None, status: str | None = None) -> Sequence[RunState]:
        """As the port says; every run of the millisecond that the last one began in is looked at."""
        asked = None if status is None else ASKED[status]
        most = limit + 1 if workflow is None else max(limit + 1, PAGE)
        while True:
            some = [_state(one) for one in self._client.list_workflows(limit=most, sort_desc=True, status=asked)]
            fitting = (state for state in some if workflow in (None, state.workflow))
            newest = sorted(fitting, key=lambda one: (one.created, one.identity), reverse=True)[:limit]
            if len(some) < most or (len(newest) == limit and some[-1].created < newest[-1].created):
                return newest
            most *= 4

    def run(self, identity: str) -> tuple[RunState, Sequence[RunStep]]:
        found = self._client.list_workflows(workflow_ids=[identity])
        if not found:
            raise _unknown(identity)
        steps = self._client.list_workflow_steps(identity)
        return _state(found[0]), [_step(step) for step in steps if step["function_name"] not in HIDDEN]

    def move(self, identity: str, move: str, step: int | None = None, to: str | None = None) -> str:
        """As the port says; `to` is the id of a fork."""
        state, kept = self.run(identity)
        if move == "cancel":
            self._require(state, state.status not in ENDED, move)
            self._client.cancel_workflow(identity, cancel_children=True)
        elif move == "resume":
            self._require(state, state.status in ("cancelled", "failed", "enqueued"), move)
            parts = self._client.list_workflows(workflow_id_prefix=f"{identity}/", status="CANCELLED")
            for name in (*(part.workflow_id for part in parts), identity):
                self._client.resume_workflow(name, queue_name=QUEUE)
        elif move == "delete":
            self._require(state, state.status in ENDED, move)
            self._client.delete_workflow(identity, delete_children=True)
        else:
            return self._fork(identity, kept, step or 1, to)
        return identity

    def close(self) -> None:
        """Give back the connections."""
        self._client.destroy()

    def _fork(self, identity: str, kept: Sequence[RunStep], step: int, to: str | None) -> str:
        first = next((k.number for k in kept if step_number(k.name) == step), None)
        if first is None and step > 1:
            raise IllegalMove(
                f"run {identity} has not reached step {step}",
                f"it kept {', '.join(dict.fromkeys(k.name for k in kept)) or 'none'}",
            )
        with nullcontext() if to is None else SetWorkflowID(to), suppress(sa.exc.IntegrityError):
            handle = self._client.fork_workflow(
                identity, first or 1, queue_name=QUEUE, application_version=ENGINE_VERSION
            )
            return handle.get_workflow_id()
        return str(to)  # somebody else has forked it under that name

    def _require(self, state: RunState, legal: bool, move: str) -> None:
        if not legal:
            raise IllegalMove(f"run {state.identity} is {state.status}: there is nothing to {move}")


def _unknown(identity: str) -> NotFound:
    return NotFound(f"there is no run {identity!r}", "see `quorum workflow list`")


def _state(found: WorkflowStatus) -> RunState:
    request: Mapping[str, Any] = {}
    if isinstance(found.input, Mapping) and found.input["args"]:
        request = found.input["args"][0]
    outcome = found.output if isinstance(found.output, Mapping) else None
    return RunState(
        found.workflow_id,
        str(request.get("workflow", found.name)),
        STATUS[found.status],
        (found.created_at or 0) * MS,
        (found.updated_at or 0) * MS,
        request,
        outcome,
        _error(found),
        found.executor_id,
        found.recovery_attempts or 0,
    )


def _name(step: StepInfo) -> str:
    """The name of a step in our words: its own, or what the engine did for us there."""
    child = step["child_workflow_id"] or ""
    words = {BODY: f"start {child}", "DBOS.getResult": f"await {child}", "DBOS.recv": "wait"}
    return words.get(step["function_name"], step["function_name"])


def _error(found: WorkflowStatus) -> str | None:
    if found.status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
        return f"it was begun {found.recovery_attempts} times and never ended"
    return None if found.error is None else " ".join(str(found.error).split())


def _step(step: StepInfo) -> RunStep:
    began, ended = step["started_at_epoch_ms"], step["completed_at_epoch_ms"]
    answer = step["output"]
    return RunStep(
        step["function_id"],
        _name(step),
        None if began is None else began * MS,
        None if ended is None else ended * MS,
        answer if isinstance(answer, Mapping) else None,
        None if step["error"] is None else " ".join(str(step["error"]).split()),
    )
