"""What a role logs: who says it, at the level of the configuration, and no secret of the workspace."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from quorum.bootstrap import set_up_logs
from quorum.desk import make_workspace
from quorum.domain import ConfigError
from running.desks import log

CHANNELS = """\
channels:
  slack: {url_from: "env:DESK_SLACK_URL"}
  email: {url: "mailtos://desk:{password}@smtp.example.org?to=me@example.org", secrets: {password: "env:DESK_MAIL"}}
"""
SECRETS = {
    "DESK_SLACK_URL": "slack://TokenAAAAA/TokenBBBBB/TokenCCCCCCCCCC",
    "DESK_MAIL": "correct horse",
    "ALPACA_SECRET_KEY": "alpaca-battery-staple",
    "QUORUM_DATABASE_URL": "postgresql://quorum:p%40ssword-of-the-desk@127.0.0.1:1/quorum",
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    make_workspace(tmp_path / "home", ("momentum",))
    return tmp_path / "home"


def test_no_secret_of_the_workspace_is_written(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "config" / "notifications.yaml").write_text(CHANNELS, encoding="utf-8")
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    write = set_up_logs(home, "worker")
    for value in (*SECRETS.values(), "TokenCCCCCCCCCC", "p@ssword-of-the-desk"):
        write("said", {"told": f"it was {value}"})
        logging.getLogger("sqlalchemy.pool").warning("connecting with %s", value)
    text = (home / "logs" / "quorum.jsonl").read_text(encoding="utf-8")
    for secret in ("TokenCCCC", "correct horse", "battery-staple", "p%40ssword", "p@ssword", "TokenAAAAA"):
        assert secret not in text
    assert len(log(home)) == 2 * (len(SECRETS) + 2)


def test_a_line_says_who_wrote_it_and_an_error_is_a_warning(home: Path) -> None:
    write = set_up_logs(home, "scheduler")
    write("begun", {"schedules": 2})
    write("schedule_wrong", {"schedule": "btc", "error": "there is no such thing", "event": "a fact", "level": 3})
    first, second = log(home)
    assert (first["event"], first["level"], first["role"], first["schedules"]) == ("begun", "info", "scheduler", 2)
    assert first["pid"] > 0
    assert (second["event"], second["level"], second["error"]) == (
        "schedule_wrong",
        "warning",
        "there is no such thing",
    )


def test_the_level_is_the_configurations(home: Path) -> None:
    path = home / "config" / "coordinator.yaml"
    path.write_text("log_level: warning\n", encoding="utf-8")
    set_up_logs(home, "worker")("begun", {})
    assert log(home) == []
    path.write_text("log_level: loud\n", encoding="utf-8")
    with pytest.raises(ConfigError):
        set_up_logs(home, "worker")
