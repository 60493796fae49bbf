"""config/parallel-validation.yaml: how many strategies are validated at once, and what their workers may take."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from quorum.domain import Limits
from quorum.validation.ladder.tier import Rung, Tier

PARALLEL_FILE = "parallel-validation.yaml"
PARALLEL_YAML = """\
# How many strategies are validated at once, each in a worker of its own, and what a worker may take.
parallel_validation:
  enabled: true                 # false: one after the other, each in a fresh process
  max_workers: 4
  worker_timeout_seconds: 600   # or the tier's budget, whichever is longer; times its multiplier
  l0_timeout_multiplier: 1.0
  l1_timeout_multiplier: 1.5
  l2_timeout_multiplier: 1.0
  l3_timeout_multiplier: 1.0
  polling_interval_seconds: 5   # between two signs of life; completion is heard of at once
  fail_fast: false              # true: the first failure ends the run, what is left waits for the next
  auto_escalate_threshold: 0.5  # when a larger share than this fails, a strategy meeting is scheduled
  resource_limits:
    memory_per_worker_mb: 200   # private memory above a worker's start-up, or the tier's memory_mb if that is more
    cpu_percent_per_worker: 30  # of a core, where a worker has to share it; an idle machine is used whole
"""
HALF = 50.0
NICE_STEP = 1.25  # each level of niceness gives this much less of a core
MOST_NICE = 19
Factor = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, le=604_800, allow_inf_nan=False)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ResourceLimits(_Section):
    """What one worker may take."""

    memory_per_worker_mb: Annotated[float, Field(ge=16, le=1_000_000, allow_inf_nan=False)] = 200.0
    cpu_percent_per_worker: Annotated[float, Field(ge=1, le=100, allow_inf_nan=False)] = 30.0

    @property
    def niceness(self) -> int:
        """The level at which a worker gets that share of a core against one process that is not nice; 0 from a half."""
        share = min(self.cpu_percent_per_worker, HALF)
        return min(MOST_NICE, round(math.log((100.0 - share) / share) / math.log(NICE_STEP)))


class ParallelSection(_Section):
    """The skill's own keys; the multipliers of L2 and L3 are ours."""

    enabled: bool = True
    max_workers: int = Field(4, ge=1, le=256)
    worker_timeout_seconds: Seconds = 600.0
    l0_timeout_multiplier: Factor = 1.0
    l1_timeout_multiplier: Factor = 1.5
    l2_timeout_multiplier: Factor = 1.0
    l3_timeout_multiplier: Factor = 1.0
    polling_interval_seconds: Annotated[float, Field(ge=0.05, le=3600)] = 5.0
    fail_fast: bool = False
    auto_escalate_threshold: Annotated[float, Field(ge=0, le=1)] = 0.5
    resource_limits: ResourceLimits = ResourceLimits()

    def limits(self, rung: Rung, workers: int) -> Limits:
        """What each worker may take at a tier: the longer time and the larger memory of this file and of the tier."""
        multipliers = {
            Tier.L0: self.l0_timeout_multiplier,
            Tier.L1: self.l1_timeout_multiplier,
            Tier.L2: self.l2_timeout_multiplier,
            Tier.L3: self.l3_timeout_multiplier,
        }
        seconds = max(self.worker_timeout_seconds, rung.budget_seconds) * multipliers[rung.tier]
        return Limits(seconds, max(self.resource_limits.memory_per_worker_mb, rung.memory_mb), workers)


class ValidationFile(_Section):
    """parallel-validation.yaml."""

    parallel_validation: ParallelSection = ParallelSection()
