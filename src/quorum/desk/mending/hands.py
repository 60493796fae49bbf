"""Hands of a repair at a desk: fixes are found and tried in workers of their own, which nothing brings down."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from quorum.desk.desk import Desk
from quorum.desk.settings.reading import read_settings
from quorum.desk.settings.tiers import read_ladder
from quorum.desk.settings.validation import PARALLEL_FILE, ValidationFile
from quorum.domain import DataError, Done, Limits, Loss, Outcome, QuorumError, plain
from quorum.engine import TrialRecord
from quorum.validation.ladder import Tier, TierResult
from quorum.validation.life import Idea
from quorum.validation.repair import Case, NoResult, Proposal, read_proposal

TIER_TASK, MEND_TASK = "tier", "mend"
LEAST_SECONDS = 0.1
REASONS: Mapping[Loss, str] = {
    Loss.TIMEOUT: "timeout",
    Loss.MEMORY: "out_of_memory",
    Loss.CRASH: "worker_crashed",
    Loss.ERROR: "check_failed",
}


class DeskHands:
    """Hands over the desk's Executor, for one strategy at one tier; a search and its checks share `seconds`."""

    def __init__(self, desk: Desk, strategy_id: str, tier: Tier, seconds: float) -> None:
        self._desk = desk
        self._strategy_id = strategy_id
        self._tier = tier
        self._seconds = seconds
        config = desk.workspace.config
        section = read_settings(config / PARALLEL_FILE, ValidationFile).parallel_validation
        usual = section.limits(read_ladder(config).of(tier), 1)
        self._limits = usual
        self._until = time.monotonic() + seconds

    def propose(self, case: Case) -> Proposal:
        """QuorumError for a fixer that breaks, hangs or answers with no proposal."""
        self._until = time.monotonic() + self._seconds
        limits = replace(self._limits, seconds=self._seconds)
        outcome = self._one(MEND_TASK, {"case": case.told()}, limits)
        if not isinstance(outcome, Done):
            raise QuorumError(f"{case.agent} found no fix: {outcome.error.found}", outcome.error.remedy)
        return read_proposal(outcome.answer)

    def run(self, idea: Idea, data: Mapping[str, Any], attempt: int, patience: float = 1.0) -> TierResult | NoResult:
        """A result that cannot be read is none."""
        left = max(self._until - time.monotonic(), LEAST_SECONDS)
        seconds = left if self._limits.seconds is None else min(patience * self._limits.seconds, left)
        asked = {"tier": self._tier.value, "idea": plain(idea), "params": {}, "attempt": attempt, "data": dict(data)}
        outcome = self._one(TIER_TASK, asked, replace(self._limits, seconds=seconds))
        if not isinstance(outcome, Done):
            return NoResult(REASONS[outcome.why], str(outcome.error))
        try:
            return TierResult.read(outcome.answer)
        except DataError as error:
            return NoResult("malformed_result", str(error))

    def families(self, ideas: Sequence[Idea]) -> Sequence[Sequence[TrialRecord]]:
        from quorum.signals import SpecStrategy, family_of, read_spec

        names = (
            i.strategy if isinstance(i.strategy, str) else family_of(SpecStrategy(read_spec(i.strategy))) for i in ideas
        )
        return [self._desk.trials.family(name) for name in dict.fromkeys(names)]

    def _one(self, task: str, asked: Mapping[str, Any], limits: Limits) -> Outcome:
        payload = {"home": str(self._desk.workspace.home), "strategy_id": self._strategy_id, **asked}
        (outcome,) = self._desk.executor.run_many(task, [payload], limits)
        return outcome
