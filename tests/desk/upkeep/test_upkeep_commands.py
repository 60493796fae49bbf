"""`quorum logs`, `backup`, `restore` and `prune` over a workspace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from desk.offices import ask, at_work
from quorum.domain import QuorumError, UsageError
from quorum.surfaces.cli.coordinator.upkeep import backup, logs, prune, restore

LINES = (
    {"timestamp": "2024-06-03T11:00:00Z", "level": "info", "event": "step done", "workflow_id": "WF-20240603-001"},
    {"timestamp": "2024-06-03T11:01:00Z", "level": "error", "event": "step failed", "exception": "Traceback\nKeyError"},
)


@pytest.fixture
def commands() -> Typer:
    """The commands of upkeep."""
    app = Typer()
    for command in (logs, backup, restore, prune):
        app.command()(command)
    return app


def said(commands: Typer, *words: object, code: int = 0) -> str:
    done = CliRunner().invoke(commands, [str(word) for word in words])
    if isinstance(done.exception, QuorumError):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.stdout


def test_the_log_is_printed_for_people_and_programs(commands: Typer, home: Path) -> None:
    (home / "logs" / "quorum.jsonl").write_text("".join(json.dumps(line) + "\n" for line in LINES), encoding="utf-8")
    people = said(commands, "logs", "--home", home)
    assert people.splitlines()[0].split() == [
        "2024-06-03T11:00:00Z",
        "info",
        "step",
        "done",
        "workflow_id=WF-20240603-001",
    ]
    assert people.endswith("step failed\nTraceback\nKeyError\n")
    one = said(commands, "logs", "--home", home, "--json", "--workflow", "WF-20240603-001", "--since", "2024-06-03")
    assert [json.loads(line) for line in one.splitlines()] == [LINES[0]]
    assert "step done" not in said(commands, "logs", "--home", home, "--level", "warning")


def test_a_workspace_is_saved_restored_and_audited(commands: Typer, home: Path, tmp_path: Path) -> None:
    record = ask(at_work(home), "SURGEUSDT")
    made = json.loads(said(commands, "backup", tmp_path / "b.tar.gz", "--home", home, "--with-data", "--json"))
    assert made["files"] > 10
    assert made["with_data"] is True
    told = json.loads(said(commands, "restore", tmp_path / "b.tar.gz", "--home", tmp_path / "new", "--json"))
    assert (told["balanced"], told["lacks"]) == (True, [])
    assert [account["account"] for account in told["accounts"]] == ["paper"]
    again = at_work(tmp_path / "new").decisions.get(record.decision_id)
    assert again == at_work(home).decisions.get(record.decision_id)
    with pytest.raises(QuorumError, match="is not empty"):
        said(commands, "restore", tmp_path / "b.tar.gz", "--home", tmp_path / "new")


def test_what_became_of_a_backup_is_told(commands: Typer, home: Path, tmp_path: Path) -> None:
    said(commands, "backup", tmp_path / "b.tar", "--home", home)
    with pytest.raises(UsageError):
        said(commands, "backup", tmp_path / "b.tar", "--home", home)
    (home / "workflows.db").write_bytes(b"no database at all" * 500)
    with pytest.raises(QuorumError):
        said(commands, "backup", tmp_path / "c.tar", "--home", home)
    told = [(str(t.notice.occurrence.event), t.notice.severity.name) for t in at_work(home).outbox.listed()]
    assert told == [("backup_failed", "RED"), ("backup_done", "INFO")]


def test_books_that_do_not_balance_end_with_1(commands: Typer, home: Path, tmp_path: Path) -> None:
    ask(at_work(home), "SURGEUSDT")
    said(commands, "backup", tmp_path / "b.tar", "--home", home, "--with-data")
    journal = home / "venue" / "paper.jsonl"
    journal.write_text("", encoding="utf-8")
    said(commands, "backup", tmp_path / "c.tar", "--home", home, "--with-data")
    text = said(commands, "restore", tmp_path / "c.tar", "--home", tmp_path / "new", code=1)
    assert "account paper: NOT balanced" in text


def test_prune_says_what_it_removes(commands: Typer, home: Path) -> None:
    told = json.loads(said(commands, "prune", "--home", home, "--dry-run", "--json"))
    assert (told["runs"], told["effects"], told["dry_run"]) == (0, 0, True)
    assert "would remove:" in said(commands, "prune", "--home", home, "--dry-run")
