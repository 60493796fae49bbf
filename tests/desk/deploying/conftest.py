"""A desk of its own for every test, with STR-001 at L3_PASSED; its tasks run here, where no process has to start."""

from __future__ import annotations

from pathlib import Path

import pytest

from desk.deploying.climbed import workspace
from desk.offices import copied
from quorum.adapters.process import InlineExecutor
from quorum.bootstrap import open_desk
from quorum.bootstrap.workers import run_task
from quorum.desk import Desk

TASKS = ("critic", "trade")


@pytest.fixture(autouse=True)
def _inline(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No process but for a test that asks for `real_workers`."""
    if "real_workers" not in request.fixturenames:
        here = {name: lambda payload, beat, name=name: run_task(name, payload) for name in TASKS}
        monkeypatch.setattr("quorum.bootstrap.desk.open_executor", lambda: InlineExecutor(here))


@pytest.fixture
def real_workers() -> None:
    """Tasks run in processes of their own, as they do for a user."""


@pytest.fixture
def climbed_home(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace of `climbed`."""
    return copied(workspace(tmp_path_factory.getbasetemp() / "climbed"), tmp_path / "climbed")


@pytest.fixture
def climbed(climbed_home: Path) -> Desk:
    return open_desk(climbed_home)
