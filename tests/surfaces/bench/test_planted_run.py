"""Planted strategies through the queue: leaks never pass, faults are mended, and nothing breaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from quorum.bootstrap import use_kernel_cache
from quorum.surfaces.bench.planted import TEST, Group
from quorum.surfaces.bench.validation import complete, mend_planted, planted_measures, try_luck

use_kernel_cache()
FEW = 3, 4


def test_of_a_few_no_leak_passes_and_nothing_breaks(tmp_path: Path) -> None:
    noise, leaks = FEW
    luck = try_luck(tmp_path, TEST, noise, leaks)
    assert luck[Group.LEAK].of == leaks
    assert luck[Group.LEAK].passed == ()
    assert luck[Group.NOISE].broken == luck[Group.LEAK].broken == ()


@pytest.mark.slow
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
