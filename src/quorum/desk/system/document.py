"""The coordinator's views: how the whole system is, and how far the workflow at hand is, in the specified shapes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from quorum.desk.agents.roster import COORDINATOR
from quorum.desk.approvals.question import Approval
from quorum.desk.system.states import ALLOWS, SystemState
from quorum.desk.workflows.ports import RunState, RunStep
from quorum.desk.workflows.spec import ApprovalPoint, DecisionPoint, Loop, Step, SubWorkflow, Task
from quorum.domain import Decision, DecisionKind, iso

RECENT = 20
FINE = ("completed", "cached", "skipped")
UNDER_WAY = {"enqueued": "pending", "running": "in_progress", "waiting": "waiting"}


class SystemView(NamedTuple):
    """What is shown of the system: the instant (ns UTC), its state, the run at hand, agents at work, health by agent,
    decisions newest first, open approvals, trades newest first.
    """

    at: int
    state: SystemState
    run: RunState | None
    active_agents: Sequence[str]
    agent_health: Mapping[str, str]
    decisions: Sequence[Decision]
    approvals: Sequence[Approval]
    trades: Sequence[Mapping[str, Any]]


def coordinator_state(view: SystemView) -> dict[str, Any]:
    """The document `state/system/coordinator_state.json`."""
    evaluated = next((d.at for d in view.decisions if d.choice.kind is DecisionKind.CONSENSUS), None)
    at_work = view.run is not None and view.run.status in UNDER_WAY
    return {
        "updated_at": iso(view.at),
        "system_status": view.state.value,
        "trading_enabled": ALLOWS[view.state].opens,
        "current_workflow": view.run.workflow if view.run is not None and at_work else None,
        "active_agents": list(view.active_agents),
        "agent_health": dict(view.agent_health),
        "last_signal_evaluation": None if evaluated is None else iso(evaluated),
        "pending_decisions": [_pending(approval) for approval in view.approvals],
        "recent_trades": [dict(trade) for trade in view.trades[:RECENT]],
    }


def active_workflow(run: RunState | None, kept: Sequence[RunStep], plan: Sequence[Step]) -> dict[str, Any]:
    """The document `state/workflows/active_workflow.json`: the kept steps of a run beside the steps of its spec.

    A kept step belongs to the step whose number its name begins with, as `4.evaluation` or `6.consent.ask`.
    """
    if run is None:
        return _document(None, {}, None, "idle", "none")
    parts = _by_number(kept)
    ended = run.status not in UNDER_WAY
    last = max(parts, default=0)
    results = {n: _result(parts[n], ended or n < last) for n in sorted(parts)}
    here = next((s for s in plan if results.get(s.number, {}).get("status") in (None, "in_progress")), None)
    if ended or here is None:
        current = last or None
    else:
        current = here.number
        if run.status != "enqueued":
            results.setdefault(current, {"status": "in_progress"})
    status = UNDER_WAY.get(run.status) or _end(run)
    return _document(run, results, current, status, _next(here, run.status, ended))


def _document(
    run: RunState | None, results: Mapping[int, Mapping[str, Any]], current: int | None, status: str, following: str
) -> dict[str, Any]:
    return {
        "workflow_id": run and run.identity,
        "workflow_type": run and run.workflow,
        "started_at": run and iso(run.created),
        "current_step": current,
        "status": status,
        "step_results": {str(number): dict(result) for number, result in results.items()},
        "next_action": following,
    }


def _by_number(kept: Iterable[RunStep]) -> dict[int, list[RunStep]]:
    parts: dict[int, list[RunStep]] = {}
    for step in kept:
        number = step.name.partition(".")[0]
        if number.isascii() and number.isdigit():
            parts.setdefault(int(number), []).append(step)
    return parts


def _result(parts: Sequence[RunStep], over: bool) -> dict[str, Any]:
    """A step's status, and how many milliseconds its parts took; one of several parts may not be over."""
    whole = any(part.name.count(".") == 1 and "/" not in part.name for part in parts)
    if not (whole or over or any(part.name.endswith(".settle") for part in parts)):
        return {"status": "in_progress"}
    words = [_word(part) for part in parts if whole or "/" in part.name or "items" in (part.answer or {})]
    status = next((word for word in ("failed", "degraded") if word in words), words[-1] if words else "completed")
    taken = [_milliseconds(part) for part in parts]
    known = [milliseconds for milliseconds in taken if milliseconds is not None]
    return {"status": status, "duration_ms": round(sum(known))} if known else {"status": status}


def _word(step: RunStep) -> str:
    answer = step.answer or {}
    if step.error is not None:
        return "failed"
    if any(item.get("status") not in FINE for item in answer.get("items", ())):
        return "degraded"
    return str(answer.get("status", "completed"))


def _milliseconds(step: RunStep) -> float | None:
    told = (step.answer or {}).get("duration_ms")
    if told is not None:
        return float(told)
    return None if step.began is None or step.ended is None else (step.ended - step.began) / 1e6


def _end(run: RunState) -> str:
    """How a run ended: as its outcome says, where it has one."""
    told = (run.outcome or {}).get("status")
    return str(told) if told is not None else {"done": "completed"}.get(run.status, run.status)


def _next(step: Step | None, status: str, ended: bool) -> str:
    if ended or step is None:
        return "none"
    if status == "enqueued":
        return "await a worker"
    body = step.body
    if isinstance(body, ApprovalPoint):
        return f"await an answer: {body.question}"
    if isinstance(body, DecisionPoint):
        return f"decide: {body.question}"
    if isinstance(body, SubWorkflow):
        return f"await workflow {body.workflow}"
    if isinstance(body, Loop):
        within = body.body
        return f"await {_agent(within)} output" if isinstance(within, Task) else f"await workflow {within.workflow}"
    return f"await {' and '.join(dict.fromkeys(map(_agent, body.tasks)))} output"


def _agent(task: Task) -> str:
    return task.agent or COORDINATOR


def _pending(approval: Approval) -> dict[str, Any]:
    asked = approval.question
    return {
        "approval_id": approval.approval_id,
        "workflow_id": asked.workflow_id,
        "question": asked.question,
        "shows": dict(asked.shows),
        "expires_at": iso(asked.expires_at),
    }
