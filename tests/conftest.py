"""What every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real market data and reference cases; the test is skipped where it is absent."""
    beside = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("QUORUM_SHARED", beside))
    if not (folder / "data").is_dir():
        pytest.skip("real market data is not beside the checkout")
    return folder
