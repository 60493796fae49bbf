"""Mending a strategy that failed a tier: claim it, try fixes, move it on or reject it, and learn from either."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from quorum.desk.desk import Desk
from quorum.desk.life import Record, show_life, skill_is_on
from quorum.desk.life.taking import take_in_what_can_be
from quorum.desk.mending.experience import Experience, success_of
from quorum.desk.mending.failures import failing_of
from quorum.desk.mending.hands import DeskHands
from quorum.desk.mending.keeping import DeskKeeper, write_log
from quorum.desk.mending.learning import draw
from quorum.desk.mending.resuming import done_of, rows_of
from quorum.desk.mending.turn import is_held, turn
from quorum.desk.settings.retry import read_retry
from quorum.domain import SECOND, IllegalMove, QuorumError, UsageError
from quorum.validation.ladder import Tier
from quorum.validation.learnings import Learning
from quorum.validation.life import Candidate, Status
from quorum.validation.repair import (
    Cycle,
    Failing,
    Hands,
    Repaired,
    RetryRules,
    Unrepaired,
    mend,
)

SKILL = "auto-retry"
BROKEN = "auto_retry_broken"
ON = " on "
MENDED = {tier: Status(f"{tier}_PASSED") for tier in Tier}
FAILED = {Status(f"{tier}_FAILED"): tier for tier in Tier}
WAITING = frozenset({Status.FIXABLE_FAILURE, Status.RETRYING, *FAILED})


@dataclass(frozen=True, slots=True)
class Mended:
    """How it ended: `result` is passed, provisional or rejected, `status` where the strategy stands now."""

    strategy_id: str
    tier: str
    result: str
    status: Status
    why: str
    attempts: tuple[Record, ...]
    trials: int
    learning_id: str | None = None

    def told(self) -> dict[str, Any]:
        """The end as plain values, as `quorum retry --json` prints it."""
        return {
            "strategy_id": self.strategy_id,
            "tier": self.tier,
            "attempts": [_shown(record) for record in self.attempts],
            "result": self.result,
            "status": self.status.value,
            "why": self.why,
            "trials_counted": self.trials,
            "learning": self.learning_id,
        }


MakeHands = Callable[[Desk, str, Tier, float], Hands]


def retry(
    desk: Desk,
    strategy_id: str,
    tier: str | None = None,
    attempt: int = 1,
    *,
    by: str = SKILL,
    hands: MakeHands = DeskHands,
) -> Mended:
    """Mend a strategy that failed; it passes its tier in the end, or is rejected with the reason.

    `attempt` is the one to begin with: the agents before it in the order are left out. NotFound for no such strategy,
    UsageError for one that failed no tier, or another one than `tier`, IllegalMove while it is being mended. Whatever
    breaks while a fix is sought is the strategy's rejection, and no error.
    """
    rules = read_retry(desk.workspace.config)
    take_in_what_can_be(desk)  # learnings that a person has written since
    candidate = desk.life.queue.get(strategy_id)
    failing = failing_of(desk, candidate, rules)
    _check(candidate, failing, tier, attempt, rules.max_attempts)
    with turn(desk.workspace.home, strategy_id):
        claimed = _claimed(desk, candidate, by, rules)
        refused = _refused(desk, failing, rules)
        if refused is not None:
            return _end(desk, claimed, failing, rules, Cycle((), Unrepaired(failing.failed.reason, refused)))
        cycle = _cycle(desk, claimed, failing, rules, (attempt, hands))
        return _end(desk, claimed, failing, rules, cycle)


def waiting(desk: Desk) -> Sequence[Candidate]:
    """The strategies that a fix may be tried for, those among them whose mending was cut short."""
    return desk.life.queue.listed({Status.FIXABLE_FAILURE, Status.RETRYING})


def abandoned(desk: Desk) -> Sequence[Candidate]:
    """The strategies whose mending was cut short, and that nobody is mending now."""
    retrying = desk.life.queue.listed({Status.RETRYING})
    rules = read_retry(desk.workspace.config) if retrying else RetryRules()
    home = desk.workspace.home
    return [one for one in retrying if not is_held(home, one.strategy_id) and _theirs(desk, one, rules) is None]


def retry_waiting(desk: Desk, by: str = SKILL, hands: MakeHands = DeskHands) -> tuple[Mended, ...]:
    """Mend every strategy that waits for it; one that somebody else is mending is left alone."""
    ended = []
    for candidate in waiting(desk):
        with suppress(IllegalMove):
            ended.append(retry(desk, candidate.strategy_id, by=by, hands=hands))
    return tuple(ended)


def _check(candidate: Candidate, failing: Failing, tier: str | None, attempt: int, most: int) -> None:
    mine = candidate.strategy_id
    if candidate.status not in WAITING:
        remedy = "only a strategy that failed a tier is mended"
        raise UsageError(f"{mine} is {candidate.status}: there is nothing to mend", remedy)
    if tier is not None and tier.upper() != failing.tier:
        raise UsageError(f"{mine} failed {failing.tier}, not {tier}", f"ask for --tier {failing.tier}")
    if attempt < 1:
        raise UsageError(f"there is no attempt {attempt}", "attempts count from 1")
    if attempt > max(most, 1):
        raise UsageError(f"there is no attempt {attempt}", f"auto-retry.yaml has max_attempts {most}")


def _claimed(desk: Desk, candidate: Candidate, by: str, rules: RetryRules) -> Candidate:
    """The strategy as it is once this process has it; IllegalMove when somebody else has it, or has moved it."""
    queue, here = desk.life.queue, os.uname().nodename
    found = queue.get(candidate.strategy_id)
    if found.status is Status.RETRYING:
        claimed_by = _theirs(desk, found, rules)
        if claimed_by is None:
            return found
        raise IllegalMove(f"{found.strategy_id} is being mended by {claimed_by}", "wait until that has ended")
    why = f"to be mended: {candidate.reason}"
    moved = queue.move(found.strategy_id, candidate.status, Status.RETRYING, f"{by}{ON}{here}", why)
    if moved is None:
        raise IllegalMove(f"{found.strategy_id} has been moved by somebody else", "look with `quorum queue show`")
    return moved


def _theirs(desk: Desk, found: Candidate, rules: RetryRules) -> str | None:
    """Who elsewhere is mending it; None for a claim of this machine, or one that is older than mending can be."""
    claimed_by = desk.life.queue.moves(found.strategy_id)[-1].by
    longest = int(rules.max_attempts * rules.seconds * SECOND)
    mine = claimed_by.endswith(f"{ON}{os.uname().nodename}")
    return None if mine or desk.clock.now() - found.moved_at > longest else claimed_by


def _refused(desk: Desk, failing: Failing, rules: RetryRules) -> str | None:
    """Why nothing is tried at all; None when fixes are."""
    reason, tier = failing.failed.reason, failing.tier
    if not rules.enabled or not skill_is_on(desk.workspace, SKILL):
        return "auto-retry is off: a failure is a rejection"
    if tier not in rules.tiers:
        return f"failures at {tier} are not mended: enabled_tiers are {', '.join(rules.tiers) or 'none'}"
    if not rules.reason(reason).retryable:
        return f"{reason} is fatal: nobody mends it"
    return None if rules.max_attempts else "max_attempts is 0"


def _cycle(desk: Desk, candidate: Candidate, failing: Failing, rules: RetryRules, how: tuple[int, MakeHands]) -> Cycle:
    """The cycle of attempts, taken up where an earlier process left it; what breaks it is its end."""
    attempt, hands = how
    books = desk.life.books
    mine, tier = candidate.strategy_id, Tier(failing.tier)
    run_id = f"RETRY-{mine}-{candidate.attempts + 1:03d}"
    keeper = DeskKeeper(desk, candidate, tier.value, candidate.attempts, run_id)
    learnings = [Learning.read(record) for record in books.learnings.listed()]
    success = success_of(books.attempts.listed())
    experience = Experience(failing.idea.name, success, learnings, rules.feedback)
    try:
        done = done_of(desk, candidate, failing, rules, attempt)
        return mend(failing, rules, hands(desk, mine, tier, rules.seconds), keeper, experience.advice, done)
    except QuorumError as error:
        return Cycle((), Unrepaired(BROKEN, f"auto-retry broke: {error}"))
    except Exception as error:  # noqa: BLE001 - a fixer that breaks is one strategy's rejection, and stops nothing
        where = traceback.extract_tb(error.__traceback__)[-1]
        said = f"{type(error).__name__}: {error} ({where.name}, line {where.lineno})"
        return Cycle((), Unrepaired(BROKEN, f"auto-retry broke: {said}"))


def _end(desk: Desk, candidate: Candidate, failing: Failing, rules: RetryRules, cycle: Cycle) -> Mended:
    """Learn, then move; what cannot be learnt or shown stops nothing."""
    ended = [row for row in rows_of(desk, candidate, failing.tier) if row.get("outcome")]
    learning_id = draw(desk, failing, cycle.end, ended, rules)
    end, tier = cycle.end, Tier(failing.tier)
    attempts = max((int(row["number"]) for row in ended), default=candidate.attempts)
    after, why, facts = Status.REJECTED_AUTO_RETRY, "", {}
    if isinstance(end, Repaired):
        word = "provisionally mended" if end.provisional else "mended"
        after, why, facts = MENDED[tier], f"{word} by fix {attempts}", {"idea": end.idea}
    else:
        why = f"{end.reason}: {end.why}"
    moved = desk.life.queue.move(
        candidate.strategy_id, Status.RETRYING, after, SKILL, why, tier=tier.value, attempts=attempts, **facts
    )
    status = moved.status if moved is not None else desk.life.queue.get(candidate.strategy_id).status
    with suppress(QuorumError):  # files are made again by `quorum views`; the store has everything
        write_log(desk)
        show_life(desk, {candidate.strategy_id})
    trials = max(cycle.trials, sum(row.get("trials_added", 0) for row in ended))
    result = "rejected" if not isinstance(end, Repaired) else "provisional" if end.provisional else "passed"
    return Mended(candidate.strategy_id, tier.value, result, status, why, tuple(ended), trials, learning_id)


def _shown(record: Record) -> dict[str, Any]:
    told = ("number", "agent", "action", "category", "reasoning", "changes", "metric", "outcome", "why", "provisional")
    more = ("trials_added", "learnings_used", "decision_id", "backup", "seconds")
    return {name: record.get(name) for name in (*told, *more)}
