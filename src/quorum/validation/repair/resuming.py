"""What an earlier process left of a cycle: attempts that ended, and the fix of the one that it was at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quorum.domain import plain
from quorum.validation.ladder.asked import read_idea
from quorum.validation.ladder.result import TierResult
from quorum.validation.ladder.verdict import Failed
from quorum.validation.repair.attempt import Attempt, Outcome
from quorum.validation.repair.case import Failing
from quorum.validation.repair.fix import Fix, read_proposal, told_proposal


@dataclass(frozen=True, slots=True)
class Done:
    """What was done before: the attempts that ended, in order, and how many are left out from the first on.

    `fix` is what the attempt under way is to try, `ran` its result where it has one. `agents` were asked besides.
    """

    attempts: tuple[Attempt, ...] = ()
    fix: Fix | None = None
    ran: TierResult | None = None
    agents: tuple[str, ...] = ()
    before: int = 0


def kept_before(failing: Failing, fix: Fix) -> dict[str, Any]:
    """Of an attempt under way, what `read_fix` and `read_attempt` need, as plain values."""
    return {"proposal": told_proposal(fix), "before": plain(failing.failed)}


def kept_after(attempt: Attempt) -> dict[str, Any]:
    """The same of one that ended."""
    before = {"proposal": told_proposal(attempt.fix), "before": plain(attempt.before)}
    return {**before, "after": None if attempt.after is None else plain(attempt.after)}


def read_fix(kept: Mapping[str, Any]) -> Fix | None:
    """The fix of an attempt; DataError for what is no proposal."""
    proposal = read_proposal(kept.get("proposal"))
    return proposal if isinstance(proposal, Fix) else None


def read_attempt(record: Mapping[str, Any], kept: Mapping[str, Any], number: int, result: TierResult | None) -> Attempt:
    """An attempt that ended, from its record and what was kept with it; KeyError or DataError for what is none."""
    fix = read_fix(kept)
    if fix is None:
        raise KeyError("proposal")
    return Attempt(
        number=number,
        category=record["category"],
        fix=fix,
        idea=read_idea(record["idea_after"]),
        before=Failed(**kept["before"]),
        outcome=Outcome(record["outcome"]),
        why=record["why"],
        after=None if kept.get("after") is None else Failed(**kept["after"]),
        value=record["metric"]["after"],
        result=result,
        trials=record["trials_added"],
        provisional=bool(record["provisional"]),
        seconds=float(record["seconds"]),
        learnings=tuple(record["learnings_used"]),
    )
