"""The doors of the queue: what the store does for the strategy's life."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from quorum.validation.life.candidate import Candidate, Idea, Move
from quorum.validation.life.status import Status


class StrategyQueue(Protocol):
    """Every strategy there ever was, with its moves; each change is one transaction."""

    def add(self, ideas: Sequence[Idea], by: str) -> Sequence[Candidate]:
        """Queue ideas, each under the next id; one that is there already, its life not over, comes back as it is."""
        ...

    def get(self, strategy_id: str) -> Candidate:
        """NotFound for an id that there is not."""
        ...

    def listed(self, statuses: Collection[Status] = ()) -> Sequence[Candidate]:
        """Those that stand there, all without any, by priority and then by id."""
        ...

    def move(
        self, strategy_id: str, before: Status, after: Status, by: str, reason: str, **facts: Any
    ) -> Candidate | None:
        """Move it and keep why, in one transaction; None when somebody else has moved it meanwhile.

        `facts` replace tier, attempts and idea (a fix that was applied). IllegalMove for a move that there is not.
        """
        ...

    def moves(self, strategy_id: str) -> Sequence[Move]:
        """Its life so far, oldest first."""
        ...


class Results(Protocol):
    """What tiers answered; written once a run, tier and attempt."""

    def keep(self, strategy_id: str, tier: str, attempt: int, run_id: str, result: Mapping[str, Any]) -> None:
        """Keep a result; the same one again changes nothing."""
        ...

    def of(self, strategy_id: str, tier: str | None = None) -> Sequence[Mapping[str, Any]]:
        """Its results, oldest first; each with `tier`, `attempt`, `run_id` and `at` beside the result."""
        ...
