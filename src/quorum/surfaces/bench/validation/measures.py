"""The rows of `quorum bench validation`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from quorum.surfaces.bench.measure import Measure
from quorum.surfaces.bench.planted import TEST, Group
from quorum.surfaces.bench.validation.completion import completion
from quorum.surfaces.bench.validation.limits import limits_held
from quorum.surfaces.bench.validation.luck import Luck, try_luck
from quorum.surfaces.bench.validation.repairs import Repairs, mend_planted
from quorum.surfaces.bench.validation.speed import speeds

SAMPLE = 12, 12, 12
LUCKY, REPAIRED, ATTEMPTS = 0.05, 0.60, 1.5


def validation() -> list[Measure]:
    """All of it, with a small sample of the planted strategies; `make test-slow` has the full set."""
    with tempfile.TemporaryDirectory() as folder:
        sound, noise, leaks = SAMPLE
        repairs = mend_planted(Path(folder), TEST, sound)
        luck = try_luck(Path(folder), TEST, noise, leaks)
    return [*limits_held(), *speeds(), *completion(), *planted_measures(repairs, luck[Group.NOISE], luck[Group.LEAK])]


def planted_measures(repairs: Repairs, noise: Luck, leaks: Luck) -> list[Measure]:
    """The planted strategies' rows; those of repairs only where there was something to repair."""
    return [*_repaired(repairs), *_passed(noise, leaks)]


def _repaired(repairs: Repairs) -> list[Measure]:
    shown = len(repairs.showing)
    if not shown:
        return []
    low, high = repairs.interval
    of = f"of {len(repairs.mendings)} planted, {len(repairs.sound)} twins pass, {shown} faults show"
    name = f"faults repaired ({of}; 95 % {low:.2f} to {high:.2f})"
    share, chance = repairs.repaired / shown, repairs.by_chance / shown
    rows = [
        Measure(
            "repaired", name, share, "share", chance, "three random fixes; none without any", REPAIRED, at_least=True
        )
    ]
    if repairs.repaired:
        name = f"fixes tried for each of the {repairs.repaired} that were repaired"
        rows.append(Measure("attempts", name, repairs.mean_attempts, "fixes", target=ATTEMPTS))
    return rows


def _passed(noise: Luck, leaks: Luck) -> list[Measure]:
    high = noise.interval[1]
    name = f"{len(noise.passed)} of {noise.of} strategies without an edge pass L2, 95 % upper bound"
    needed = 80  # with fewer not even none of them could keep the bound
    return [
        Measure("noise_passed", name, high, "share", target=LUCKY if noise.of >= needed else None),
        Measure("leaks_passed", f"of {leaks.of} leaks and illusions pass L2", len(leaks.passed), "", target=0.0),
    ]
