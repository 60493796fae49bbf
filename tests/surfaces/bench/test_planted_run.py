"""Planted strategies through the queue: leaks never pass, faults are mended, and nothing breaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from quorum.bootstrap import use_kernel_cache
from quorum.surfaces.bench.planted import TEST, Group, planted
from quorum.surfaces.bench.validation import (
    Luck,
    Mending,
    Repairs,
    complete,
    limits_held,
    mend_planted,
    planted_measures,
    try_luck,
)

use_kernel_cache()
FEW = 3, 4


def test_of_a_few_no_leak_passes_and_nothing_breaks(tmp_path: Path) -> None:
    noise, leaks = FEW
    luck = try_luck(tmp_path, TEST, noise, leaks)
    assert luck[Group.LEAK].of == leaks
    assert luck[Group.LEAK].passed == ()
    assert luck[Group.NOISE].broken == luck[Group.LEAK].broken == ()


def test_shares_are_of_faults_that_show_in_strategies_that_are_sound() -> None:
    cases = planted(TEST, 6, 0, 0)
    repairs = Repairs(
        (
            Mending(cases[0], twin=True, untouched=False, repaired=True, attempts=1),
            Mending(cases[1], twin=True, untouched=False, repaired=True, attempts=2, by_chance=True),
            Mending(cases[2], twin=True, untouched=False, attempts=3),
            Mending(cases[3], twin=True, untouched=True),
            Mending(cases[4], twin=False, untouched=False, repaired=True, attempts=3),
            Mending(cases[5], twin=False, untouched=True),
        )
    )
    assert (len(repairs.sound), len(repairs.showing), repairs.repaired, repairs.by_chance) == (4, 3, 2, 1)
    assert repairs.mean_attempts == 1.5
    assert sum(planted for planted, *_ in repairs.by_fault().values()) == 6
    rows = {row.key: row for row in planted_measures(repairs, Luck(200, ("a",), ()), Luck(200, (), ()))}
    assert rows["repaired"].value == pytest.approx(2 / 3)
    assert rows["repaired"].floor == pytest.approx(1 / 3)
    assert rows["noise_passed"].met
    assert rows["leaks_passed"].met


def test_without_a_fault_that_shows_there_is_no_row_of_repairs() -> None:
    rows = planted_measures(Repairs(()), Luck(10, (), ()), Luck(10, ("a",), ()))
    assert [row.key for row in rows] == ["noise_passed", "leaks_passed"]
    assert rows[0].met is None
    assert rows[1].met is False


@pytest.mark.slow
def test_workers_that_take_too_much_are_gone_in_time() -> None:
    rows = {row.key: row for row in limits_held()}
    assert rows["worker_memory"].met
    assert rows["worker_endless"].met
    assert rows["worker_peers"].met


@pytest.mark.slow
@pytest.mark.timeout(7_200)
def test_the_whole_planted_benchmark(tmp_path: Path) -> None:
    repairs = mend_planted(tmp_path, TEST, 60)
    luck = try_luck(tmp_path, TEST, 200, 200)
    rows = {row.key: row for row in planted_measures(repairs, luck[Group.NOISE], luck[Group.LEAK])}
    assert luck[Group.NOISE].broken == luck[Group.LEAK].broken == ()
    assert luck[Group.LEAK].passed == ()
    assert rows["noise_passed"].met
    assert len(repairs.sound) >= 40
    assert rows["repaired"].met, repairs.by_fault()
    assert repairs.repaired > repairs.by_chance
    assert rows["attempts"].met


@pytest.mark.slow
def test_checks_end_although_workers_die() -> None:
    found = complete(40)
    assert found.answered == found.checks
    assert found.crashed >= 10
