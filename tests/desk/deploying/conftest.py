"""A desk of its own for every test, with STR-001 at L3_PASSED."""

from __future__ import annotations

from pathlib import Path

import pytest

from desk.deploying.climbed import workspace
from desk.offices import copied
from quorum.bootstrap import open_desk
from quorum.desk import Desk


@pytest.fixture
def climbed_home(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace of `climbed`."""
    return copied(workspace(tmp_path_factory.getbasetemp() / "climbed"), tmp_path / "climbed")


@pytest.fixture
def climbed(climbed_home: Path) -> Desk:
    return open_desk(climbed_home)
