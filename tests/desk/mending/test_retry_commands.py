"""`quorum retry` and `quorum learnings`, and the workflow auto_retry with its tasks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

import quorum.bootstrap
from desk.mending.menders import IDEA, Crew, desk_of, fail, fails
from quorum.desk import Desk
from quorum.desk.work.assignment import Assignment
from quorum.desk.work.mending import JOBS
from quorum.domain import UsageError
from quorum.surfaces.cli.life.retry import learnings, retry
from quorum.validation.life import Status


@pytest.fixture
def busy(home: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk on which every command works, with a strategy that failed L1."""
    desk = desk_of(home)
    monkeypatch.setattr(quorum.bootstrap, "open_desk", lambda given: desk)
    fail(desk)
    return desk


def run(*words: str) -> str:
    app = typer.Typer()
    for command in (retry, learnings):
        app.command()(command)
    done = CliRunner().invoke(app, list(words))
    if done.exception is not None:
        raise done.exception
    return done.stdout


def test_retry_tells_its_attempts(busy: Desk) -> None:
    told = json.loads(run("retry", "str-001", "--tier", "L1", "--json"))
    assert list(told)[:6] == ["strategy_id", "tier", "attempts", "result", "status", "why"]
    assert (told["strategy_id"], told["tier"], told["result"], told["trials_counted"]) == ("STR-001", "L1", "passed", 5)
    assert told["attempts"][0]["metric"]["after"] == 2.0
    with pytest.raises(UsageError, match="there is nothing to mend"):
        run("retry", "STR-001")


def test_retry_speaks_to_people(busy: Desk) -> None:
    shown = run("retry", "STR-001")
    assert "optimize_params" in shown
    assert "STR-001 is L1_PASSED: mended by fix 1" in shown
    assert "5 trials were counted" in shown


def test_learnings_are_listed_by_category_and_severity(busy: Desk) -> None:
    run("retry", "STR-001")
    told = json.loads(run("learnings", "--category", "signal_issue", "--severity", "low", "--json"))
    assert [one["learning_id"] for one in told["learnings"]] == ["L-001"]
    assert told["learnings"][0]["at"].endswith("Z")
    assert told["success"] == [
        {"agent": "ml-engineer", "category": "SIGNAL_ISSUE", "action": "optimize_params", "tried": 1, "passed": 1}
    ]
    assert "drawn_from" not in told["learnings"][0]
    assert json.loads(run("learnings", "--severity", "HIGH", "--json"))["learnings"] == []
    assert "no learning is of that kind; there are LOW SIGNAL_ISSUE" in run("learnings", "--category", "costs")
    with pytest.raises(UsageError, match="'dreadful' is no severity"):
        run("learnings", "--severity", "dreadful")


def test_a_line_that_a_person_has_written_is_listed(busy: Desk, home: Path) -> None:
    assert "nothing was learnt yet" in run("learnings")
    path = home / "knowledge" / "learnings.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        "ID | Date | Source | Severity | Lesson\nL-050 | 2025-01-20 | me | high | Weekend gaps hurt\n",
        encoding="utf-8",
    )
    (found,) = json.loads(run("learnings", "--severity", "high", "--json"))["learnings"]
    assert (found["learning_id"], found["text"]) == ("L-050", "Weekend gaps hurt")


def asked(task: str, **params: Any) -> Assignment:
    return Assignment("k", "w", task, "trading-coordinator", 0, params)


def test_the_tasks_are_the_same_functions(busy: Desk, home: Path) -> None:
    found = JOBS["analyse_failures"].work(busy, asked("analyse_failures"))
    assert found["waiting"] == 1
    assert found["failures"]["STR-001"]["fix_agent"] == "ml-engineer"
    ended = JOBS["retry_strategies"].work(busy, asked("retry_strategies"))
    assert (ended["mended"], ended["rejected"], ended["attempts"], ended["trials_counted"]) == (["STR-001"], [], 1, 5)
    other = desk_of(home, Crew(tier=fails))
    fail(other, idea=type(IDEA)("demo_ma", ("CRASHUSDT",), "1h"))
    assert JOBS["retry_strategies"].work(other, asked("x", strategy_id="STR-002"))["rejected"] == ["STR-002"]
    assert other.life.queue.get("STR-002").status is Status.REJECTED_AUTO_RETRY
    taught = JOBS["summarise_learnings"].work(other, asked("x"))
    assert [one["learning_id"] for one in taught["learnings"]] == ["L-002", "L-001"]
    for name, job in JOBS.items():
        answer = {"analyse_failures": found, "retry_strategies": ended, "summarise_learnings": taught}[name]
        assert set(job.answers) <= set(answer)
