"""Numbers of the strategies' lives: where they stand, at which tier they were rejected, what that saved."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

from quorum.desk.desk import Desk
from quorum.desk.life.ports import Record
from quorum.validation.ladder import Tier
from quorum.validation.life import DEPLOYED, OUT, Candidate, Status

NEWEST = 30
"""How many runs the seconds are of."""
REJECTED = (Status.REJECTED, Status.REJECTED_AUTO_RETRY)


class Statistics(NamedTuple):
    """Of all strategies there ever were; seconds of work.

    `saved_by_rejecting` is what the tiers that a rejected strategy never reached would have taken, each as long as
    those took that did reach it; a tier that none has reached counts as nothing. `saved_by_workers` is what running
    side by side saved in the last 30 runs.
    """

    total: int
    evaluated: int
    in_pipeline: int
    deployed: int
    rejected: int
    archived: int
    awaiting: int
    next_number: int
    statuses: Mapping[str, int]
    rejected_by_tier: Mapping[str, int]
    saved_by_rejecting: float
    saved_by_workers: float

    @property
    def counters(self) -> dict[str, int]:
        """The counters of registry.yaml."""
        return {
            "next_id": self.next_number,
            "total_evaluated": self.evaluated,
            "total_deployed": self.deployed,
            "total_rejected": self.rejected,
            "total_archived": self.archived,
            "total_in_pipeline": self.in_pipeline,
        }


def statistics(desk: Desk) -> Statistics:
    """The numbers as they are now."""
    candidates = desk.life.queue.listed()
    return statistics_of(candidates, desk.life.books.runs.listed(NEWEST), desk.life.intake.next_number())


def statistics_of(candidates: Sequence[Candidate], runs: Sequence[Record], next_number: int) -> Statistics:
    """The numbers of candidates, with what the tiers took in these runs."""
    seconds = _seconds(runs)
    stand = Counter(c.status for c in candidates)
    rejected = [c for c in candidates if c.status in REJECTED]
    return Statistics(
        total=len(candidates),
        evaluated=sum(c.tier is not None for c in candidates),
        in_pipeline=sum(c.status not in OUT for c in candidates),
        deployed=sum(c.status in DEPLOYED for c in candidates),
        rejected=len(rejected),
        archived=stand[Status.RETIRED],
        awaiting=stand[Status.AWAITING_HUMAN],
        next_number=next_number,
        statuses=dict(sorted((status.value, n) for status, n in stand.items())),
        rejected_by_tier=dict(sorted(Counter(c.tier or "before L0" for c in rejected).items())),
        saved_by_rejecting=sum(_not_spent(c, seconds) for c in rejected if c.tier is not None),
        saved_by_workers=sum(max(0.0, run.get("sequential_seconds", 0) - run.get("seconds", 0)) for run in runs),
    )


def _not_spent(candidate: Candidate, seconds: Mapping[str, Sequence[float]]) -> float:
    """What the tiers above the one where it was rejected would have taken."""
    above = [tier for tier in Tier if candidate.tier is not None and tier.value > candidate.tier]
    return sum(fmean(seconds.get(tier) or [0.0]) for tier in above)


def _seconds(runs: Iterable[Record]) -> Mapping[str, Sequence[float]]:
    """The CPU seconds that tiers took, by tier."""
    spent: defaultdict[str, list[float]] = defaultdict(list)
    for run in runs:
        for line in run.get("by_strategy", {}).values():
            for tier, ended in line.get("tiers", {}).items():
                took = ended.get("cpu_seconds")
                if isinstance(took, int | float):
                    spent[tier].append(took)
    return spent
