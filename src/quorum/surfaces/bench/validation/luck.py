"""How many planted strategies without an edge come through the ladder, retries and all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from quorum.desk import Desk
from quorum.desk.mending import retry
from quorum.desk.proving import Asked, Skills, validate
from quorum.stats import Interval, wilson_interval
from quorum.surfaces.bench.planted import Case, Group, planted
from quorum.surfaces.bench.validation.planting import numbered, planted_desk
from quorum.validation.life import Status

BROKEN = frozenset({Status.ERROR, Status.TIMEOUT})


@dataclass(frozen=True, slots=True)
class Luck:
    """Of a group: how many there are, how many passed L2, and how many ended without a verdict; their ids."""

    of: int
    passed: tuple[str, ...]
    broken: tuple[str, ...]

    @property
    def interval(self) -> Interval:
        """The 95 % interval of the share that passed, by Wilson."""
        return wilson_interval(len(self.passed), self.of)


def try_luck(folder: Path, seed: int, noise: int, leaks: int) -> Mapping[Group, Luck]:
    """Queue so many of each and let them go as far as they get: every retry that there is, no critic."""
    cases = planted(seed, 0, noise, leaks)
    desk = planted_desk(folder / "luck", cases, lambda case: case.idea)
    validate(desk, Asked(by="bench"), Skills(mend=retry))
    ids = numbered(desk, cases)
    return {
        group: _luck(desk, {n: c for n, c in ids.items() if c.group is group}) for group in (Group.NOISE, Group.LEAK)
    }


def _luck(desk: Desk, ids: Mapping[str, Case]) -> Luck:
    passed = [case.name for name, case in ids.items() if _has_passed(desk, name)]
    broken = [case.name for name, case in ids.items() if desk.life.queue.get(name).status in BROKEN]
    return Luck(len(ids), _told(passed), _told(broken))


def _has_passed(desk: Desk, strategy_id: str) -> bool:
    return any(move.after is Status.L2_PASSED for move in desk.life.queue.moves(strategy_id))


def _told(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(names))
