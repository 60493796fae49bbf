"""How many planted faults are mended, in how many attempts, beside random fixes and none at all."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from quorum.desk import Desk
from quorum.desk.mending import retry
from quorum.desk.proving import Asked, Skills, validate
from quorum.desk.settings.tiers import read_ladder
from quorum.domain import Done, Limits, plain
from quorum.signals import WITHOUT_MODEL, AnyStrategy, Parameter, find_strategy
from quorum.signals.specs import SpecStrategy, read_spec
from quorum.stats import Interval, wilson_interval
from quorum.surfaces.bench.planted import Case, planted
from quorum.surfaces.bench.validation.planting import numbered, planted_desk, stand_before
from quorum.validation.ladder import Tier
from quorum.validation.life import Idea, Status

PASSED, TASK, ATTEMPTS = "passed", "tier", 3
ALONE = Skills()
"""No skill beside the gates: neither a critic nor retries."""


@dataclass(frozen=True, slots=True)
class Mending:
    """One planted fault: whether its twin passes, whether it passes as it is, and what became of it.

    `attempts` are the fixes that were tried, `repaired` whether one passes the tier, `by_chance` whether one of three
    random fixes does. `reason` is what it failed for.
    """

    case: Case
    twin: bool
    untouched: bool
    reason: str | None = None
    repaired: bool = False
    attempts: int = 0
    by_chance: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Repairs:
    """All of them; shares are of those whose twin passes and whose fault shows."""

    mendings: tuple[Mending, ...]

    @property
    def sound(self) -> tuple[Mending, ...]:
        """Those whose twin passes."""
        return tuple(one for one in self.mendings if one.twin)

    @property
    def showing(self) -> tuple[Mending, ...]:
        """Those of them that fail with their fault."""
        return tuple(one for one in self.sound if not one.untouched)

    @property
    def repaired(self) -> int:
        return sum(one.repaired for one in self.showing)

    @property
    def by_chance(self) -> int:
        return sum(one.by_chance for one in self.showing)

    @property
    def interval(self) -> Interval:
        """The 95 % interval of the share that is repaired, by Wilson."""
        return wilson_interval(self.repaired, len(self.showing))

    @property
    def mean_attempts(self) -> float:
        """Attempts of those that were repaired; NaN without any."""
        taken = [one.attempts for one in self.showing if one.repaired]
        return statistics.mean(taken) if taken else float("nan")

    def by_fault(self) -> dict[str, tuple[int, int, int, int]]:
        """Planted, with a twin that passes, showing, and repaired, by kind of fault."""
        found: dict[str, tuple[int, int, int, int]] = {}
        for one in self.mendings:
            assert one.case.fault is not None
            shows = one.twin and not one.untouched
            now = (1, int(one.twin), int(shows), int(shows and one.repaired))
            before = found.get(one.case.fault.name, (0, 0, 0, 0))
            found[one.case.fault.name] = tuple(map(sum, zip(before, now, strict=True)))  # type: ignore[assignment]
        return found


def mend_planted(folder: Path, seed: int, count: int) -> Repairs:
    """Plant `count` faults in workspaces below `folder`, and mend them as a desk does."""
    cases = planted(seed, count, 0, 0)
    quick = [case for case in cases if case.late is None]
    found = list(_mended(folder / "quick", quick)) if quick else []
    for case in cases:
        if case.late is not None:
            found += _mended(folder / f"late-{case.number}", [case])
    return Repairs(tuple(sorted(found, key=lambda one: one.case.number)))


def _mended(home: Path, cases: Sequence[Case]) -> Iterator[Mending]:
    twins = _first_verdicts(planted_desk(home / "twins", cases, _twin), cases)
    passing = {case.name for case, line in _by_case(twins, cases) if line["verdict"] == PASSED}
    seconds = _given(twins, cases)
    desk = planted_desk(home / "faulty", cases, _idea, seconds)
    first = _first_verdicts(desk, cases)
    chance = planted_desk(home / "chance", cases, _idea, seconds)
    for case, line in _by_case(first, cases):
        mending = Mending(case, case.name in passing, line["verdict"] == PASSED, line.get("reason"))
        strategy_id = next(name for name, one in numbered(desk, cases).items() if one is case)
        if desk.life.queue.get(strategy_id).status is Status.FIXABLE_FAILURE:
            mended = retry(desk, strategy_id)
            mending = replace(mending, repaired=mended.result == PASSED, attempts=len(mended.attempts), why=mended.why)
        if mending.twin and not mending.untouched:
            mending = replace(mending, by_chance=_by_chance(chance, case, seconds))
        yield mending


def _given(twins: Mapping[str, Mapping[str, Any]], cases: Sequence[Case]) -> float | None:
    """The seconds that a late one is given: a share of what its twin took here and now."""
    taken = [case.late * float(twins[case.name]["seconds"]) for case in cases if case.late is not None]
    return min(taken, default=None)


def _first_verdicts(desk: Desk, cases: Sequence[Case]) -> Mapping[str, Mapping[str, Any]]:
    """The lines of each strategy at its own tier, before any fix."""
    ids = numbered(desk, cases)
    lines: dict[str, Mapping[str, Any]] = {}
    for tier in (Tier.L1, Tier.L2):
        mine = tuple(name for name, case in ids.items() if case.tier == tier)
        for name in mine:
            stand_before(desk, name, tier)
        if mine:
            lines |= validate(desk, Asked(mine, tier), ALONE)["by_strategy"]
    return {ids[name].name: line for name, line in lines.items()}


def _by_case(lines: Mapping[str, Mapping[str, Any]], cases: Sequence[Case]) -> Iterator[tuple[Case, Mapping[str, Any]]]:
    for case in cases:
        yield case, lines[case.name]


def _by_chance(desk: Desk, case: Case, seconds: float | None) -> bool:
    """Whether one of three random fixes passes: each draws every parameter within its bounds, and a source."""
    rng = np.random.default_rng([case.number, 3])
    rung = read_ladder(desk.workspace.config).of(Tier(case.tier))
    limits = Limits(seconds or rung.budget_seconds, None, 1)
    venues = sorted({info.venue for info in desk.lake.series() if info.symbol == case.idea.symbols[0]})
    for attempt in range(1, ATTEMPTS + 1):
        params = {p.name: _drawn(rng, p) for p in _strategy_of(case.idea).parameters}
        idea = replace(case.idea, params=params, venue=str(rng.choice(venues)))
        home = str(desk.workspace.home)
        asked = {"home": home, "strategy_id": case.name, "tier": case.tier, "idea": plain(idea), "params": {}}
        (outcome,) = desk.executor.run_many(TASK, [{**asked, "attempt": attempt}], limits)
        if isinstance(outcome, Done) and outcome.answer["verdict"]["verdict"] == PASSED:
            return True
    return False


def _drawn(rng: np.random.Generator, parameter: Parameter) -> float:
    if isinstance(parameter.default, int):
        return int(rng.integers(int(parameter.low), int(parameter.high) + 1))
    return float(rng.uniform(parameter.low, parameter.high))


def _strategy_of(idea: Idea) -> AnyStrategy:
    if isinstance(idea.strategy, str):
        return find_strategy(idea.strategy, WITHOUT_MODEL)
    return SpecStrategy(read_spec(idea.strategy))


def _idea(case: Case) -> Idea:
    return case.idea


def _twin(case: Case) -> Idea:
    return case.twin or case.idea
