"""Putting ideas into the queue, taking them out, and looking at it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from quorum.desk.desk import Desk
from quorum.desk.life.counts import statistics
from quorum.desk.life.entries import check_idea, told
from quorum.desk.life.showing import show_life
from quorum.domain import IllegalMove, NotFound, UsageError, iso
from quorum.validation.life import OVER, Candidate, Idea, Status

PERSON = "person"


class Queued(NamedTuple):
    """A strategy in the queue, and whether the idea is new or was there already."""

    candidate: Candidate
    new: bool


def queue_idea(desk: Desk, idea: Idea, by: str = PERSON) -> Queued:
    """Put an idea into the queue once; one that is there, its life not over, is told as it stands.

    Errors as for `check_idea`; what it refuses is not queued.
    """
    checked = check_idea(desk, idea)
    before = {c.idea.identity for c in desk.life.queue.listed() if c.status not in OVER}
    (candidate,) = desk.life.queue.add([checked], by)
    show_life(desk, [candidate.strategy_id])
    return Queued(candidate, checked.identity not in before)


def remove(desk: Desk, strategy_id: str, reason: str, by: str = PERSON) -> Candidate:
    """Reject a strategy by hand; NotFound, or IllegalMove for one that cannot be rejected where it stands."""
    if not reason.strip():
        raise UsageError(f"no reason why {strategy_id} is rejected", "say one with --reason; it goes on record")
    found = desk.life.queue.get(strategy_id)
    moved = desk.life.queue.move(strategy_id, found.status, Status.REJECTED, by, reason)
    if moved is None:
        raise IllegalMove(f"{strategy_id} was moved meanwhile", "look where it stands: `quorum queue show`")
    show_life(desk, [strategy_id])
    return moved


def queue_facts(desk: Desk, statuses: Collection[Status] = ()) -> dict[str, Any]:
    """The queue as plain values: its strategies by priority, how many stand where, and of all what was rejected.

    `saved_seconds` are of CPU: what the tiers that rejected strategies never reached would have taken, as far as
    any run has measured them.
    """
    found, numbers = desk.life.queue.listed(statuses), statistics(desk)
    return {
        "strategies": [told(c) for c in found],
        "counts": dict(sorted(Counter(c.status for c in found).items())),
        "rejected": {"by_tier": dict(numbers.rejected_by_tier), "saved_seconds": numbers.saved_by_rejecting},
    }


def strategy_facts(desk: Desk, strategy_id: str) -> dict[str, Any]:
    """One strategy as plain values: where it stands, its moves, how each of its tiers ended. NotFound for none."""
    candidate = desk.life.queue.get(strategy_id)
    moves = [
        {
            "at": iso(m.at),
            "before": m.before,
            "after": m.after,
            "by": m.by,
            "reason": m.reason,
            "decision_id": m.decision_id,
        }
        for m in desk.life.queue.moves(strategy_id)
    ]
    return {**told(candidate), "moves": moves, "results": [_result(r) for r in desk.life.results.of(strategy_id)]}


def read_statuses(words: Collection[str]) -> list[Status]:
    """The statuses that words name, in any case; NotFound for one that there is not."""
    known = {status.value: status for status in Status}
    for word in words:
        if word.upper() not in known:
            raise NotFound(f"there is no status {word!r}", f"there are {', '.join(known)}")
    return [known[word.upper()] for word in words]


def _result(result: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: result[name] for name in ("tier", "attempt", "run_id")}
    return {**kept, "at": iso(result["at"]), "verdict": result.get("verdict"), "metrics": result.get("metrics", {})}
