"""A strategy on paper in dollars, that has climbed; its tasks run here."""

from __future__ import annotations

from pathlib import Path

import pytest

from desk.deploying.climbed import climb, idea, trending, workspace
from desk.offices import copied
from quorum.adapters.process import InlineExecutor
from quorum.bootstrap import open_desk
from quorum.bootstrap.workers import run_task
from quorum.surfaces.demo.market import write_bars
from quorum.validation.life import Status

TASKS = ("critic", "trade")


@pytest.fixture
def _inline(monkeypatch: pytest.MonkeyPatch) -> None:
    here = {name: lambda payload, beat, name=name: run_task(name, payload) for name in TASKS}
    monkeypatch.setattr("quorum.bootstrap.desk.open_executor", lambda: InlineExecutor(here))


@pytest.fixture
def dollars(_inline: None, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace in which STR-002 trades BTC/USD and stands at L3_PASSED."""
    home = copied(workspace(tmp_path_factory.getbasetemp() / "climbed"), tmp_path / "dollars")
    desk = open_desk(home)
    desk.lake.import_path(write_bars(tmp_path / "files", trending("BTC/USD", 1)))
    assert climb(desk, idea("BTC/USD"), Status.L3_PASSED) == "STR-002"
    return home
