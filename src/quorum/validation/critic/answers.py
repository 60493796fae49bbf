"""What the critic says: doubts, the evidence on each, round by round, and the verdict."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from quorum.domain import plain
from quorum.validation.ladder.reasons import CAUSES, reason_of
from quorum.validation.ladder.verdict import Failed, Inconclusive, Passed, Verdict, told

SCHEMA = 1
OWN = {"difference_when_repeated": "fundamental_strategy_flaw", "largest_exposure": "max_drawdown_extreme"}
"""The reasons of evidence that the ladder does not have; else it is the Sharpe ratio that was too good."""
Comparison = Literal[">=", ">", "<=", "<"]
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One number that was worked out again, what is asked of it, and how it was found.

    `close` is that the number may yet turn out on the other side: more effort, or more data, is needed.
    """

    what: str
    value: float
    comparison: Comparison
    threshold: float
    detail: str
    close: bool = False

    @property
    def holds(self) -> bool | None:
        """Whether it is as asked; None while that cannot be said."""
        if self.close or math.isnan(self.value):
            return None
        return _COMPARE[self.comparison](self.value, self.threshold)

    def told(self) -> dict[str, Any]:
        """The plain values."""
        words = {True: "yes", False: "no", None: "open"}
        return {
            "what": self.what,
            "value": plain(self.value),
            "comparison": self.comparison,
            "threshold": self.threshold,
            "holds": words[self.holds],
            "detail": self.detail,
        }


@dataclass(frozen=True, slots=True)
class Doubt:
    """A question that the critic has: its name, in words, and the metrics and diagnostics that raised it."""

    name: str
    question: str
    raised_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """A doubt with the evidence of one round on it."""

    doubt: Doubt
    evidence: tuple[Evidence, ...]

    @property
    def verdict(self) -> Verdict:
        """Failed by the first evidence against it, else Inconclusive by the first that is open, else Passed."""
        against = next((e for e in self.evidence if e.holds is False), None)
        if against is not None:
            return self._failed(against)
        unsure = next((e for e in self.evidence if e.holds is None), None)
        if unsure is not None:
            return Inconclusive(unsure.what, unsure.threshold, unsure.value)
        return Passed()

    def told(self) -> dict[str, Any]:
        """The plain values."""
        return {
            **plain(self.doubt),
            "outcome": type(self.verdict).__name__.lower(),
            "evidence": [evidence.told() for evidence in self.evidence],
        }

    def _failed(self, found: Evidence) -> Failed:
        cause = CAUSES.get(found.what)
        reason = reason_of(OWN.get(found.what, "sharpe_below_threshold") if cause is None else cause.reason)
        asked = f"{found.comparison} {found.threshold:g} is asked for"
        why = f"{self.doubt.name}: {found.what} is {found.value:.4g}, {asked} ({found.detail})"
        return Failed(reason.name, found.what, plain(found.value), found.threshold, reason.retryable, why)


@dataclass(frozen=True, slots=True)
class Review:
    """What the critic came to on a tier's result: the answers of each round, and the verdict.

    `basis` names what it looked at (data_hash, code_hash, seed, params), so that anybody can do it again.
    """

    tier: str
    verdict: Verdict
    rounds: tuple[tuple[Answered, ...], ...]
    basis: Mapping[str, Any]
    cpu_seconds: float = 0.0

    def told(self) -> dict[str, Any]:
        """The plain values, as they are kept and as `critic_text` takes them; `looked_at` is the tier."""
        return {
            "schema": SCHEMA,
            "looked_at": self.tier,
            "verdict": plain(told(self.verdict)),
            "rounds": [[answer.told() for answer in answers] for answers in self.rounds],
            "basis": plain(dict(self.basis)),
            "cpu_seconds": round(self.cpu_seconds, 3),
        }


def verdict_of(rounds: Sequence[Sequence[Answered]]) -> Verdict:
    """The word of the last look at each doubt: the first that failed, else the first that is open, else Passed."""
    last = {answer.doubt.name: answer.verdict for answers in rounds for answer in answers}
    for kind in (Failed, Inconclusive):
        found = next((verdict for verdict in last.values() if isinstance(verdict, kind)), None)
        if found is not None:
            return found
    return Passed()
