"""`quorum validate`: what it prints, how it ends, what it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from desk.proving.scripted import Scripted
from quorum.bootstrap import open_desk
from quorum.desk.proving import Asked, Skills, validate
from quorum.validation.ladder import Tier
from quorum.validation.life import Idea
from surfaces.cli.commands import Quorum

HEADS = {"run_id", "tier", "passed", "failed", "timeout", "error", "inconclusive", "seconds", "sequential_seconds"}
LINE = {"verdict", "reason", "metric", "value", "threshold", "status", "seconds", "cpu_seconds", "peak_mb", "attempt"}


@pytest.fixture
def two(home: Path) -> list[str]:
    """Two ideas in the queue, one of which no worker can read."""
    ideas = [Idea("demo_ma", ("FLATUSDT",), "1h"), Idea("no_such_rule", ("FLATUSDT",), "1h")]
    return [one.strategy_id for one in open_desk(home).life.queue.add(ideas, "test")]


def test_a_plan_is_shown_and_nothing_done(quorum: Quorum, two: list[str]) -> None:
    told = quorum("validate", "--dry-run", "--json").json
    assert (told["pending"], told["workers"], list(told["strategies"])) == (2, 2, two)
    assert "2 strategies, 2 at once; nothing was done" in quorum("validate", "--dry-run").out
    assert quorum("validate", "--dry-run", "--queue-size", 1, "--json").json["pending"] == 1


def test_a_run_in_real_workers_ends_with_0_also_when_a_strategy_fails(
    quorum: Quorum, home: Path, two: list[str]
) -> None:
    said = quorum("validate", "--tier", "l0", "--workers", 2, "--json")
    told = said.json
    assert said.code == 0
    assert set(told) >= {*HEADS, "by_strategy"}
    assert set(told["by_strategy"]) == set(two)
    for line in told["by_strategy"].values():
        assert set(line) >= LINE
    broken = told["by_strategy"][two[1]]
    assert (broken["verdict"], broken["status"], broken["reason"]) == (
        "failed",
        "REJECTED",
        "fundamental_strategy_flaw",
    )
    assert "no_such_rule" in broken["why"]
    checked = told["by_strategy"][two[0]]
    assert checked["verdict"] in ("passed", "failed", "inconclusive")
    assert checked["cpu_seconds"] > 0
    assert told["error"] == 0
    assert list((home / "pipeline").glob("parallel-validation-2*.yaml"))
    assert quorum("validate", "--tier", "L0").out.startswith("nothing waits to be validated")


def test_what_another_run_checks_is_said(quorum: Quorum, home: Path, two: list[str]) -> None:
    said: list[str] = []
    workers = Scripted(before=lambda _: said.append(quorum("validate").out))
    run = validate(replace(open_desk(home), executor=workers), Asked(tuple(two), Tier.L0), Skills())
    lines = said[0].splitlines()
    assert lines[0].startswith(f"{two[0]} is L0_VALIDATING: ")
    assert run["run_id"] in lines[0]
    assert lines[2] == "nothing else waits to be validated; wait for that run"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--tier", "L7"), "there is no tier 'L7'; choose one of L0, L1, L2, L3"),
        (("--engine", "threads"), "there is no engine 'threads'; choose one of process, ray"),
        (("--ray-address", "auto"), "--ray-address without --engine ray; add --engine ray, or leave the address out"),
        (("STR-404",), "there is no strategy 'STR-404' in the queue; list them with `quorum queue show`"),
        (("STR-001", "--tier", "L2"), "STR-001 is PENDING: L0 comes next, not L2; ask for --tier L0"),
    ],
)
def test_what_makes_no_sense_is_one_line(quorum: Quorum, two: list[str], words: tuple[str, ...], error: str) -> None:
    assert quorum("validate", *words).error == error


def test_a_cluster_that_does_not_answer_is_refused_before_anything_is_claimed(
    quorum: Quorum, home: Path, two: list[str]
) -> None:
    pytest.importorskip("ray")
    said = quorum("validate", "--engine", "ray", "--ray-address", "127.0.0.1:1")
    assert said.error.startswith("no Ray cluster answers at 127.0.0.1:1 (")
    assert {one.status for one in open_desk(home).life.queue.listed()} == {"PENDING"}


def test_without_a_queue_there_is_nothing_to_do(quorum: Quorum) -> None:
    told = quorum("validate", "--json").json
    assert (told["run_id"], told["passed"], told["by_strategy"]) == (None, 0, {})


@pytest.mark.slow
def test_code_that_hangs_in_import_costs_itself_alone(quorum: Quorum, home: Path, tmp_path: Path) -> None:
    file, told = tmp_path / "sleeper.py", tmp_path / "niceness"
    file.write_text(
        "import os, pathlib, time\n"
        f"pathlib.Path({str(told)!r}).write_text(str(os.getpriority(os.PRIO_PROCESS, 0)))\n"
        "time.sleep(600)\n"
    )
    config = home / "config"
    (config / "parallel-validation.yaml").write_text("parallel_validation: {worker_timeout_seconds: 8}\n")
    (config / "tiered-validation-protocol.yaml").write_text("budget_seconds: {L0: 8}\n")
    ideas = [Idea(f"{file}:Nothing", ("FLATUSDT",), "1h"), Idea("demo_ma", ("FLATUSDT",), "1h")]
    hangs, sound = (one.strategy_id for one in open_desk(home).life.queue.add(ideas, "test"))
    lines = quorum("validate", "--tier", "L0", "--json").json["by_strategy"]
    assert (lines[hangs]["verdict"], lines[hangs]["status"], lines[hangs]["attempt"]) == ("timeout", "REJECTED", 2)
    assert 8.0 <= lines[hangs]["seconds"] < 9.0
    assert lines[sound]["verdict"] in ("passed", "failed", "inconclusive")
    assert int(told.read_text()) == 4  # 30 percent of a core against another
