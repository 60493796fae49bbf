"""A person's word that raises one limit for a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

from quorum.domain import UsageError
from quorum.risk.limits import RiskLimits

RAISABLE = frozenset(
    {
        *("risk_per_trade", "max_position", "max_deployed", "max_strategy", "max_sector", "max_cluster"),
        *("max_leverage", "max_day_loss", "max_week_loss", "max_order_notional", "max_order_lots"),
        *("max_orders_per_minute", "max_from_last_bps", "last_trade_seconds"),
    }
)
"""The limits that a person may raise: not the total loss, no breaker, no halt, and not what a book may do at all."""
_WHOLE = frozenset({"max_orders_per_minute", "last_trade_seconds"})


@dataclass(frozen=True, slots=True)
class Override:
    """`limit` may be used up to `up_to`, in that limit's own unit, until `expires` (ns UTC): who says so, and why."""

    limit: str
    up_to: Decimal
    by: str
    reason: str
    expires: int

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Override:
        """The override whose plain form is `values`."""
        return cls(**{**values, "up_to": Decimal(values["up_to"])})

    def __post_init__(self) -> None:
        if not self.up_to.is_finite() or self.up_to <= 0:
            raise UsageError(f"up_to = {self.up_to} of an override must be a number above 0")

    def refused(self, now: int) -> str | None:
        """Why it raises nothing at `now`, in words; None when it holds."""
        if self.limit not in RAISABLE:
            return f"{self.limit} is not a limit that a person may raise"
        if not self.by.strip() or not self.reason.strip():
            return f"an override of {self.limit} needs a name and a reason"
        return f"the override of {self.limit} by {self.by} has expired" if now >= self.expires else None


def raised(limits: RiskLimits, overrides: Sequence[Override], now: int) -> RiskLimits:
    """The limits with what holds of `overrides` at `now`; they only raise, the highest counts.

    UsageError where one raises a limit above what it may be at all, as a loss of more than everything.
    """
    holding = tuple([override for override in overrides if override.refused(now) is None])
    return _raised(limits, holding) if holding else limits


@lru_cache(maxsize=64)
def _raised(limits: RiskLimits, holding: tuple[Override, ...]) -> RiskLimits:
    changed: dict[str, Any] = {}
    for override in holding:
        before = changed.get(override.limit, getattr(limits, override.limit))
        if before is not None and override.up_to > before:
            changed[override.limit] = int(override.up_to) if override.limit in _WHOLE else override.up_to
    return replace(limits, **changed) if changed else limits
