"""The command line as a function, in a workspace of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from desk.offices import copied, template
from surfaces.cli.commands import Quorum


@pytest.fixture
def home(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the drawn markets, in which nothing has been decided yet."""
    return copied(template(tmp_path_factory.getbasetemp() / "desk"), tmp_path / "desk")


@pytest.fixture
def bare(capsys: pytest.CaptureFixture[str]) -> Quorum:
    """Commands in this process, in whatever workspace they find."""
    return Quorum(capsys)


@pytest.fixture
def quorum(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, home: Path) -> Quorum:
    """Commands in this process, in that workspace unless they name another."""
    monkeypatch.setenv("QUORUM_HOME", str(home))
    return Quorum(capsys)
