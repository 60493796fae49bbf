"""Workspaces whose strategies' lives are in memory, for what asks no database anything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desk.mending.menders import Made
from desk.offices import at_work, copied, template
from quorum.desk import Desk, Workspace
from quorum.desk.life import Life
from quorum.desk.life.fakes import memory_books
from quorum.validation.life.fakes import MemoryQueue, MemoryResults


class Apart:
    """The decisions of one workspace among those of others."""

    def __init__(self, desk: Desk, name: str) -> None:
        self._log, self._name = desk.decisions, name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def once(self, key: str, choice: Any) -> str:
        return self._log.once(f"{self._name}/{key}", choice)


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """One desk over the drawn markets, opened once."""
    made = template(tmp_path_factory.getbasetemp() / "desk")
    return at_work(copied(made, tmp_path_factory.mktemp("mending") / "desk"))


@pytest.fixture
def light(office: Desk) -> Made:
    """The desk of a folder, with a life in memory."""

    def make(home: Path) -> Desk:
        (home / "config").mkdir(parents=True, exist_ok=True)
        queue = MemoryQueue(office.clock)
        return replace(
            office,
            workspace=Workspace(home),
            decisions=Apart(office, str(home)),
            life=Life(queue, queue, MemoryResults(office.clock), memory_books(office.clock)),
        )

    return make
