"""Tiers: the rungs of the ladder, what each looks at, what it asks, and how all of them measure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from quorum.domain import UsageError
from quorum.engine import Terms
from quorum.stats import WalkForward
from quorum.validation.evidence import USUAL, Draws
from quorum.validation.gates import Gate
from quorum.validation.walkforward import YEAR_AND_QUARTER


class Tier(StrEnum):
    """A rung: sanity, quick, full, extended."""

    L0 = "L0"
    L1 = "L1"
    L2 = "L2"
    L3 = "L3"

    @property
    def following(self) -> Tier | None:
        """The next rung; None after the last."""
        rest = [tier for tier in Tier if tier > self]
        return rest[0] if rest else None


@dataclass(frozen=True, slots=True)
class Rung:
    """What a tier looks at and asks: `years` of data, on the first symbol or on all of them.

    `variants` are neighbours of the default parameters that are tried beside them, None a sweep of the strategy's own
    search values. `budget_seconds` is the wall time of FACTS, `memory_mb` what a worker may take above its start-up.
    """

    tier: Tier
    years: float
    whole_universe: bool
    variants: int | None
    budget_seconds: float
    memory_mb: float
    gates: tuple[Gate, ...]

    def days(self, periods: float) -> int:
        """The daily returns that it looks at, where a year has `periods` of them: UTC days or sessions."""
        return math.ceil(self.years * periods)


class Composite(NamedTuple):
    """What each number weighs in the composite score; a profit factor counts 10 at most."""

    sharpe: float = 0.4
    calmar: float = 0.3
    profit_factor: float = 0.2
    win_rate: float = 0.1


COMPOSITE = Composite()


@dataclass(frozen=True, slots=True)
class Method:
    """How the tiers measure: the windows of the walk forward, the parts of L3, what is drawn, on which terms.

    A sweep tries at most `combinations`; an examination for look-ahead has `examination_seconds`. Data of which a
    share `absent` is missing counts as not there; a symbol that ended `delisted_days` before the newest of its
    universe as delisted. An edge before costs is below 0 beyond chance at a probability of `significance`.
    """

    windows: WalkForward = YEAR_AND_QUARTER
    parts: int = 5
    draws: Draws = USUAL
    terms: Terms = field(default_factory=Terms)
    combinations: int = 400
    examination_seconds: float = 5.0
    absent: float = 0.20
    delisted_days: int = 30
    significance: float = 0.05
    composite: Composite = COMPOSITE

    @property
    def fewest_days(self) -> int:
        """The days that all windows take."""
        return self.windows.rows_needed


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rungs that are climbed, in order, how they measure, and how often the critic may look again."""

    rungs: tuple[Rung, ...]
    method: Method = Method()
    critic_rounds: int = 3

    def of(self, tier: Tier) -> Rung:
        """The rung of a tier; UsageError when it is left out."""
        for rung in self.rungs:
            if rung.tier is tier:
                return rung
        raise UsageError(f"the ladder has no tier {tier}", f"it has {', '.join(r.tier for r in self.rungs)}")

    @property
    def tiers(self) -> tuple[Tier, ...]:
        return tuple(rung.tier for rung in self.rungs)

    def after(self, tier: Tier) -> Tier | None:
        """The next tier that is climbed; None after the last."""
        return next((t for t in self.tiers if t > tier), None)
