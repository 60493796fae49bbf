"""A halt: what may not open until a person resumes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from quorum.domain.errors import Severity, UsageError
from quorum.domain.order import OrderIntent
from quorum.domain.proposal import Purpose


class Scope(StrEnum):
    """How far a halt reaches."""

    DESK = "desk"
    ACCOUNT = "account"
    STRATEGY = "strategy"
    SYMBOL = "symbol"


@dataclass(frozen=True, slots=True)
class Halt:
    """Why nothing opens in `scope`, of whom it names (nobody for the desk), since `at` (ns UTC) by `by`.

    BLACK halts everything, RED the one that it names; a reduction passes every halt. UsageError for a halt of the
    desk that names somebody, or of another scope that names nobody.
    """

    scope: Scope
    of: str
    severity: Severity
    reason: str
    by: str
    at: int

    def __post_init__(self) -> None:
        if (self.scope is Scope.DESK) is bool(self.of):
            raise UsageError(f"a halt of {self.scope} {self.of!r} makes no sense", "name what is halted, or the desk")

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Halt:
        """The halt whose plain form is `values`."""
        return cls(**{**values, "scope": Scope(values["scope"]), "severity": Severity(values["severity"])})

    @property
    def name(self) -> str:
        """`desk`, or as `strategy STR-001`."""
        return f"{self.scope} {self.of}".strip()

    def stops(self, intent: OrderIntent) -> bool:
        """Whether the intent may not leave: it opens something, and the halt reaches it."""
        if intent.purpose is Purpose.REDUCTION:
            return False
        reached = {
            Scope.ACCOUNT: {intent.account},
            Scope.SYMBOL: {intent.symbol},
            Scope.STRATEGY: {part.strategy_id for part in intent.parts},
        }
        return self.scope is Scope.DESK or self.of in reached[self.scope]
