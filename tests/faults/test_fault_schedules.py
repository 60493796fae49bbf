"""A trader at `quorum sim` under faults and SIGKILL: nothing happens twice, nothing is lost, nothing differs."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from quorum.surfaces.bench.execution.faults import run_schedules
from quorum.surfaces.bench.execution.schedules import LATEST, schedule

SOME, ALL, SHARD = 6, 500, 50


def wrong(found: Any) -> list[Any]:
    """What is wrong with any of them, with the seed that makes it again."""
    names = ("duplicates", "lost", "differences")
    return [(one["seed"], name, one[name]) for one in found for name in names if one[name]]


def test_a_few_schedules_leave_the_books_as_the_journal_says() -> None:
    found = run_schedules(1, SOME, at_once=2)
    assert wrong(found) == []
    assert sum(one["kills"] for one in found) >= SOME
    assert {"late", "hidden"} & {kind for one in found for kind in one["fired"]}
    assert sum(one["fills"] for one in found) > SOME


@pytest.mark.slow
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("first", range(1, ALL, SHARD))
def test_five_hundred_schedules_leave_the_books_as_the_journal_says(first: int) -> None:
    found = run_schedules(first, SHARD, at_once=3)
    assert [one["seed"] for one in found] == list(range(first, first + SHARD))
    assert wrong(found) == []


def test_a_schedule_is_its_seed_and_late_orders_are_among_them() -> None:
    assert schedule(7) == schedule(7) != schedule(8)
    drawn = [schedule(seed) for seed in range(1, ALL + 1)]
    kinds = Counter(fault["fault"] for one in drawn for fault in one.faults)
    assert {"late", "hidden", "error_after", "reset_after", "half_open", "foreign_position"} <= set(kinds)
    assert all(f["seconds"] == LATEST for one in drawn for f in one.faults if f["fault"] in ("late", "hidden"))
    assert kinds["late"] + kinds["hidden"] > ALL / 5
    assert sum(len(one.deaths) for one in drawn) > ALL
