"""File 3's tools exist under their old names, and do real work."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

import quorum.orchestration as tools
from desk.agents.staffs import DONE, ERROR, calls, delegation
from quorum.desk import Desk
from quorum.desk.agents import Finish, ReadyForReview
from quorum.desk.settings import read_settings
from quorum.desk.settings.agents import AgentsFile
from quorum.desk.work import TASKS, Unavailable
from quorum.domain import DAY, NotFound, UsageError

if TYPE_CHECKING:
    from quorum.desk.work.assignment import Job

QUICK = """
validation_suites:
  quick:
    parallel_group:
      - {agent: project-analyst, task: survey_strategy}
      - {agent: test-automator, task: survey_trials}
      - {agent: gemini-gpt-hybrid, task: insight}
    sequential_after:
      - {agent: documentation-specialist, task: describe_strategy}
  small:
    parallel_group: [{agent: project-analyst, task: survey_strategy}]
    sequential_after: [{agent: code-reviewer, task: review_diagnostics}]
"""
NAMES = {"IntegratedOrchestrator", "TrendBreakoutStrategy", "ProductionOrchestrator", "IntegratedMLPipeline"}


@pytest.fixture
def quick(home: Path) -> Path:
    (home / "config" / "agents.yaml").write_text(QUICK, encoding="utf-8")
    return home


@pytest.mark.real_data
def test_every_name_and_method_of_the_specification_exists(shared: Path) -> None:
    text = (shared / "spec" / "3-gpt-trader-control-center.md").read_text(encoding="utf-8")
    imported = set(re.findall(r"from bot\.(?:orchestration|integration|live|ml|strategy)[\w.]* import (\w+)", text))
    assert imported >= NAMES
    assert len(imported) == 8
    assert imported <= set(tools.__all__)
    assert [name for name in sorted(imported) if not isinstance(getattr(tools, name), type)] == []
    variables = dict(re.findall(r"^(\w+) = (\w+)\(.*\)$", text, re.MULTILINE))
    asked = set(re.findall(r"\b(\w+)\.((?:\w+\.)?\w+)\(", text))
    methods = {(variables[v], m) for v, m in asked if variables.get(v) in imported}
    assert len(methods) == 12
    for name, method in methods:
        first, _, rest = method.partition(".")
        if rest:
            assert callable(getattr(tools.AgentMetaWorkflow, rest))
        else:
            assert callable(getattr(getattr(tools, name), first)), (name, method)


def test_a_suite_does_real_work_and_tells_its_time(quick: Path) -> None:
    validator = tools.ParallelValidationOrchestrator(quick, max_workers=4)
    found = asyncio.run(validator.run_validation_suite("quick", strategy="demo_ma"))
    told = [(task["agent"], task["task"], task["status"]) for task in found["tasks"]]
    assert told == [
        ("project-analyst", "survey_strategy", "completed"),
        ("test-automator", "survey_trials", "completed"),
        ("gemini-gpt-hybrid", "insight", "unavailable"),
        ("documentation-specialist", "describe_strategy", "completed"),
    ]
    assert found["status"] == "incomplete"
    assert "demo_ma" in json.dumps(found["tasks"][0]["answer"])
    assert "its seat for a language model is empty" in found["tasks"][2]["reason"]
    assert found["seconds"] > 0
    assert found["sequential_seconds"] == pytest.approx(sum(t["alone_seconds"] for t in found["tasks"]))
    assert 0 <= found["saved"] < 1


@pytest.mark.parametrize("workers", [0, -1, "4"])
def test_fewer_workers_than_one_are_refused(quick: Path, workers: Any) -> None:
    with pytest.raises(UsageError, match="at least 1"):
        tools.ParallelValidationOrchestrator(quick, max_workers=workers)


def test_what_is_asked_of_a_suite_goes_before_what_it_says(quick: Path) -> None:
    fixed = QUICK.replace("task: survey_strategy}", "task: survey_strategy, params: {strategy: trend_breakout}}")
    (quick / "config" / "agents.yaml").write_text(fixed, encoding="utf-8")
    validator = tools.ParallelValidationOrchestrator(quick)
    for given, named in (({"strategy": "demo_ma"}, "demo_ma"), ({}, "trend_breakout")):
        assert validator.run("quick", given)["tasks"][0]["answer"]["strategy"] == named


def test_a_task_that_hangs_is_left_behind_at_its_deadline(quick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    hang = replace(TASKS["survey_strategy"], work=lambda desk, assignment: over.wait(60) or {})
    monkeypatch.setitem(cast("dict[str, Job]", TASKS), "survey_strategy", hang)
    agents = "agents: {hasty: {role: Has no time., tasks: [survey_strategy], deadline_seconds: 0.2}}\n"
    text = agents + QUICK.replace("agent: project-analyst", "agent: hasty")
    (quick / "config" / "agents.yaml").write_text(text, encoding="utf-8")
    began = time.monotonic()
    found = tools.ParallelValidationOrchestrator(quick, max_workers=1).run("small", {"strategy": "demo_ma"})
    over.set()
    assert time.monotonic() - began < 20
    assert (found["tasks"][0]["status"], found["status"]) == ("failed", "incomplete")
    assert "0.2 s" in found["tasks"][0]["reason"]


def test_what_a_suite_did_is_on_record(quick: Path, desk: Desk) -> None:
    tools.ParallelValidationOrchestrator(quick).run("small", {"strategy": "demo_ma"})
    tasks = {task.task.target_agent: task.told()["signal"] for task in desk.staff.tasks.recent(9)}
    assert tasks["project-analyst"] == "TASK_COMPLETE"
    assert tasks["code-reviewer"].startswith("BLOCKED_ON_REVIEW_DIAGNOSTICS_NEEDS_THE_ANSWER")
    outcomes = {one.agent: one.outcome.value for one in desk.staff.calls.since(0)}
    assert outcomes == {"project-analyst": "done", "code-reviewer": "unavailable"}
    summary = tools.OrchestrationContextManager(quick).get_status_summary()
    assert (summary["tasks"], summary["calls"]) == ({"BLOCKED": 1, "TASK_COMPLETE": 1}, 2)


def test_a_suite_that_there_is_not_is_refused(quick: Path) -> None:
    with pytest.raises(NotFound, match=r"config/agents\.yaml has discovery, quick, small, validation"):
        tools.ParallelValidationOrchestrator(quick).run("everything")


def test_discovery_asks_twelve_agents_about_the_lakes_first_series(quick: Path, desk: Desk) -> None:
    suite = desk.staff.rules.suites["discovery"]
    assert len({task.agent for task in suite.parallel_group}) == len(suite.parallel_group) == 12
    light = QUICK.replace("small:", "discovery:").replace(
        "code-reviewer, task: review_diagnostics", "planner, task: plan_review"
    )
    (quick / "config" / "agents.yaml").write_text(light, encoding="utf-8")
    found = tools.OrchestrationContextManager(quick).launch_parallel_discovery(strategy="demo_ma")
    assert (found["suite"], found["status"]) == ("discovery", "passed")
    assert found["tasks"][0]["answer"]["strategy"] == "demo_ma"


def test_ready_tasks_and_the_context(home: Path, desk: Desk) -> None:
    one, _ = desk.staff.tasks.delegate_all([delegation(1), delegation(2, deadline=desk.clock.now() + DAY)])
    desk.staff.tasks.finish_all([Finish(one.task_id, ReadyForReview(), "look at it")])
    manager = tools.OrchestrationContextManager(home)
    assert [task["task_id"] for task in manager.get_ready_tasks()] == [one.task_id]
    context = manager.get_context()
    assert [task["signal"] for task in context["handoff_points"]] == ["READY_FOR_REVIEW"]
    assert len(context["tasks"]) == 1


def test_attempts_are_recorded_and_learnt_from(home: Path, desk: Desk) -> None:
    optimizer = tools.ClaudeCodeAgentOptimizer(home)
    before = optimizer.optimize_workflow()
    assert before["agent_substitutions"]["python-pro"] == "backend-developer"
    assert len(before["agent_substitutions"]) == 7
    assert (before["in_force"], before["recommendations"]) == ([], [])
    for _ in range(3):
        optimizer.log_agent_attempt("python-pro", False, error="no answer")
    optimizer.log_agent_attempt("ml-engineer", True, 1.5)
    optimizer.log_agent_attempt("rust-pro", False, error="not found")
    after = optimizer.optimize_workflow()
    assert [(row["agent"], row["use"]) for row in after["in_force"]] == [("python-pro", "backend-developer")]
    assert [(one["kind"], one["subject"]) for one in after["recommendations"]] == [("gap", "rust-pro")]
    kept = {one.asked_agent: one for one in desk.staff.calls.since(0)}
    assert (kept["ml-model-engineer"].seconds, kept["ml-model-engineer"].outcome.value) == (1.5, "done")
    assert (kept["rust-pro"].agent, kept["rust-pro"].outcome.value) == ("", "gap")
    for name, seconds in (("", 1.0), ("python-pro", -1.0), ("python-pro", float("nan"))):
        with pytest.raises(UsageError, match="give a name, and seconds"):
            optimizer.log_agent_attempt(name, True, seconds)
    with pytest.raises(UsageError, match="without a name"):
        optimizer.suggest_agent_creation(" ")
    optimizer.log_agent_attempt("!", False)
    assert "new-agent:" in str(optimizer.optimize_workflow()["recommendations"])
    report = optimizer.meta_workflow.generate_optimization_report()
    assert report["gaps"] == {"!": 1, "rust-pro": 1}
    assert json.loads(json.dumps(report)) == report
    update = optimizer.generate_workflow_update()
    assert "python-pro is replaced by backend-developer" in update
    assert "rust-pro (gap)" in update


@pytest.mark.parametrize("name", ["rust-pro", "Rust Pro!", "ml-engineer", "general-purpose"])
def test_the_suggested_agent_can_be_added(home: Path, name: str) -> None:
    text = tools.ClaudeCodeAgentOptimizer(home).suggest_agent_creation(name).replace("[TASK]", "[view]")
    path = home / "config" / "agents.yaml"
    path.write_text(text, encoding="utf-8")
    rules = read_settings(path, AgentsFile).rules()
    assert [agent.source for agent in rules.agents.values()].count("config/agents.yaml") == 1


def test_the_metrics_are_of_what_was_recorded(home: Path, desk: Desk) -> None:
    tracker = tools.OrchestrationMetricsTracker(home)
    assert tracker.get_parallel_efficiency() is None
    assert tracker.get_agent_performance_ranking() == []
    assert tracker.get_optimization_recommendations() == []
    now = desk.clock.now()
    made = [*calls(DONE, DONE), *calls(ERROR, DONE, agent="critic")]
    first = min(one.at for one in made)
    desk.staff.calls.record_all([replace(one, at=one.at - first + now - DAY) for one in made])
    assert tracker.get_parallel_efficiency() == pytest.approx(100.0)
    assert [one["agent"] for one in tracker.get_agent_performance_ranking()] == ["smc-pattern-recognizer", "critic"]


def test_the_old_names_lead_to_the_real_things_or_refuse(home: Path) -> None:
    from quorum.signals.strategies import TREND_BREAKOUT

    assert isinstance(TREND_BREAKOUT, tools.TrendBreakoutStrategy)
    assert len(tools.IntegratedOrchestrator(home).backtest("demo_ma", "FLATUSDT", "1h").equity) > 0
    with pytest.raises(Unavailable, match="room learning"):
        tools.IntegratedMLPipeline()
    with pytest.raises(Unavailable, match="quorum up"):
        tools.ProductionOrchestrator()
    with pytest.raises(AttributeError):
        tools.NoSuchTool  # noqa: B018
