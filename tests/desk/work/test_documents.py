"""After a run each path that the specification names holds what it promises, or says why it does not."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from desk.markets import ENTRY, closes, flat, write_bars
from desk.offices import copied, template
from quorum.bootstrap import open_desk, open_worker
from quorum.bootstrap.worker import Worker
from quorum.desk.running import known_to, protocols_of, request_of
from quorum.desk.team import perform
from quorum.desk.team.fakes import OwnHands
from quorum.desk.views import show_system
from quorum.desk.workflows import RunStep, WorkflowSpec, find_workflow
from quorum.domain import iso, parse_instant

MARKET = {"symbol": "FLATUSDT", "timeframe": "1h"}
ASKED: Mapping[str, tuple[Mapping[str, str], str]] = {
    "realtime_signal_generation": ({**MARKET, "as_of": iso(ENTRY)}, "paper"),
    "model_training_cycle": (MARKET, "notify"),
    "walk_forward_optimization": ({**MARKET, "timeframe": "1d", "strategy": "demo_ma"}, "notify"),
    "daily_operations": (MARKET, "notify"),
}
WAIT_SECONDS = 300.0


@dataclass(frozen=True)
class Ran:
    """A run that has ended, and the workspace that it left."""

    home: Path
    identity: str
    outcome: Mapping[str, Any]
    spec: WorkflowSpec
    steps: Sequence[RunStep]

    def tasks(self) -> dict[str, Mapping[str, Any]]:
        """What became of each task."""
        return {name: told for step in self.steps for name, told in (step.answer or {}).get("tasks", {}).items()}


@contextmanager
def at_work(home: Path) -> Iterator[Worker]:
    """A worker of the workspace whose agents work in this process."""
    worker = open_worker(home, hands=OwnHands({"agent": lambda payload: perform(worker.desk, payload)}))
    assert worker is not None
    worker.start()
    try:
        yield worker
    finally:
        worker.close(0)


def run(worker: Worker, workflow: str, params: Mapping[str, str], execution: str) -> Ran:
    desk = worker.desk
    spec = find_workflow(workflow, desk.workspace.config / "workflows", known_to(desk), protocols_of(desk))
    identity = desk.runs.enter(request := request_of(spec, params, desk.clock.now(), execution))
    desk.workflows.enqueue(identity, request)
    until = time.monotonic() + WAIT_SECONDS
    while (state := desk.workflows.run(identity)[0]).status in ("enqueued", "running"):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert state.outcome is not None, state
    return Ran(desk.workspace.home, identity, state.outcome, spec, desk.workflows.run(identity)[1])


def paths(shared: Path, workflow: str) -> list[str]:
    """The paths that the specification gives the outputs of a workflow."""
    text = (shared / "spec" / "4-trading-coordinator.md").read_text(encoding="utf-8")
    (block,) = re.findall(rf"```yaml\nworkflow: {workflow}\n(.*?)```", text, re.DOTALL)
    return re.findall(r"output: (/\S+)", block)


def holds(ran: Ran, path: str) -> str:
    """The status of the document at a path, which has all that it must have."""
    told = json.loads((ran.home / path.lstrip("/")).read_text(encoding="utf-8"))
    assert told["run"]["workflow_id"] == ran.identity
    assert told["status"] in ("completed", "cached", "skipped", "unavailable"), path
    assert told["status"] in ("completed", "cached") or (len(told["reason"]) > 5 and len(told) == 3), path
    return str(told["status"])


def check(ran: Ran, shared: Path, workflow: str) -> dict[str, str]:
    """What the specification's paths hold; what is no document is there if its step completed, and only then."""
    found = {}
    named = {task.output: task.name for step in ran.spec.steps for task in getattr(step.body, "tasks", ())}
    for path in paths(shared, workflow):
        if path.endswith(".json"):
            found[path] = holds(ran, path)
        else:
            made = ran.tasks().get(named[path], {}).get("status") == "completed"
            assert (ran.home / path.strip("/")).exists() is made, path
            found[path] = "there" if made else "not there"
    return found


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Ran]:
    """Every workflow of the specification, run in one workspace by one worker."""
    base = tmp_path_factory.getbasetemp()
    home = copied(template(base / "desk"), tmp_path_factory.mktemp("documents") / "desk")
    agents = home / "config" / "agents.yaml"
    agents.write_text(agents.read_text().replace("backoff: exponential", "backoff: none"))
    with at_work(home) as worker:
        ran = {name: run(worker, name, *asked) for name, asked in ASKED.items()}
        show_system(worker.desk)
        return ran


