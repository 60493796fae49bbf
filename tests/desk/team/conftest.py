"""One desk for the tests of the team; each looks at a run of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from desk.offices import copied, template
from desk.team.teams import Bench, opened
from quorum.desk import Desk


@pytest.fixture(scope="session")
def team_desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    base = tmp_path_factory.getbasetemp()
    return opened(copied(template(base / "desk"), tmp_path_factory.mktemp("team") / "desk"))


@pytest.fixture
def bench(team_desk: Desk) -> Iterator[Callable[..., Bench]]:
    """Makes teams, and closes them after the test."""
    made: list[Bench] = []

    def make(*given: Any, **named: Any) -> Bench:
        made.append(Bench(team_desk, *given, **named))
        return made[-1]

    yield make
    for one in made:
        one.close()
