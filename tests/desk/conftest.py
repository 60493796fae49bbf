"""A desk of its own for every test."""

from __future__ import annotations

from pathlib import Path

import pytest

from desk.offices import at_work, copied, template
from quorum.desk import Desk


@pytest.fixture
def home(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the drawn markets, in which nothing has been decided yet."""
    return copied(template(tmp_path_factory.getbasetemp() / "desk"), tmp_path / "desk")


@pytest.fixture
def another(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second workspace like `home`."""
    return copied(template(tmp_path_factory.getbasetemp() / "desk"), tmp_path / "another")


@pytest.fixture
def desk(home: Path) -> Desk:
    return at_work(home)
