"""The parts of a retry, one by one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from desk.mending.menders import IDEA, Crew, desk_of, fail
from quorum.desk.mending import analyse, analyse_strategy, apply_fix, find_fix, retry, track
from quorum.desk.mending.experience import success_of
from quorum.desk.settings.retry import RETRY_FILE
from quorum.domain import DataError, UsageError
from quorum.validation.ladder import REASONS, Failed, Tier
from quorum.validation.life import Status
from quorum.validation.repair import Fix
from validation.repair.failing import failed, result


@pytest.mark.parametrize("name", REASONS)
def test_every_reason_is_analysed(name: str) -> None:
    row = REASONS[name]
    told = analyse(result(failed(name, "x"), Tier.L1).told()).told()
    assert (told["reason"], told["category"], told["retryable"]) == (name, row.category, row.retryable)
    assert (told["fix_agent"], told["action"], told["root"]) == (row.agent, row.action, row.root)


def test_what_did_not_fail_has_no_reason() -> None:
    with pytest.raises(UsageError, match="L1 did not fail"):
        analyse(result())
    with pytest.raises(DataError):
        analyse({"schema": 1})


def test_the_desks_own_table_is_asked(home: Path) -> None:
    (home / "config" / RETRY_FILE).write_text("auto_retry: {fatal_errors: [timeout]}\n", encoding="utf-8")
    desk = desk_of(home)
    fail(desk, verdict=Failed("timeout", "result", None, None, True, "late"))
    assert analyse_strategy(desk, "STR-001").category == "FATAL"


def test_a_fix_is_found_and_applied_step_by_step(home: Path) -> None:
    desk = desk_of(home, Crew())
    fail(desk)
    found = find_fix(desk, "STR-001")
    assert isinstance(found, Fix)
    assert found.agent == "ml-engineer"
    other = find_fix(desk, "STR-001", "signal-generator")
    assert other.agent == "signal-generator"
    assert desk.life.queue.get("STR-001").idea == replace(IDEA, params={"fast": 10.0})
    changed = apply_fix(desk, "STR-001", found)
    assert (changed.status, changed.idea.params) == (Status.FIXABLE_FAILURE, {"fast": 11.0})
    backup = home / "knowledge" / "strategies" / "STR-001" / "backup" / "before-fix-attempt-1" / "idea.yaml"
    assert "fast: 10" in backup.read_text(encoding="utf-8")
    shown = home / "knowledge" / "strategies" / "STR-001" / "parameters.yaml"
    assert "fast: 11" in shown.read_text(encoding="utf-8")


def test_a_fix_is_applied_to_what_waits_for_one(home: Path) -> None:
    desk = desk_of(home)
    desk.life.queue.add([IDEA], "test")
    with pytest.raises(UsageError, match="STR-001 is PENDING"):
        apply_fix(desk, "STR-001", Fix("a", "b", "c"))


def test_an_attempt_is_tracked_under_its_number(home: Path) -> None:
    desk = desk_of(home)
    track(desk, "STR-001", "L1", 1, {"agent": "ml-engineer", "outcome": ""})
    kept = track(desk, "STR-001", "L1", 1, {"outcome": "passed"})
    assert (kept["agent"], kept["outcome"], kept["number"]) == ("ml-engineer", "passed", 1)
    assert len(desk.life.books.attempts.listed()) == 1
    with pytest.raises(UsageError, match="'won' is no outcome; there are passed"):
        track(desk, "STR-001", "L1", 1, {"outcome": "won"})


def test_what_a_tool_tracked_stops_no_retry(home: Path) -> None:
    desk = desk_of(home)
    fail(desk)
    track(desk, "STR-001", "L1", 1, {"agent": "ml-engineer", "outcome": "failed"})
    assert retry(desk, "STR-001").status is Status.L1_PASSED
    (row,) = success_of(desk.life.books.attempts.listed()).told()
    assert (row["action"], row["tried"]) == ("optimize_params", 1)
