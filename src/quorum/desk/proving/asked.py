"""What is asked of a run, and which strategies it is to take at which tier."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from quorum.domain import IllegalMove, NotFound, UsageError
from quorum.validation.ladder import Ladder, Tier
from quorum.validation.life import DEPLOYED, OVER, VALIDATING, Candidate, Status

MOST_WORKERS = 256
BUSY: Mapping[Tier, Status] = {tier: Status(f"{tier}_VALIDATING") for tier in Tier}
PASSED: Mapping[Tier, Status] = {tier: Status(f"{tier}_PASSED") for tier in Tier}
FAILED: Mapping[Tier, Status] = {tier: Status(f"{tier}_FAILED") for tier in Tier}
BEFORE: Mapping[Tier, Status] = {
    tier: Status.PENDING if tier is Tier.L0 else PASSED[earlier]
    for tier, earlier in zip(Tier, (Tier.L0, *Tier), strict=False)
}
"""Where a strategy stands before each tier."""
AGAIN = frozenset({Status.ERROR, Status.TIMEOUT, Status.INCONCLUSIVE})
"""Where nothing was proved: a strategy that is named is checked again at its tier."""

MENDABLE = frozenset({Status.FIXABLE_FAILURE, Status.RETRYING})


@dataclass(frozen=True, slots=True)
class Asked:
    """A run: these strategies or all that wait, at one tier or as far as they go, at most so many.

    `workers` at once, None is as many as the settings allow. UsageError for numbers that make no sense.
    """

    strategies: tuple[str, ...] = ()
    tier: Tier | None = None
    queue_size: int | None = None
    workers: int | None = None
    by: str = "person"

    def __post_init__(self) -> None:
        for name, most in (("queue_size", None), ("workers", MOST_WORKERS)):
            value = getattr(self, name)
            if value is None:
                continue
            if type(value) is not int or value < 1 or (most is not None and value > most):
                raise UsageError(f"{name} of {value!r} makes no sense", f"ask for 1 to {most or 'as many as wait'}")


class Due(NamedTuple):
    """A strategy that is to be checked, and at which tier."""

    candidate: Candidate
    tier: Tier


def tier_of(candidate: Candidate) -> Tier | None:
    """The tier that a strategy stands before, or was left at; None where there is none."""
    if candidate.status in AGAIN:
        return Tier(candidate.tier) if candidate.tier in set(Tier) else Tier.L0
    return next((tier for tier, status in BEFORE.items() if status is candidate.status), None)


def check_named(candidates: Iterable[Candidate], asked: Asked) -> None:
    """UsageError or IllegalMove for a strategy that is named and cannot be checked."""
    known = {candidate.strategy_id: candidate for candidate in candidates}
    for strategy_id in asked.strategies:
        _check(known, strategy_id, asked.tier)


def due(candidates: Iterable[Candidate], asked: Asked, more: Collection[str] = ()) -> Sequence[Due]:
    """What a run begins with, in the queue's order.

    Of those that are not named it leaves out whatever proved nothing, but for those in `more`, of which there is more
    data now.
    """
    found = []
    for candidate in candidates:
        tier = tier_of(candidate)
        if asked.strategies:
            waits = candidate.strategy_id in asked.strategies
        else:
            waits = candidate.status not in AGAIN or candidate.strategy_id in more
        if tier is not None and waits and asked.tier in (None, tier):
            found.append(Due(candidate, tier))
    return found[: asked.queue_size]


def climbs(ladder: Ladder, asked: Asked) -> Sequence[Tier]:
    """The tiers that a run may come to, in order; UsageError for one that the ladder leaves out."""
    if asked.tier is None:
        return tuple(Tier)
    return (ladder.of(asked.tier).tier,)


def _check(known: Mapping[str, Candidate], strategy_id: str, tier: Tier | None) -> None:
    if strategy_id not in known:
        raise NotFound(f"there is no strategy {strategy_id!r} in the queue", "list them with `quorum queue show`")
    candidate = known[strategy_id]
    status, stands = candidate.status, tier_of(candidate)
    if status in VALIDATING:
        raise IllegalMove(f"{strategy_id} is {status}: {candidate.reason}", "wait until that run has ended")
    if status in OVER or status in DEPLOYED:
        raise UsageError(f"{strategy_id} is {status}: it is not validated any more", "queue it again under a new id")
    if status in MENDABLE:
        raise UsageError(f"{strategy_id} is {status}: {candidate.reason}", f"mend it: `quorum retry {strategy_id}`")
    if stands is None:
        raise UsageError(f"{strategy_id} is {status}", f"see `quorum evaluate {strategy_id}`")
    if tier is not None and tier is not stands:
        raise UsageError(f"{strategy_id} is {status}: {stands} comes next, not {tier}", f"ask for --tier {stands}")
