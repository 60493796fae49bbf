"""What follows from the verdicts of a tier: who goes on, and whether people are to sit together. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quorum.desk.proving.record.journal import ERROR, FAILED, INCONCLUSIVE, PASSED, TIMEOUT
from quorum.validation.ladder import Tier

TOGETHER = 2  # a strategy that fails alone is no reason for a meeting
ALL_PASSED, MIXED, ESCALATED, NOTHING = "all_passed", "mixed", "escalated", "nothing"


@dataclass(frozen=True, slots=True)
class Gate:
    """How a tier ended: `failed` are those without a pass that there is no lack of data to blame for."""

    tier: Tier
    passed: tuple[str, ...]
    failed: tuple[str, ...]
    inconclusive: tuple[str, ...]
    threshold: float

    @property
    def share(self) -> float:
        """The share that failed, of those of which something can be said."""
        judged = len(self.passed) + len(self.failed)
        return len(self.failed) / judged if judged else 0.0

    @property
    def escalates(self) -> bool:
        """All failed, or a larger share than may: a strategy meeting is to look at it."""
        judged = len(self.passed) + len(self.failed)
        return judged >= TOGETHER and (not self.passed or self.share > self.threshold)

    @property
    def branch(self) -> str:
        """Which of the ways it takes; those that passed go on in each."""
        if self.escalates:
            return ESCALATED
        if self.failed or self.inconclusive:
            return MIXED
        return ALL_PASSED if self.passed else NOTHING

    @property
    def why(self) -> str:
        """The sentence for people."""
        judged = len(self.passed) + len(self.failed)
        said = f"{len(self.failed)} of {judged} strategies failed {self.tier}"
        if not self.escalates:
            return said
        return f"{said}; all of them" if not self.passed else f"{said}, more than {self.threshold:.0%}"

    def told(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "branch": self.branch,
            "passed": list(self.passed),
            "failed": list(self.failed),
            "inconclusive": list(self.inconclusive),
            "share_failed": self.share,
            "why": self.why,
        }


def determine(tier: Tier, verdicts: Mapping[str, str], threshold: float) -> Gate:
    """The gate of a tier, by the verdict of each strategy."""

    def those(*words: str) -> tuple[str, ...]:
        return tuple(name for name, verdict in verdicts.items() if verdict in words)

    return Gate(tier, those(PASSED), those(FAILED, TIMEOUT, ERROR), those(INCONCLUSIVE), threshold)
