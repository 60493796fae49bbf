"""How a judgement ends: it holds, it does not, or there is too little to say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Passed:
    """What was asked for is there."""


@dataclass(frozen=True, slots=True)
class Failed:
    """What was asked for is not there, and why; `marginal` when none of it is so bad that nobody need look again."""

    reasons: tuple[str, ...]
    marginal: bool = False

    def __str__(self) -> str:
        return "; ".join(self.reasons)


@dataclass(frozen=True, slots=True)
class Inconclusive:
    """Nothing can be said: of `what`, `needed` is needed and `found` is there."""

    what: str
    needed: float
    found: float

    def __str__(self) -> str:
        return f"{self.what}: {self.needed:g} needed, {self.found:g} found"


Outcome = Passed | Failed | Inconclusive
