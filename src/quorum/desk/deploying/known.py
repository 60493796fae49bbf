"""What is known of a strategy: where it stands, and the newest result of each tier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from quorum.desk.desk import Desk
from quorum.desk.settings.tiers import read_ladder
from quorum.domain import DataError, UsageError, canonical
from quorum.signals import AnyStrategy, SpecStrategy, find_strategy, read_spec
from quorum.validation.ladder import Ladder, Tier, TierResult
from quorum.validation.life import Candidate, Idea

CRITIC, RISK = "critic", "risk"
"""Under which word their answers are kept beside those of the tiers."""
_PLACE = ("attempt", "run_id", "at")


class Known(NamedTuple):
    """A strategy in the queue with its newest result a tier; `places` say of each which run and attempt it is of."""

    candidate: Candidate
    results: Mapping[Tier, TierResult]
    places: Mapping[Tier, Mapping[str, Any]]

    @property
    def strategy_id(self) -> str:
        return self.candidate.strategy_id

    @property
    def proof(self) -> TierResult:
        """The result whose days nothing was chosen by, L2's, else the highest that has daily returns.

        UsageError when there is none.
        """
        tiers = (Tier.L2, *reversed(Tier))
        for tier in tiers:
            if tier in self.results and self.results[tier].daily is not None:
                return self.results[tier]
        raise UsageError(
            f"{self.strategy_id} has no result with daily returns", f"run `quorum validate {self.strategy_id}`"
        )

    @property
    def provisional(self) -> tuple[Tier, ...]:
        """Which of what a deployment stands on, its proof and its highest tier, were looked at on other data."""
        looked = {self.proof.tier, max(self.results)}
        return tuple(sorted(tier for tier in looked if self.results[tier].data["provisional"]))


def known(desk: Desk, strategy_id: str) -> Known:
    """All of it; NotFound for an id that there is not, DataError for a result that cannot be read."""
    candidate = desk.life.queue.get(strategy_id)
    newest = {row["tier"]: row for row in desk.life.results.of(strategy_id) if row["tier"] in list(Tier)}
    results = {Tier(tier): _read(strategy_id, row) for tier, row in newest.items()}
    places = {Tier(tier): {name: row[name] for name in _PLACE} for tier, row in newest.items()}
    return Known(candidate, results, places)


def ladder_of(desk: Desk) -> Ladder:
    """The ladder as the workspace's files have it."""
    return read_ladder(desk.workspace.config)


def newest(desk: Desk, strategy_id: str, word: str) -> Mapping[str, Any] | None:
    """The newest answer of the critic, or of risk; None when they were not asked."""
    rows = desk.life.results.of(strategy_id, word)
    return rows[-1] if rows else None


def run_of(desk: Desk, strategy_id: str, word: str, told: Mapping[str, Any]) -> str:
    """Under which run an answer is kept: that of the newest one where it says the same, else the next number."""
    rows = desk.life.results.of(strategy_id, word)
    if rows and _said(rows[-1]) == _said(told):
        return str(rows[-1]["run_id"])
    return f"{word.upper()}-{len(rows) + 1:03d}"


def strategy_of(desk: Desk, idea: Idea) -> AnyStrategy:
    """The strategy that an idea names, or is."""
    if isinstance(idea.strategy, str):
        return find_strategy(idea.strategy, desk.settings.consensus.consensus.rules())
    return SpecStrategy(read_spec(idea.strategy))


def _said(row: Mapping[str, Any]) -> bytes:
    own = (*_PLACE, "tier", "decision_id", "cpu_seconds")
    return canonical({name: value for name, value in row.items() if name not in own})


def _read(strategy_id: str, row: Mapping[str, Any]) -> TierResult:
    values = {name: value for name, value in row.items() if name not in _PLACE}
    try:
        return TierResult.read(values)
    except DataError as error:
        where = f"{strategy_id} {row['tier']}, run {row['run_id']}, attempt {row['attempt']}"
        raise DataError(f"{where}: {error.found}", error.remedy) from error
