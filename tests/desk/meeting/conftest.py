"""A workspace for meetings, of every test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from desk.meeting.halls import hall


@pytest.fixture
def home(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hall(tmp_path_factory.getbasetemp() / "meeting", tmp_path / "meeting")


@pytest.fixture
def another(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second workspace like `home`."""
    return hall(tmp_path_factory.getbasetemp() / "meeting", tmp_path / "another")
