"""Desks whose strategies' lives are in memory, for what needs no database; `stored` has one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desk.offices import at_work, copied, template
from desk.proving.scripted import Engine
from quorum.desk import Desk, Workspace
from quorum.desk.life import Life
from quorum.desk.life.fakes import memory_books
from quorum.desk.notices.fakes import MemoryOutbox
from quorum.validation.life.fakes import MemoryQueue, MemoryResults

Made = Callable[[str], Desk]


class Book:
    """A book of runs in memory, with what was asked for under which id."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, Mapping[str, Any]]] = {}

    def follow(self, key: str, request: Mapping[str, Any]) -> str:
        return self._kept.setdefault(key, (f"WF-{len(self._kept) + 1}", request))[0]

    def entered(self, since: int) -> Sequence[tuple[str, Mapping[str, Any]]]:
        return list(self._kept.values())


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """One desk over the drawn markets, opened once; nobody writes to its database."""
    made = template(tmp_path_factory.getbasetemp() / "desk")
    return at_work(copied(made, tmp_path_factory.mktemp("proving") / "desk"))


@pytest.fixture
def new(office: Desk, tmp_path: Path) -> Made:
    """Desks of their own, each with a home of that name, its configuration empty."""

    def make(name: str) -> Desk:
        (tmp_path / name / "config").mkdir(parents=True)
        queue = MemoryQueue(office.clock)
        return replace(
            office,
            workspace=Workspace(tmp_path / name),
            life=Life(queue, queue, MemoryResults(office.clock), memory_books(office.clock)),
            outbox=MemoryOutbox(office.clock),
            runs=Book(),  # type: ignore[arg-type]
            workflows=Engine(),  # type: ignore[arg-type]
        )

    return make


@pytest.fixture
def desk(new: Made) -> Desk:
    return new("home")


@pytest.fixture
def stored(home: Path) -> Desk:
    """A desk with a database."""
    return at_work(home)
