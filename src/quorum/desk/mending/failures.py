"""How a strategy failed, from the result of its tier, or from the reason that stands beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from quorum.desk.desk import Desk
from quorum.domain import DataError, UsageError
from quorum.validation.ladder import Failed, Tier, TierResult
from quorum.validation.life import Candidate
from quorum.validation.repair import Failing, RetryRules

LEDGER = ("attempt", "run_id", "at")


def failing_of(desk: Desk, candidate: Candidate, rules: RetryRules) -> Failing:
    """The newest failure of a strategy; UsageError for one that was at no tier.

    A worker that was lost leaves no result: then the word before the colon of its reason names why.
    """
    if candidate.tier not in set(Tier):
        raise UsageError(f"{candidate.strategy_id} was at no tier yet", "validate it first: `quorum validate`")
    word, _, said = candidate.reason.rpartition("to be mended: ")[2].partition(": ")
    result = _result(desk, candidate)
    if result is not None and isinstance(result.verdict, Failed) and word in ("", result.verdict.reason):
        return Failing(candidate.strategy_id, candidate.tier, candidate.idea, result.verdict, result)
    name = word or "unknown"
    failed = Failed(name, "result", None, None, rules.reason(name).retryable, said or candidate.reason)
    return Failing(candidate.strategy_id, candidate.tier, candidate.idea, failed)


def _result(desk: Desk, candidate: Candidate) -> TierResult | None:
    """The newest result of its tier from before any fix of this failure; None without one that can be read."""
    kept = desk.life.results.of(candidate.strategy_id, candidate.tier)
    return _newest(found for found in kept if found["attempt"] <= candidate.attempts)


def result_of(desk: Desk, strategy_id: str, tier: str, attempt: int) -> TierResult | None:
    """The newest result of an attempt; None without one that can be read."""
    return _newest(found for found in desk.life.results.of(strategy_id, tier) if found["attempt"] == attempt)


def _newest(kept: Iterable[Mapping[str, Any]]) -> TierResult | None:
    for found in reversed(list(kept)):
        with suppress(DataError):
            return TierResult.read({name: value for name, value in found.items() if name not in LEDGER})
    return None
