"""Cases: a strategy that failed a tier, as it is put before those who may mend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from quorum.domain import plain
from quorum.validation.ladder.asked import read_idea
from quorum.validation.ladder.result import TierResult
from quorum.validation.ladder.verdict import Failed
from quorum.validation.life import Idea


@dataclass(frozen=True, slots=True)
class Failing:
    """A strategy as it failed a tier: the idea that was tried, why it failed, and the result where there is one.

    A worker that was lost leaves no result.
    """

    strategy_id: str
    tier: str
    idea: Idea
    failed: Failed
    result: TierResult | None = None

    @property
    def short(self) -> int:
        """How many gates it misses; without a result more than any."""
        if self.result is None:
            return 1_000
        return sum(row["kind"] == "gate" and row["outcome"] == "failed" for row in self.result.rows) or 100


@dataclass(frozen=True, slots=True)
class Case:
    """What one agent is asked: the failure with its reason and category, and the actions to try, in order.

    `metrics` and `data` are those of the failed check. `tested` is the first day (ns UTC) of what the tier tests on,
    where it is known. `seen` are identities of proposals that were tried.
    """

    strategy_id: str
    tier: str
    idea: Idea
    agent: str
    actions: tuple[str, ...]
    reason: str
    metric: str
    value: float | None
    threshold: float | None
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    tested: int | None = None
    seen: tuple[str, ...] = ()

    def told(self) -> dict[str, Any]:
        """The plain values that `read_case` takes."""
        values: dict[str, Any] = plain(self)
        return values


def read_case(values: Mapping[str, Any]) -> Case:
    """The case that was told."""
    lists = {name: tuple(values[name]) for name in ("actions", "seen")}
    return Case(**{**values, **lists, "idea": read_idea(values["idea"])})


def case_of(failing: Failing, agent: str, actions: tuple[str, ...], seen: tuple[str, ...]) -> Case:
    """A failure as it is put before an agent."""
    failed, result = failing.failed, failing.result
    return Case(
        strategy_id=failing.strategy_id,
        tier=failing.tier,
        idea=failing.idea,
        agent=agent,
        actions=actions,
        reason=failed.reason,
        metric=failed.metric,
        value=failed.value,
        threshold=failed.threshold,
        metrics={} if result is None else result.metrics,
        data={} if result is None else result.data,
        seen=seen,
    )
