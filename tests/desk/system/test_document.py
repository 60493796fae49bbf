"""The coordinator's views have the specified keys, and say what the kept steps say."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from quorum.desk.approvals import Question
from quorum.desk.approvals.fakes import MemoryApprovals
from quorum.desk.system import SystemState, SystemView, active_workflow, coordinator_state
from quorum.desk.workflows import RunState, RunStep
from quorum.desk.workflows.spec import (
    ApprovalPoint,
    Body,
    Criterion,
    DecisionPoint,
    Loop,
    Step,
    SubWorkflow,
    Task,
    Tasks,
)
from quorum.domain import HOUR, Choice, Decision, DecisionKind, VirtualClock, canonical, parse_instant
from quorum.domain.grammar import parse

NOW = parse_instant("2025-01-30T10:30:00Z")
MS = 1_000_000


def tasks(*agents: str) -> Tasks:
    return Tasks(tuple(Task(f"t{i}", "view", agent or None, "look") for i, agent in enumerate(agents)), parallel=True)


BODIES: dict[str, Body] = {
    "data": tasks("data-engineer"),
    "views": tasks("market-microstructure-analyst", "smc-pattern-recognizer", "smc-pattern-recognizer"),
    "evaluation": tasks("signal-evaluator"),
    "verdict": DecisionPoint("Approve or reject?", (Criterion("a > 1", parse("a > 1")),)),
    "consent": ApprovalPoint("Buy?", 60.0),
    "inner": SubWorkflow("daily_operations"),
    "each": Loop(parse("symbols"), "symbol", 2, Task("look", "view", "backtester", "look")),
    "last": tasks(""),
}
PLAN = [Step(number, name, body) for number, (name, body) in enumerate(BODIES.items(), 1)]


def run(status: str = "running", outcome: Mapping[str, Any] | None = None) -> RunState:
    began = parse_instant("2025-01-30T10:29:00Z")
    name = "realtime_signal_generation"
    return RunState("WF-20250130-001", name, status, began, NOW, {}, outcome, None, "worker-1", 1)


def kept(name: str, milliseconds: float | None = 120.0, **answer: Any) -> RunStep:
    told = {"status": "completed", **answer}
    return RunStep(
        1, name, NOW, NOW + 7 * MS, told if milliseconds is None else {**told, "duration_ms": milliseconds}, None
    )


DONE = [kept("1.data", 119.6), kept("2.views", 850.2), kept("3.evaluation", None, status="degraded")]


def test_how_far_a_run_is_comes_from_its_kept_steps() -> None:
    assert active_workflow(run(), DONE[:2], PLAN) == {
        "workflow_id": "WF-20250130-001",
        "workflow_type": "realtime_signal_generation",
        "started_at": "2025-01-30T10:29:00Z",
        "current_step": 3,
        "status": "in_progress",
        "step_results": {
            "1": {"status": "completed", "duration_ms": 120},
            "2": {"status": "completed", "duration_ms": 850},
            "3": {"status": "in_progress"},
        },
        "next_action": "await signal-evaluator output",
    }


@pytest.mark.parametrize(
    ("count", "following"),
    [
        (0, "await data-engineer output"),
        (1, "await market-microstructure-analyst and smc-pattern-recognizer output"),
        (3, "decide: Approve or reject?"),
        (4, "await an answer: Buy?"),
        (5, "await workflow daily_operations"),
        (6, "await backtester output"),
        (7, "await trading-coordinator output"),
    ],
)
def test_what_comes_next_is_said_for_every_kind_of_step(count: int, following: str) -> None:
    done = [kept(f"{step.number}.{step.name}") for step in PLAN[:count]]
    found = active_workflow(run(), done, PLAN)
    assert (found["current_step"], found["next_action"]) == (count + 1, following)
    assert found["step_results"][str(count + 1)] == {"status": "in_progress"}


def test_a_step_of_several_parts_is_over_with_its_last() -> None:
    asked = [*DONE, kept("4.verdict"), kept("5.consent.ask", 2.0, status="open"), kept("5.consent.remind.1", 1.0)]
    found = active_workflow(run("waiting"), asked, PLAN)
    assert (found["current_step"], found["status"]) == (5, "waiting")
    assert found["step_results"]["5"] == {"status": "in_progress"}
    assert found["next_action"] == "await an answer: Buy?"
    settled = [*asked, kept("5.consent.settle", 3.0, status="approved"), kept("6.inner/1.check", 10.0)]
    found = active_workflow(run(), settled, PLAN)
    assert found["step_results"]["5"] == {"status": "completed", "duration_ms": 6}
    assert (found["current_step"], found["step_results"]["6"]) == (6, {"status": "in_progress"})
    items = [{"status": "completed"}, {"status": "failed"}]
    later = [*settled, kept("7.each.1", 4.0, items=items[:1]), kept("7.each.3", 5.0, items=items), kept("8.last")]
    found = active_workflow(run("done", {"status": "degraded"}), later, PLAN)
    assert found["step_results"]["6"] == {"status": "completed", "duration_ms": 10}
    assert found["step_results"]["7"] == {"status": "degraded", "duration_ms": 9}
    assert (found["status"], found["current_step"], found["next_action"]) == ("degraded", 8, "none")


def test_a_run_that_waits_for_a_worker_or_has_ended_says_so() -> None:
    assert active_workflow(run("enqueued"), [], PLAN)["next_action"] == "await a worker"
    assert active_workflow(run("enqueued"), [], PLAN)["step_results"] == {}
    failed = active_workflow(run("failed"), [*DONE[:1], RunStep(2, "2.views", None, None, None, "gone")], PLAN)
    assert (failed["status"], failed["step_results"]["2"]) == ("failed", {"status": "failed"})
    halted = active_workflow(run("done", {"status": "halted"}), [*DONE[:1], kept("halted", left=["skipped"])], PLAN)
    assert (halted["status"], halted["current_step"]) == ("halted", 1)
    assert active_workflow(run("done"), DONE, PLAN)["status"] == "completed"
    assert active_workflow(None, [], PLAN)["status"] == "idle"


def view(state: SystemState, at_hand: RunState | None) -> SystemView:
    approvals = MemoryApprovals(VirtualClock(NOW))
    approvals.ask(Question("k", "WF-1", "consent", "Buy?", NOW + HOUR, {"price": "1"}))
    older = parse_instant("2025-01-30T10:29:00Z")
    decisions = [
        Decision(f"DEC-{n}", at, Choice(kind, "BTCUSDT", at, {}, {}, ""), "", {})
        for n, (at, kind) in enumerate([(NOW, DecisionKind.RISK), (older, DecisionKind.CONSENSUS)])
    ]
    trades = [{"order": n} for n in range(30)]
    health = {"risk-manager": "healthy"}
    return SystemView(NOW, state, at_hand, ["risk-manager"], health, decisions, approvals.open(), trades)


def test_the_system_is_shown_with_what_is_pending() -> None:
    found = coordinator_state(view(SystemState.OPERATIONAL, run()))
    assert found["updated_at"] == "2025-01-30T10:30:00Z"
    assert (found["system_status"], found["trading_enabled"]) == ("operational", True)
    assert found["current_workflow"] == "realtime_signal_generation"
    assert found["last_signal_evaluation"] == "2025-01-30T10:29:00Z"
    (pending,) = found["pending_decisions"]
    assert (pending["approval_id"], pending["question"]) == ("APR-20250130-001", "Buy?")
    assert [trade["order"] for trade in found["recent_trades"]] == list(range(20))
    assert canonical(found)


@pytest.mark.parametrize("state", SystemState)
def test_trading_is_enabled_at_work_only(state: SystemState) -> None:
    found = coordinator_state(view(state, run("done")))
    assert found["trading_enabled"] == (state in (SystemState.OPERATIONAL, SystemState.DEGRADED))
    assert found["current_workflow"] is None


@pytest.mark.real_data
def test_both_views_have_the_specified_keys(shared: Path) -> None:
    text = (shared / "spec" / "4-trading-coordinator.md").read_text(encoding="utf-8")
    blocks = {
        path: json.loads(block)
        for path, block in re.findall(r"Maintain at `(/state/[^`]+)`:\s+```json\n(.*?)```", text, re.DOTALL)
    }
    system, workflow = blocks["/state/system/coordinator_state.json"], blocks["/state/workflows/active_workflow.json"]
    made = coordinator_state(view(SystemState.OPERATIONAL, run()))
    assert list(made) == list(system)
    assert {k: type(v) for k, v in made.items()} == {k: type(v) for k, v in system.items()}
    three = [*DONE[:2], kept("3.evaluation")]
    shown = active_workflow(run(), three, PLAN)
    assert list(shown) == list(workflow)
    assert {k: type(v) for k, v in shown.items()} == {k: type(v) for k, v in workflow.items()}
    assert shown["status"] == workflow["status"]
    assert [list(r) for r in shown["step_results"].values()] == [list(r) for r in workflow["step_results"].values()]
