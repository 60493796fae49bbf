"""`quorum agents` and its commands over a real workspace."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer

from desk.agents.staffs import DONE, ERROR, GAP, call, calls, delegation
from quorum.desk import Desk
from quorum.desk.agents import AGENTS, BlockedOn, Call, Finish
from quorum.domain import NotFound
from quorum.surfaces.cli.coordinator.agents import agents

Said = Callable[..., tuple[int, str]]


@pytest.fixture
def say(home: Path, capsys: pytest.CaptureFixture[str]) -> Said:
    """Run a command in that workspace: its exit code and what it prints."""
    app = typer.Typer()
    app.add_typer(agents, name="agents")

    def run(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        code = 0
        try:
            code = app(["agents", *words, "--home", str(home)], standalone_mode=False) or 0
        except typer.Exit as done:
            code = done.exit_code
        return code, capsys.readouterr().out

    return run


def answer(said: tuple[int, str]) -> Any:
    return json.loads(said[1])


def recent(desk: Desk, made: list[Call]) -> list[Call]:
    """The calls, moved to a minute ago by the desk's clock."""
    first = min(one.at for one in made)
    now = desk.clock.now()
    return [replace(one, at=one.at - first + now - 60_000_000_000) for one in made]


def test_the_list_has_everyone_with_health_and_figures(desk: Desk, say: Said) -> None:
    desk.staff.calls.record_all(recent(desk, [*calls(ERROR, ERROR, ERROR), *calls(DONE, agent="risk-manager")]))
    found = {one["name"]: one for one in answer(say("--json"))["agents"]}
    assert set(found) == set(AGENTS)
    assert (found["smc-pattern-recognizer"]["health"], found["smc-pattern-recognizer"]["success_rate"]) == (
        "unhealthy",
        0.0,
    )
    risk = found["risk-manager"]
    assert (risk["health"], risk["success_rate"], risk["p95_seconds"], risk["calls"]) == ("healthy", 1.0, 1.0, 1)
    assert (risk["mandatory"], risk["substitute"], risk["brain"]) == (True, None, None)
    code, text = say()
    assert code == 0
    assert all(name in text for name in ("risk-manager", "unhealthy", "backend-developer", "success_rate"))


def test_the_tasks_with_their_handoffs(desk: Desk, say: Said) -> None:
    one, _ = desk.staff.tasks.delegate_all([delegation(1), delegation(2)])
    desk.staff.tasks.finish_all([Finish(one.task_id, BlockedOn("DATA"), "no bars")])
    found = answer(say("tasks", "--json"))["tasks"]
    assert [task["signal"] for task in found] == [None, "BLOCKED_ON_DATA"]
    assert found[1]["task_id"] == one.task_id
    assert len(answer(say("tasks", "--open", "--json"))["tasks"]) == 1
    assert "BLOCKED_ON_DATA" in say("tasks")[1]


def test_a_route_says_who_and_why(desk: Desk, say: Said) -> None:
    code, text = say("route", "ML development", "--json")
    found = json.loads(text)
    assert (code, found["agent"], found["primary"], found["alternative"]) == (
        0,
        "ml-model-engineer",
        "ml-engineer",
        "general-purpose",
    )
    assert (found["substituted"], found["tools"]) == (False, ["Write", "Edit", "Bash"])
    desk.staff.calls.record_all(recent(desk, calls(ERROR, ERROR, ERROR, agent="quant-analyst")))
    replaced = answer(say("route", "quantitative analysis", "--json"))
    assert (replaced["agent"], replaced["substituted"], replaced["priority"]) == (
        "trading-strategy-consultant",
        True,
        "high",
    )
    assert "stands in for quant-analyst" in say("route", "quantitative analysis")[1]


def test_a_route_that_leads_to_nobody_ends_with_one(desk: Desk, say: Said) -> None:
    sick = recent(desk, calls(ERROR, ERROR, ERROR, agent="ml-model-engineer"))
    desk.staff.calls.record_all(sick)
    code, text = say("route", "train_model", "--json")
    assert (code, json.loads(text)["agent"]) == (1, None)
    assert json.loads(text)["gap"]["alternative"] == "model-trainer"
    assert "to fill the gap" in say("route", "train_model")[1]
    with pytest.raises(NotFound, match="no kind of task, agent or task is called 'cooking'"):
        say("route", "cooking")


def test_recommendations_come_with_their_numbers_and_none_without(desk: Desk, say: Said) -> None:
    empty = answer(say("recommend", "--json"))
    assert (empty["recommendations"], empty["ranking"], empty["calls"]) == ([], [], 0)
    assert "nothing to recommend: 0 calls in 30 days" in say("recommend")[1]
    failing = calls(*[ERROR] * 12, agent="debugger")
    gap = call(500, GAP, agent="", asked_agent="order-flow-watcher", task_type="view")
    desk.staff.calls.record_all(recent(desk, [*failing, gap]))
    found = answer(say("recommend", "--json"))
    assert [(one["kind"], one["subject"]) for one in found["recommendations"]] == [
        ("gap", "order-flow-watcher"),
        ("unreliable", "debugger"),
    ]
    assert found["recommendations"][1]["evidence"]["failures"] == 12
    assert [one["agent"] for one in found["ranking"]] == ["debugger"]
    assert "unreliable: debugger" in say("recommend")[1]


def test_one_agent_by_any_of_its_names(desk: Desk, say: Said) -> None:
    desk.staff.calls.record_all(recent(desk, calls(DONE, ERROR, agent="ml-model-engineer")))
    found = answer(say("show", "trading_ml_engineer", "--json"))
    assert (found["name"], found["health"], len(found["last_calls"])) == ("ml-model-engineer", "degraded", 2)
    assert "ml-engineer" in say("show", "ml-engineer")[1]
    with pytest.raises(NotFound, match="did you mean 'debugger'"):
        say("show", "debuger")


def test_a_users_agent_is_listed_and_routed_to(home: Path, say: Said) -> None:
    path = home / "config" / "agents.yaml"
    path.write_text("agents: {gap-watcher: {role: Watches gaps., tasks: [key_levels]}}\n", encoding="utf-8")
    found = {one["name"]: one for one in answer(say("--json"))["agents"]}
    assert found["gap-watcher"]["source"] == "config/agents.yaml"
    assert answer(say("route", "gap-watcher", "--json"))["agent"] == "gap-watcher"
