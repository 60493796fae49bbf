"""tiered-validation-protocol.yaml: which tiers are climbed, what they may take, and how they measure."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from quorum.desk.settings.tiers.thresholds import Section, Share
from quorum.engine import Terms
from quorum.stats import WalkForward
from quorum.validation.evidence import Draws
from quorum.validation.ladder.tier import Composite, Method, Tier

PROTOCOL_FILE = "tiered-validation-protocol.yaml"
PROTOCOL_YAML = """\
# Which tiers are climbed, what they may take, and how they measure.
tiers: [L0, L1, L2, L3]
years: {L0: 0.5, L1: 1, L2: 3, L3: 5}
budget_seconds: {L0: 30, L1: 300, L2: 1800, L3: 3600}
memory_mb: {L0: 200, L1: 200, L2: 500, L3: 500}   # private memory above a worker's start-up
critic_rounds: 3
walk_forward: {windows: 12, train_days: 252, test_days: 63, purge_days: 0}   # UTC days, or sessions
extended_windows: 5             # equal parts of L3's span
monte_carlo_paths: 1000
resamples: 2000                 # of the tests of superiority
seed: 0
combinations: 400               # that a sweep tries at most
examination_seconds: 5          # that L0 looks for look-ahead
absent_share: 0.20              # of bars missing, from which data counts as not there
delisted_days: 30               # behind the newest symbol of the universe
significance: 0.05              # at which an edge before costs counts as below 0
costs: {fee_bps: 10, slippage_bps: 0}
"""
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Megabytes = Annotated[float, Field(ge=16, le=1_000_000)]
Years = Annotated[float, Field(gt=0, le=50)]


class EachYears(Section):
    """The data of each tier, in years of UTC days or sessions."""

    L0: Years = 0.5
    L1: Years = 1.0
    L2: Years = 3.0
    L3: Years = 5.0


class EachBudget(Section):
    """The wall time of each tier."""

    L0: Seconds = 30.0
    L1: Seconds = 300.0
    L2: Seconds = 1800.0
    L3: Seconds = 3600.0


class EachMemory(Section):
    """What a worker may take at each tier above its start-up."""

    L0: Megabytes = 200.0
    L1: Megabytes = 200.0
    L2: Megabytes = 500.0
    L3: Megabytes = 500.0


class WalkForwardSection(Section):
    """The windows of L2, in daily returns: UTC days of crypto, sessions of equities."""

    windows: Annotated[int, Field(ge=2, le=200)] = 12
    train_days: Annotated[int, Field(ge=20, le=10_000)] = 252
    test_days: Annotated[int, Field(ge=5, le=10_000)] = 63
    purge_days: Annotated[int, Field(ge=0, le=1000)] = 0


class CostsSection(Section):
    """What every fill pays, basis points; 10 of each side are 20 of a round trip."""

    fee_bps: Annotated[float, Field(ge=0, le=1000)] = 10.0
    slippage_bps: Annotated[float, Field(ge=0, le=1000)] = 0.0


class ProtocolFile(Section):
    """tiered-validation-protocol.yaml."""

    tiers: tuple[Tier, ...] = tuple(Tier)
    years: EachYears = EachYears()
    budget_seconds: EachBudget = EachBudget()
    memory_mb: EachMemory = EachMemory()
    critic_rounds: Annotated[int, Field(ge=0, le=20)] = 3
    walk_forward: WalkForwardSection = WalkForwardSection()
    extended_windows: Annotated[int, Field(ge=2, le=100)] = 5
    monte_carlo_paths: Annotated[int, Field(ge=100, le=1_000_000)] = 1000
    resamples: Annotated[int, Field(ge=100, le=1_000_000)] = 2000
    seed: Annotated[int, Field(ge=0)] = 0
    combinations: Annotated[int, Field(ge=1, le=100_000)] = 400
    examination_seconds: Seconds = 5.0
    absent_share: Share = 0.20
    delisted_days: Annotated[int, Field(ge=1, le=10_000)] = 30
    significance: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    costs: CostsSection = CostsSection()

    @model_validator(mode="after")
    def _climbs(self) -> Self:
        if not self.tiers or list(self.tiers) != sorted(set(self.tiers)):
            raise ValueError("tiers: name one at least, each once and in order, as [L0, L1, L2, L3]")
        return self

    def method(self, composite: Composite) -> Method:
        """How the tiers measure."""
        walk = self.walk_forward
        return Method(
            windows=WalkForward(walk.windows, walk.train_days, walk.test_days, walk.purge_days),
            parts=self.extended_windows,
            draws=Draws(paths=self.monte_carlo_paths, resamples=self.resamples, seed=self.seed),
            terms=Terms(fee_bps=self.costs.fee_bps, slippage_bps=self.costs.slippage_bps),
            combinations=self.combinations,
            examination_seconds=self.examination_seconds,
            absent=self.absent_share,
            delisted_days=self.delisted_days,
            significance=self.significance,
            composite=composite,
        )
