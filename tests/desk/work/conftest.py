"""One desk for all tests that change nothing in it but its trials."""

from __future__ import annotations

import pytest

from desk.offices import at_work, copied, template
from quorum.desk import Desk


@pytest.fixture(scope="session")
def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk with the drawn markets, for tests that put a lake of their own into it."""
    base = tmp_path_factory.getbasetemp()
    return at_work(copied(template(base / "desk"), tmp_path_factory.mktemp("work") / "desk"))
