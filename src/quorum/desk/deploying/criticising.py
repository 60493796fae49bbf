"""Asking the critic: its review of a tier's result is kept, put on record, and ends a strategy that it fails."""

from __future__ import annotations

from typing import Any

from quorum.desk.deploying.asking import CRITIC_TASK, ask_worker
from quorum.desk.deploying.known import CRITIC, Known, known, run_of
from quorum.desk.desk import Desk
from quorum.desk.life.showing import show_life
from quorum.domain import Choice, DecisionKind, UsageError
from quorum.validation.critic import verdict_words
from quorum.validation.critic.review import SECONDS
from quorum.validation.ladder import Tier, TierResult, Verdict, read_verdict
from quorum.validation.life import Candidate, Status


def criticise(desk: Desk, strategy_id: str, tier: str | None = None, seconds: float = SECONDS) -> dict[str, Any]:
    """The critic's review of the newest result at `tier`, L2 where there is one, else the highest.

    It is kept, with its decision, as `critic-review.md`; the same review again is the one that is there. A strategy
    that stands at L2_PASSED and fails is rejected, anything else stays where it stands. `seconds` is how long its
    first round looks for look-ahead. NotFound for an id that there is not, UsageError without a result; QuorumError
    for a strategy that hangs, takes too much memory or breaks in the worker that reviews it.
    """
    found = known(desk, strategy_id)
    at = _tier(found, tier)
    told, place = dict(ask_worker(desk, found, at, CRITIC_TASK, seconds=seconds)), found.places[at]
    run_id = run_of(desk, strategy_id, CRITIC, told)
    words = verdict_words(told["verdict"])
    decided = desk.decisions.once(
        f"critic/{strategy_id}/{run_id}",
        Choice(
            DecisionKind.VERDICT,
            strategy_id,
            desk.clock.now(),
            {"tier": at.value, "run_id": place["run_id"], "attempt": place["attempt"], "basis": told["basis"]},
            {"verdict": told["verdict"]["verdict"], "rounds": len(told["rounds"])},
            f"the critic on {strategy_id} at {at}: {words}",
            parents_of(desk, strategy_id),
        ),
    )
    desk.life.results.keep(strategy_id, CRITIC, place["attempt"], run_id, {**told, "decision_id": decided})
    if at is Tier.L2 and told["verdict"]["verdict"] == "failed":
        _reject(desk, found, f"critic: {told['verdict']['reason']}: {words}")
    show_life(desk, [strategy_id])
    status = desk.life.queue.get(strategy_id).status.value
    return {"strategy_id": strategy_id, "status": status, "review": told, "decision_id": decided}


def critic_verdict(desk: Desk, candidate: Candidate, result: TierResult) -> Verdict:
    """What the critic makes of a candidate's result that is kept already: its verdict, in the place of the tier's."""
    said = criticise(desk, candidate.strategy_id, result.tier.value)
    return read_verdict(said["review"]["verdict"])


def parents_of(desk: Desk, strategy_id: str) -> tuple[str, ...]:
    """The decision that it stands where it stands."""
    ids = [move.decision_id for move in desk.life.queue.moves(strategy_id) if move.decision_id]
    return tuple(ids[-1:])


def _tier(found: Known, tier: str | None) -> Tier:
    if tier is not None:
        if tier not in found.results:
            have = ", ".join(found.results) or "no tier"
            raise UsageError(f"{found.strategy_id} has no result at {tier}", f"it has one at {have}")
        return Tier(tier)
    if not found.results:
        raise UsageError(f"{found.strategy_id} has no result yet", f"run `quorum validate {found.strategy_id}`")
    return Tier.L2 if Tier.L2 in found.results else max(found.results)


def _reject(desk: Desk, found: Known, reason: str) -> None:
    """A strategy that has passed L2, and not the critic, is rejected; one that stands elsewhere is left alone."""
    if found.candidate.status is Status.L2_PASSED:
        desk.life.queue.move(found.strategy_id, Status.L2_PASSED, Status.REJECTED, CRITIC, reason)