@pytest.mark.real_data
@pytest.mark.parametrize("workflow", ASKED)
def test_every_path_of_the_specification_holds_a_document_or_a_reason(
    left: Mapping[str, Ran], shared: Path, workflow: str
) -> None:
    found = check(left[workflow], shared, workflow)
    assert len(found) == {"realtime_signal_generation": 8, "model_training_cycle": 6}.get(
        workflow, 4 if workflow == "walk_forward_optimization" else 0
    )


@pytest.mark.real_data
def test_a_trade_on_paper_completes_every_step_that_was_asked_for(left: Mapping[str, Ran], shared: Path) -> None:
    ran = left["realtime_signal_generation"]
    assert ran.outcome["status"] == "completed", ran.outcome
    found = check(ran, shared, "realtime_signal_generation")
    skipped = {path for path, status in found.items() if status == "skipped"}
    assert skipped == {f"/state/signals/{name}_signals.json" for name in ("microstructure", "smc", "ml")}
    assert set(found.values()) == {"completed", "skipped"}
    assert ran.outcome["results"]["order"]


@pytest.mark.real_data
def test_a_run_that_halts_at_its_first_step_says_so_everywhere(left: Mapping[str, Ran], shared: Path) -> None:
    """There are 25 days of bars, and the walk needs 1,008."""
    ran = left["walk_forward_optimization"]
    assert (ran.outcome["status"], ran.outcome["steps"]["1"]) == ("halted", "failed")
    first, *others = paths(shared, "walk_forward_optimization")
    assert holds(ran, first) == "unavailable"
    for path in others:
        assert holds(ran, path) == "skipped"
        assert "the workflow halted: step 1" in json.loads((ran.home / path.lstrip("/")).read_text())["reason"]


def test_what_nobody_can_do_yet_is_unavailable_and_leaves_production_alone(left: Mapping[str, Ran]) -> None:
    ran = left["model_training_cycle"]
    assert ran.tasks()["candidate"]["status"] == "unavailable"
    assert not (ran.home / "models" / "production").exists()
    assert ran.outcome["steps"]["6"] == "skipped"


def test_the_day_s_twelve_tasks_are_done_or_say_why(left: Mapping[str, Ran]) -> None:
    tasks = left["daily_operations"].tasks()
    assert len(tasks) == 13  # the pipeline's word on the twelve is the last
    assert {told["status"] for told in tasks.values()} <= {"completed", "unavailable"}
    assert all(told.get("reason") for told in tasks.values() if told["status"] != "completed")


@pytest.mark.real_data
def test_the_views_have_the_keys_of_the_specification(left: Mapping[str, Ran], shared: Path) -> None:
    text = (shared / "spec" / "4-trading-coordinator.md").read_text(encoding="utf-8")
    views = re.findall(r"Maintain at `(/state/\S+)`:\n\n```json\n(.*?)```", text, re.DOTALL)
    assert len(views) == 3
    for path, example in views:
        there = json.loads((left["daily_operations"].home / path.lstrip("/")).read_text(encoding="utf-8"))
        wanted = json.loads(example)
        assert set(wanted) <= set(there), path
        for name, values in wanted.items():
            if values and isinstance(values, list) and isinstance(values[0], dict) and there[name]:
                assert set(values[0]) <= set(there[name][0]), (path, name)


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.timeout(600)
def test_a_walk_over_four_years_of_days_completes_every_document(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, shared: Path
) -> None:
    home = copied(template(tmp_path_factory.getbasetemp() / "desk"), tmp_path / "desk")
    prices = [price for seed in (1, 2) for price in closes(flat, seed)]
    start = parse_instant("2020-01-01")
    open_desk(home).lake.import_path(write_bars(tmp_path / "DAYSUSDT.sim_1d.csv", prices, hours=24, start=start))
    with at_work(home) as worker:
        params = {"symbol": "DAYSUSDT", "timeframe": "1d", "strategy": "demo_ma"}
        ran = run(worker, "walk_forward_optimization", params, "notify")
    assert ran.outcome["status"] == "completed", ran.outcome
    assert set(check(ran, shared, "walk_forward_optimization").values()) == {"completed"}
    assert ran.outcome["results"]["verdict"]["verdict"] in ("approved", "rejected", "inconclusive")
