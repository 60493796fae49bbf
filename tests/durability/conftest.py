"""The occasion that every case of this folder begins with, and what becomes of it undisturbed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from durability.cases import ELSEWHERE, SOME, make_home
from durability.market import Aftermath, Occasion, aftermath, close, cycle, make_occasion
from durability.misbehaving import Ward, warded


@pytest.fixture(scope="session")
def occasion(tmp_path_factory: pytest.TempPathFactory) -> Occasion:
    return make_occasion(tmp_path_factory.mktemp("occasion") / "home")


@pytest.fixture(scope="session")
def undisturbed(occasion: Occasion, tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    """What an untroubled run leaves: one order, bought in two parts."""
    mine = occasion.copy(tmp_path_factory.mktemp("undisturbed") / "home")
    desk = mine.desk()
    cycle(mine, desk)
    close(mine, desk)
    found = aftermath(mine, desk)
    assert (len(found.orders), len(found.fills)) == (1, 2)
    return found


@pytest.fixture(scope="session")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """A worker at work, in whose pool agents misbehave as they are told."""
    with warded(make_home(tmp_path_factory.mktemp("ward") / "home", (*SOME, *ELSEWHERE))) as made:
        yield made
