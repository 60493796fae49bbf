"""The rules of retrying: at which tiers, how often, for how long, and what is done about which reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from quorum.validation.ladder.reasons import Category, Reason, reason_of
from quorum.validation.ladder.tier import Tier


@dataclass(frozen=True, slots=True)
class Remedy:
    """What a desk does about a reason instead of what the table says; with `retry` off it is fatal."""

    agent: str
    action: str
    retry: bool = True


@dataclass(frozen=True, slots=True)
class RetryRules:
    """How a failed strategy is mended; `remedies` and `fatal` override rows of the table of reasons.

    `seconds` is what a fix attempt may take. With `feedback` earlier learnings are asked before a fix is chosen;
    `learn_from_success` and `classify_failures` say which ends of a cycle are written down.
    """

    enabled: bool = True
    max_attempts: int = 3
    tiers: tuple[Tier, ...] = (Tier.L1, Tier.L2)
    seconds: float = 1800.0
    remedies: Mapping[str, Remedy] = field(default_factory=dict)
    fatal: frozenset[str] = frozenset()
    feedback: bool = True
    learn_from_success: bool = True
    classify_failures: bool = True

    def reason(self, name: str) -> Reason:
        """The row of a reason as this desk has it."""
        row = reason_of(name)
        remedy = self.remedies.get(name)
        if name in self.fatal or (remedy is not None and not remedy.retry):
            return replace(row, category=Category.FATAL, action="reject")
        if remedy is None:
            return row
        category = Category.SIGNAL_ISSUE if row.category is Category.FATAL else row.category
        return replace(row, category=category, agent=remedy.agent, action=remedy.action)

    def retries(self, tier: str, reason: str) -> bool:
        """Whether a failure at a tier is mended at all."""
        return self.enabled and self.max_attempts > 0 and tier in self.tiers and self.reason(reason).retryable
