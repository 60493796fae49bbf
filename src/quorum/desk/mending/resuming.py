"""Resuming: what the store has of the attempts at a failure, as the cycle takes it up again."""

from __future__ import annotations

from contextlib import suppress

from quorum.desk.desk import Desk
from quorum.desk.life import Record
from quorum.desk.mending.failures import result_of
from quorum.domain import DataError
from quorum.validation.life import Candidate
from quorum.validation.repair import Attempt, Done, Failing, agents_for
from quorum.validation.repair.resuming import read_attempt, read_fix
from quorum.validation.repair.rules import RetryRules


def rows_of(desk: Desk, candidate: Candidate, tier: str) -> list[Record]:
    """The attempts at the failure that a strategy is being mended for, in their order."""
    found = desk.life.books.attempts.listed(strategy_id=candidate.strategy_id, tier=tier)
    return sorted((row for row in found if row["number"] > candidate.attempts), key=lambda row: int(row["number"]))


def done_of(desk: Desk, candidate: Candidate, failing: Failing, rules: RetryRules, attempt: int) -> Done:
    """What was done of a cycle that is to begin with `attempt`; a row that nobody can read is tried again."""
    ended: list[Attempt] = []
    fix = ran = None
    for row in rows_of(desk, candidate, failing.tier):
        result = result_of(desk, candidate.strategy_id, failing.tier, row["number"])
        kept = row.get("kept") or {}
        with suppress(DataError, KeyError, TypeError, ValueError):
            if row.get("outcome"):
                ended.append(read_attempt(row, kept, row["number"] - candidate.attempts, result))
                continue
            fix = read_fix(kept)
            ran = result if fix is not None and not fix.data else None
    left_out = agents_for(rules.reason(failing.failed.reason))[: attempt - 1]
    return Done(tuple(ended), fix, ran, left_out, attempt - 1)
