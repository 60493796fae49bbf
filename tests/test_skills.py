"""The skills' tools by the specification's names, and validation from Python, on a desk of its own."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

import pytest

import quorum
from desk.offices import copied, template
from quorum import skills
from quorum.bootstrap import open_desk
from quorum.domain import DataError, IllegalMove, NotFound, UsageError
from quorum.skills import WorkerResult
from quorum.validation.ladder import Failed, Tier, TierResult
from quorum.validation.life import Status

TOOL = re.compile(r"^- `([a-z-]+)\(", re.MULTILINE)


@pytest.fixture
def home(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the drawn markets, in which nothing has been decided yet."""
    return copied(template(tmp_path_factory.getbasetemp() / "desk"), tmp_path / "desk")


@pytest.fixture
def queued(home: Path) -> str:
    return quorum.Desk.open(home).queue("demo_ma", "FLATUSDT", timeframe="1h", hypothesis="trends last", fast=5)


@pytest.mark.real_data
def test_every_tool_that_the_first_two_skills_name_is_there(shared: Path) -> None:
    text = (shared / "spec" / "1-five-skills-specification.md").read_text(encoding="utf-8")
    named = TOOL.findall(text[: text.index("## Skill 3")])
    assert len(named) == 8
    assert {name.replace("-", "_") for name in named} == set(skills.__all__) - {"WorkerResult"}


def test_a_worker_is_spawned_polled_and_its_result_merged(home: Path, queued: str) -> None:
    worker = skills.spawn_parallel_worker("trading-backtester", {"strategy_id": queued, "tier": "L0"}, 60.0, home=home)
    found = skills.poll_worker_result(worker, 60.0)
    assert (found.status, found.strategy_id, found.error) == ("done", queued, "")
    assert found.cpu_seconds is not None
    broken = WorkerResult("WRK-1", "STR-009", "done", {**(found.result or {}), "tier": "L9"})
    merged = skills.merge_validation_results([found, found, broken, WorkerResult("WRK-2", "STR-010", "lost")])
    assert set(merged.results) == {queued}
    assert set(merged.malformed) == {"STR-009"}
    assert open_desk(home).life.queue.get(queued).status is Status.PENDING


def test_a_worker_that_is_late_is_lost(home: Path, queued: str) -> None:
    worker = skills.spawn_parallel_worker("backtester", {"strategy_id": queued}, 0.01, home=home)
    found = skills.poll_worker_result(worker, 60.0)
    assert found.status == "lost"
    assert "0.01 s" in found.error


def test_a_worker_has_the_memory_that_the_settings_give(home: Path, queued: str) -> None:
    config = home / "config"
    (config / "parallel-validation.yaml").write_text(
        "parallel_validation: {resource_limits: {memory_per_worker_mb: 16}}\n"
    )
    (config / "tiered-validation-protocol.yaml").write_text("memory_mb: {L0: 16}\n")
    worker = skills.spawn_parallel_worker("backtester", {"strategy_id": queued}, 60.0, home=home)
    assert skills._workers[worker]._limits.memory_mb == 16.0
    assert skills.poll_worker_result(worker, 60.0).status in ("done", "lost")


def test_what_cannot_be_spawned_or_polled_is_refused(home: Path, queued: str) -> None:
    with pytest.raises(UsageError, match="critic validates nothing"):
        skills.spawn_parallel_worker("critic", {"strategy_id": queued}, home=home)
    with pytest.raises(UsageError, match="names no strategy and tier"):
        skills.spawn_parallel_worker("backtester", {"strategy_id": queued, "tier": "L7"}, home=home)
    with pytest.raises(NotFound, match="STR-404"):
        skills.spawn_parallel_worker("backtester", {"strategy_id": "STR-404"}, home=home)
    with pytest.raises(NotFound, match="WRK-404"):
        skills.poll_worker_result("WRK-404", 0.0)


def test_a_status_moves_by_the_table_alone(home: Path, queued: str) -> None:
    assert skills.update_queue_status(queued, "L0", "VALIDATING", home=home).status is Status.L0_VALIDATING
    assert skills.update_queue_status(queued, "L0", "L0_PASSED", home=home).status is Status.L0_PASSED
    with pytest.raises(IllegalMove, match="it cannot become"):
        skills.update_queue_status(queued, "L3", "PASSED", home=home)
    with pytest.raises(UsageError, match="there is no status"):
        skills.update_queue_status(queued, "L1", "DANCING", home=home)


def test_validation_from_python_is_that_of_the_command(home: Path, queued: str) -> None:
    run = quorum.validate(queued, tier="L0", home=home)
    line = run["by_strategy"][queued]
    assert line["verdict"] in ("passed", "failed", "inconclusive")
    assert run["passed"] + run["failed"] + run["inconclusive"] == 1
    kept = open_desk(home).life.results.of(queued, "L0")
    assert len(kept) == 1
    assert quorum.Desk.open(home).evaluate(queued.lower())["tiers"]["L0"]["verdict"]["verdict"] == line["verdict"]
    with pytest.raises(UsageError, match="there is no tier"):
        quorum.validate(tier="L8", home=home)


def test_an_agent_who_mends_nothing_is_refused(home: Path, queued: str) -> None:
    result = _passed_l0(home, queued)
    failed = Failed("signal_frequency_low", "signals", 3.0, 10.0, retryable=True, why="3 signals")
    told = {**result.told(), "verdict": {**asdict(failed), "verdict": "failed"}}
    open_desk(home).life.results.keep(queued, "L0", 0, "VAL-1", told)
    skills.update_queue_status(queued, "L0", "FAILED", home=home)
    with pytest.raises(UsageError, match=r"nobody mends no .*; ask quant-analyst, ml-engineer, signal-generator"):
        skills.generate_parameter_fix(queued, "nobody", home=home)
    for agent in ("trading-quant-analyst", None):
        assert skills.generate_parameter_fix(queued, agent, home=home).agent == "quant-analyst"


def test_a_failure_is_analysed_mended_and_tracked(home: Path, queued: str) -> None:
    result = _passed_l0(home, queued)
    failed = Failed("signal_frequency_low", "trades", 3.0, 30.0, retryable=True, why="3 trades")
    told = {**result.told(), "tier": "L1", "verdict": {**asdict(failed), "verdict": "failed"}}
    analysis = skills.analyze_failure_reason(told)
    assert (analysis.category, analysis.fix_agent) == ("SIGNAL_ISSUE", "signal-generator")
    with pytest.raises(DataError):
        skills.analyze_failure_reason({"tier": "L1"})
    with pytest.raises(UsageError, match="did not fail"):
        skills.analyze_failure_reason({**told, "verdict": {"verdict": "passed"}})
    kept = skills.track_retry_attempt(queued, 1, {"outcome": "failed", "agent": "signal-generator"}, home=home)
    assert (kept["strategy_id"], kept["tier"], kept["number"], kept["outcome"]) == (queued, "L0", 1, "failed")
    with pytest.raises(UsageError, match="no attempt 0"):
        skills.track_retry_attempt(queued, 0, {}, home=home)


def _passed_l0(home: Path, queued: str) -> TierResult:
    skills.update_queue_status(queued, "L0", "VALIDATING", home=home)
    worker = skills.spawn_parallel_worker("backtester", {"strategy_id": queued, "tier": Tier.L0.value}, home=home)
    found = skills.poll_worker_result(worker, 60.0)
    assert found.result is not None
    return TierResult.read(found.result)
