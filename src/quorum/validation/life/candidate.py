"""A strategy in the queue: what it trades by, on what, why, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from quorum.domain import content_hash
from quorum.validation.life.status import Status

DIGITS = 9
"""Longer numbers in ids are names, which no counter follows."""


def number_in(identity: str, series: str) -> int:
    """The number in an id of a series, as 12 in STR-012; 0 for an id of another form."""
    head, _, digits = identity.rpartition("-")
    counts = head == series and digits.isascii() and digits.isdigit() and len(digits) <= DIGITS
    return int(digits) if counts else 0


@dataclass(frozen=True, slots=True)
class Idea:
    """What is put into the queue.

    `strategy` is the name of a strategy or a StrategySpec as plain values; `params` replace its defaults. `symbols`
    are its universe, the first of them its primary asset. `origin` says who had it: a person, or a participant of a
    meeting; `weight` how much priority it has, more first.
    """

    strategy: str | Mapping[str, Any]
    symbols: tuple[str, ...]
    timeframe: str
    venue: str | None = None
    params: Mapping[str, float] = field(default_factory=dict)
    hypothesis: str = ""
    origin: str = "person"
    parent: str | None = None
    weight: float = 0.0

    @property
    def name(self) -> str:
        return self.strategy if isinstance(self.strategy, str) else str(self.strategy["name"])

    @property
    def identity(self) -> str:
        """The same for the same rule with the same parameters on the same bars, whoever had it."""
        parts = (self.strategy, self.symbols, self.timeframe, self.venue, dict(self.params))
        return content_hash(parts)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An idea under its id, STR-001 and on, as it stands; instants in ns UTC.

    `tier` is the rung that it is at or was last; `attempts` counts the fixes that were tried, `version` the moves.
    `reason` says why it stands where it stands. `other` are keys of a host's queue file that are not ours.
    """

    strategy_id: str
    idea: Idea
    status: Status
    added_at: int
    moved_at: int
    tier: str | None = None
    reason: str = ""
    attempts: int = 0
    version: int = 0
    other: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Move:
    """One step of a life, as it is kept: from where to where, when, by whom and why."""

    strategy_id: str
    at: int
    before: Status | None
    after: Status
    by: str
    reason: str
    decision_id: str | None = None
