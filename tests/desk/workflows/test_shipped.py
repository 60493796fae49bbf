"""The shipped workflows are read with the real agents and tasks, and say what their specification says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from quorum.desk.agents.roster import AGENTS
from quorum.desk.work.table import TASKS
from quorum.desk.workflows import Known, WorkflowSpec, compile_workflow, find_workflow, to_document, workflows
from quorum.desk.workflows.spec import Cron, DecisionPoint, Degrade, OnEvent, Session, Task, Tasks
from quorum.domain import ConfigError

KNOWN = Known.of(AGENTS.values(), TASKS)
NOWHERE = Path("nowhere")
OWN = {"/state/signals/momentum_signals.json"}  # of the analyst that the specification does not have
MORE = {("realtime_signal_generation", 5): " or to_judge"}  # an exit needs no vote, and tier C may have a size
PATH = re.compile(r"(?<![\w.])/(?:state|data|backtests|models|outputs)/[\w./-]*[\w/]")
LIFE = (
    *("auto_retry", "live_deployment", "parallel_validation"),
    *("strategy_deployment", "strategy_meeting", "strategy_pipeline"),
)
PAPER = ("deployed_trading", "trade_execution", "strategy_deployment")


@pytest.fixture(scope="module")
def shipped() -> dict[str, WorkflowSpec]:
    found = workflows(NOWHERE, KNOWN)
    broken = [str(spec) for spec in found.values() if not isinstance(spec, WorkflowSpec)]
    assert broken == []
    return {name: spec for name, spec in found.items() if isinstance(spec, WorkflowSpec)}


@pytest.fixture(scope="module")
def blocks(shared: Path) -> dict[str, dict[str, Any]]:
    """The workflow templates of the specification, by name."""
    text = (shared / "spec" / "4-trading-coordinator.md").read_text(encoding="utf-8")
    found = re.findall(r"```yaml\n(workflow: .*?)```", text, re.DOTALL)
    read = [YAML(typ="safe", pure=True).load(block) for block in found]
    return {block["workflow"]: block for block in read}


def tasks_of(spec: WorkflowSpec) -> Iterator[Task]:
    for step in spec.steps:
        if isinstance(step.body, Tasks):
            yield from step.body.tasks


def outputs_of(spec: WorkflowSpec) -> set[str]:
    return {task.output for task in tasks_of(spec) if task.output is not None}


def test_all_are_read_and_carried_without_their_files(shipped: dict[str, WorkflowSpec]) -> None:
    assert len(shipped) == 13
    for name, spec in shipped.items():
        carried = to_document(spec)
        assert compile_workflow(carried.document, carried.parts, KNOWN) == spec == find_workflow(name, NOWHERE, KNOWN)
        assert spec.about
        usual = "live" if name == "live_deployment" else "notify"
        assert spec.execution == ("paper" if name in PAPER else usual)


@pytest.mark.real_data
def test_every_template_of_the_specification_is_shipped(
    shipped: dict[str, WorkflowSpec], blocks: dict[str, dict[str, Any]]
) -> None:
    assert set(shipped) == {*blocks, "deployed_trading", "team_review", "trade_execution", *LIFE}


@pytest.mark.real_data
def test_every_output_path_of_the_specification_is_written_by_its_workflow(
    shipped: dict[str, WorkflowSpec], blocks: dict[str, dict[str, Any]]
) -> None:
    for name, block in blocks.items():
        paths = set(PATH.findall(str(block)))
        assert paths == outputs_of(shipped[name]) - OWN, name
    assert len(set().union(*map(outputs_of, shipped.values())) - OWN) == 18


@pytest.mark.real_data
def test_steps_agents_and_actions_are_those_of_the_specification(
    shipped: dict[str, WorkflowSpec], blocks: dict[str, dict[str, Any]]
) -> None:
    for name, block in blocks.items():
        assert [step.number for step in shipped[name].steps] == [told["step"] for told in block["steps"]]
        for told, step in zip(block["steps"], shipped[name].steps, strict=True):
            wider = MORE.get((name, step.number), "")
            condition = f"{told['condition']}{wider}" if "condition" in told else None
            assert (condition, told.get("parallel", False)) == (
                None if step.condition is None else step.condition.text,
                isinstance(step.body, Tasks) and step.body.parallel,
            )
            same_body(told, step.body, step.action)


def same_body(told: dict[str, Any], body: object, action: str) -> None:
    """A step of the specification and ours have the same agents, actions, parameters and criteria."""
    if "criteria" in told:
        assert isinstance(body, DecisionPoint)
        assert (body.question, [c.text for c in body.criteria]) == (told["decision_point"], told["criteria"])
        return
    assert isinstance(body, Tasks)
    if "action" in told:
        assert action == told["action"]
    for one in (each if isinstance(each, dict) else {"action": each} for each in told.get("tasks", [told])):
        (task,) = (t for t in body.tasks if t.action == one["action"])
        assert task.agent == one.get("agent", told.get("agent"))
        assert dict(task.params) | one.get("params", {}) == dict(task.params)


def test_the_minute_waits_for_its_bar_and_never_trades_on_old_ones(shipped: dict[str, WorkflowSpec]) -> None:
    spec = shipped["realtime_signal_generation"]
    assert spec.triggers == (Cron("* * * * *", "UTC", True, 3.0),)
    assert (spec.missed, spec.overlap) == ("skip", "skip")
    policies = {task.name: task.fallback for task in tasks_of(spec)}
    assert (policies["latest"].policy, policies["latest"].max_wait_seconds) == (Degrade.WAIT_AND_RETRY, 3.0)
    assert {f.policy for n, f in policies.items() if n != "latest"} == {Degrade.HALT, Degrade.SKIP}
    assert all(f.then is not Degrade.USE_CACHED for f in policies.values())
    assert set(spec.results) >= {"decision_id", "votes", "consensus", "risk", "order"}


def test_the_day_begins_for_crypto_and_for_shares_and_has_twelve_tasks(shipped: dict[str, WorkflowSpec]) -> None:
    spec = shipped["daily_operations"]
    assert spec.triggers == (Cron("0 0 * * *"), Session("XNYS", "open", -60))
    assert sum(1 for _ in tasks_of(spec)) == 13  # twelve, and the step that opens the pipeline
    assert len({task.task for step in spec.steps[:4] for task in step.body.tasks}) == 12  # type: ignore[union-attr]


def test_optimisation_starts_on_changes_and_ends_in_three_criteria(shipped: dict[str, WorkflowSpec]) -> None:
    spec = shipped["walk_forward_optimization"]
    assert OnEvent("strategy_changed") in spec.triggers
    body = spec.steps[4].body
    assert isinstance(body, DecisionPoint)
    assert len(body.criteria) == 3


def test_the_team_works_in_four_phases(shipped: dict[str, WorkflowSpec]) -> None:
    spec = shipped["team_review"]
    found = [
        (step.action.partition(",")[0], isinstance(step.body, Tasks) and step.body.parallel) for step in spec.steps
    ]
    assert found == [
        ("Discovery", True),
        ("Planning", False),
        ("Execution", True),
        ("Execution", True),
        ("Validation", True),
    ]
    assert spec.triggers == ()


@pytest.mark.real_data
def test_the_templates_themselves_are_understood_once_they_name_their_tasks(
    tmp_path: Path, shipped: dict[str, WorkflowSpec], blocks: dict[str, dict[str, Any]]
) -> None:
    for name, block in blocks.items():
        with pytest.raises(
            ConfigError, match=r"steps\.1.*(has no task; write task:|names no task; trading-coordinator)"
        ):
            compile_workflow(block, {}, KNOWN)
        ours = {task.action: task for task in tasks_of(shipped[name])}
        steps = [with_tasks(step, ours) for step in block["steps"]]
        spec = compile_workflow({**block, "steps": steps}, {}, KNOWN)
        assert outputs_of(spec) == outputs_of(shipped[name]) - OWN
        assert spec.triggers or block["trigger"] == "On demand"


def with_tasks(told: dict[str, Any], ours: dict[str, Task]) -> dict[str, Any]:
    """A step of the specification with the names of its tasks, and of what its conditions read."""
    if "tasks" in told:
        words = [each if isinstance(each, dict) else {"action": each} for each in told["tasks"]]
        return {**told, "tasks": [named(each, ours) for each in words]}
    return told if "criteria" in told else named(told, ours)


def named(told: dict[str, Any], ours: dict[str, Task]) -> dict[str, Any]:
    task = ours[told["action"]]
    return {**told, "name": task.name, "task": task.task, "outputs": dict(task.outputs)}


def test_the_guides_example_is_read(checkout: Path, tmp_path: Path) -> None:
    guide = (checkout / "docs" / "guides" / "workflows.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```yaml\n(workflow: .*?)```", guide, re.DOTALL)
    (tmp_path / "friday_review.yaml").write_text(text, encoding="utf-8")
    spec = find_workflow("friday_review", tmp_path, KNOWN)
    assert len(spec.steps) == 6
    assert set(spec.parts) == {"walk_forward_optimization"}
    assert {type(step.body).__name__ for step in spec.steps} == {"Tasks", "Loop", "DecisionPoint", "ApprovalPoint"}
