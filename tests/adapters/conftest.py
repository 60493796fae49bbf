"""Where the tests of the store run: in a file, and on a server."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest) -> Path | str:
    """The folder of a database's file, or the URL of one on a server; each test that takes it runs with both."""
    found: Path | str = request.getfixturevalue("tmp_path" if request.param == "sqlite" else "postgres")
    return found
