"""The files of a run: what each worker took, the metrics of the newest thirty, all of it made again from the store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from desk.proving.scripted import FLAWED, PASSES, Scripted, queued
from quorum.desk import Desk
from quorum.desk.notices import Event
from quorum.desk.proving import Asked, Skills, rebuild, validate
from quorum.desk.proving.record import metrics
from quorum.domain import Loss, iso
from quorum.validation.ladder import Tier

NONE = Skills()


def read(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def pipeline(desk: Desk) -> Path:
    return desk.workspace.home / "pipeline"


def run_file(desk: Desk, run: Any) -> Path:
    return pipeline(desk) / f"parallel-validation-{iso(run['at'])[:10]}.yaml"


def test_the_run_file_has_what_each_worker_took(desk: Desk) -> None:
    first, second = queued(desk, 2)
    script = {(first, "L0"): [Loss.CRASH, PASSES], (second, "L0"): [FLAWED]}
    run = validate(replace(desk, executor=Scripted(script)), Asked(tier=Tier.L0), NONE)
    written = read(run_file(desk, run))
    assert (written["schema"], list(written["runs"])) == (1, [run["run_id"]])
    shown = written["runs"][run["run_id"]]
    assert [(w["strategy_id"], w["attempt"], w["exit"]) for w in shown["workers"]] == [
        (first, 1, "crash"),
        (second, 1, "done"),
        (first, 2, "done"),
    ]
    for worker in shown["workers"]:
        assert worker["start"] <= worker["end"]
        assert worker.keys() >= {"seconds", "cpu_seconds", "peak_mb", "exit", "attempt"}
    assert shown["rounds"][0]["gate"]["branch"] == "mixed"
    assert shown["by_strategy"][second]["reason"] == "fundamental_strategy_flaw"
    assert shown["status"] == "done"


def test_runs_of_a_day_share_a_file_and_all_is_made_again_from_the_store(stored: Desk) -> None:
    queued(stored, 2)
    at_work = replace(stored, executor=Scripted())
    validate(at_work, Asked(tier=Tier.L0), NONE)
    run = validate(at_work, Asked(tier=Tier.L1), NONE)
    path = run_file(stored, run)
    before = {file: file.read_bytes() for file in pipeline(stored).glob("parallel-validation*")}
    assert len(read(path)["runs"]) == 2
    for file in before:
        file.unlink()
    assert set(rebuild(stored)) == set(before)
    assert {file: file.read_bytes() for file in before} == before


def test_the_metrics_are_those_of_the_newest_thirty(desk: Desk) -> None:
    queued(desk, 1)
    run = validate(replace(desk, executor=Scripted()), Asked(tier=Tier.L0), NONE)
    written = read(pipeline(desk) / "parallel-validation-metrics.yaml")
    assert (written["runs_counted"], written["strategies"], written["completion_rate"]) == (1, 1, 1.0)
    assert written["runs"][0]["run_id"] == run["run_id"]
    told = metrics([{**run, "run_id": f"VAL-{n}"} for n in range(40)])
    assert [one["run_id"] for one in told["runs"]] == [f"VAL-{n}" for n in range(10, 40)]


def test_the_files_of_the_strategies_and_the_briefing_follow(desk: Desk) -> None:
    (name,) = queued(desk, 1)
    validate(replace(desk, executor=Scripted()), Asked(tier=Tier.L0), NONE)
    home = desk.workspace.home
    folder = home / "knowledge" / "strategies" / name / "backtest-results"
    assert read(folder / "L0_results.yaml")["verdict"] == {"verdict": "passed"}
    assert read(folder / "L0_complete.yaml")
    assert "L0_PASSED" in (home / "pipeline" / "queue.yaml").read_text()
    assert (home / "BOOTSTRAP.md").exists()


def test_many_lost_workers_are_told_once(desk: Desk) -> None:
    names = queued(desk, 5)
    script: Any = {(name, "L0"): [Loss.CRASH, PASSES] for name in names[:3]}
    run = validate(replace(desk, executor=Scripted(script)), Asked(tier=Tier.L0), NONE)
    assert [alert["kind"] for alert in run["alerts"]] == ["failure_rate"]
    told = [t.notice.occurrence for t in desk.outbox.listed() if t.notice.occurrence.event == Event.ALERT]
    assert [o.details["kind"] for o in told] == ["failure_rate"]


def test_a_queue_file_that_makes_no_sense_is_told_and_the_validation_goes_on(desk: Desk) -> None:
    (name,) = queued(desk, 1)
    path = pipeline(desk) / "queue.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text("queue: [}\n")
    run = validate(replace(desk, executor=Scripted()), Asked(tier=Tier.L0), NONE)
    assert [alert["kind"] for alert in run["alerts"]] == ["file_doubted"]
    assert desk.life.queue.get(name).status == "L0_PASSED"
    assert path.read_text() == "queue: [}\n"
