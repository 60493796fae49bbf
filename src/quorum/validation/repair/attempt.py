"""Attempts: a fix that was tried, with the failing metric before and after, and how a cycle of them ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from quorum.domain import plain
from quorum.validation.ladder.result import TierResult
from quorum.validation.ladder.verdict import Failed
from quorum.validation.life import Idea
from quorum.validation.repair.fix import Fix


class Outcome(StrEnum):
    """How an attempt ended."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    BOUGHT = "bought_by_trying"
    LOST = "lost"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One fix as it was tried: `before` and `after` are the failures, None after a pass.

    `metric` is the one that failed before, with its value then and now. `trials` were counted by the search and by
    the check; a `provisional` pass was had on less data, or on data of another source. `learnings` are the ids of
    those that were asked.
    """

    number: int
    category: str
    fix: Fix
    idea: Idea
    before: Failed
    outcome: Outcome
    why: str
    after: Failed | None = None
    value: float | None = None
    result: TierResult | None = None
    trials: int = 0
    provisional: bool = False
    seconds: float = 0.0
    learnings: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.PASSED

    def told(self) -> dict[str, Any]:
        """The attempt as plain values, as fix-attempt-N.yaml has it; the whole result is not among them."""
        fix, before = self.fix, self.before
        return {
            "number": self.number,
            "agent": fix.agent,
            "category": self.category,
            "action": fix.action,
            "reasoning": fix.reasoning,
            "changes": plain(fix.changes),
            "data": plain(dict(fix.data)),
            "metric": {
                "name": before.metric,
                "threshold": plain(before.threshold),
                "before": plain(before.value),
                "after": plain(self.value),
            },
            "reason_before": before.reason,
            "reason_after": None if self.after is None else self.after.reason,
            "learnings_used": list(self.learnings),
            "outcome": self.outcome.value,
            "why": self.why,
            "provisional": self.provisional,
            "trials_added": self.trials,
            "seconds": round(self.seconds, 3),
            "identity": fix.identity,
        }


@dataclass(frozen=True, slots=True)
class Repaired:
    """The strategy passes with this idea."""

    idea: Idea
    result: TierResult
    provisional: bool


@dataclass(frozen=True, slots=True)
class Unrepaired:
    """Nothing helped: the reason in the words of the table, and the sentence for people."""

    reason: str
    why: str


@dataclass(frozen=True, slots=True)
class Cycle:
    """All attempts at one failure and how they ended; `passed_on` says who had nothing to propose, and why."""

    attempts: tuple[Attempt, ...]
    end: Repaired | Unrepaired
    passed_on: tuple[str, ...] = ()
    trials: int = 0
