"""The parts of a retry one by one, as the skill names them: analyse, find a fix, apply it, keep how it went."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from quorum.desk.desk import Desk
from quorum.desk.life import Record, show_life
from quorum.desk.mending.experience import Experience, success_of
from quorum.desk.mending.failures import failing_of
from quorum.desk.mending.hands import DeskHands
from quorum.desk.mending.keeping import folder_of, keep_folder
from quorum.desk.mending.mend import ON
from quorum.desk.mending.turn import turn
from quorum.desk.settings.retry import read_retry
from quorum.domain import IllegalMove, UsageError, plain
from quorum.validation.ladder import Failed, Tier, TierResult, root_of
from quorum.validation.learnings import Learning
from quorum.validation.life import Candidate, Status
from quorum.validation.repair import Fix, Outcome, Proposal, RetryRules, actions_for, agents_for, applied
from quorum.validation.repair.case import case_of


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a failure is: its reason and category, who mends it first and how, and the root that it grew from."""

    tier: str
    reason: str
    category: str
    fix_agent: str
    action: str
    retryable: bool
    root: str
    metric: str
    value: float | None
    threshold: float | None
    why: str

    def told(self) -> dict[str, Any]:
        return asdict(self)


def analyse(result: TierResult | Mapping[str, Any], rules: RetryRules | None = None) -> Analysis:
    """A failed result read by the table of reasons; UsageError for one that did not fail, DataError for none."""
    read = result if isinstance(result, TierResult) else TierResult.read(result)
    if not isinstance(read.verdict, Failed):
        raise UsageError(f"{read.tier} did not fail", "only a failure has a reason")
    return _analysis(read.tier.value, read.verdict, rules or RetryRules())


def analyse_strategy(desk: Desk, strategy_id: str) -> Analysis:
    """The newest failure of a strategy by the desk's own table."""
    rules = read_retry(desk.workspace.config)
    failing = failing_of(desk, desk.life.queue.get(strategy_id), rules)
    return _analysis(failing.tier, failing.failed, rules)


def find_fix(desk: Desk, strategy_id: str, agent: str | None = None) -> Proposal:
    """What an agent proposes about a strategy's newest failure, the reason's own agent where none is named.

    Its backtests are trials; nothing else changes. UsageError for an agent who mends no such failure.
    """
    rules = read_retry(desk.workspace.config)
    failing = failing_of(desk, desk.life.queue.get(strategy_id), rules)
    reason = rules.reason(failing.failed.reason)
    able = agents_for(reason)
    asked = (agent or able[0]).removeprefix("trading-")
    if asked not in able:
        raise UsageError(f"{asked} mends no {reason.name}", f"ask {', '.join(able)}")
    books = desk.life.books
    learnings = [Learning.read(record) for record in books.learnings.listed()]
    success = success_of(books.attempts.listed())
    experience = Experience(failing.idea.name, success, learnings, rules.feedback)
    actions, _ = experience.advice(asked, reason, actions_for(reason, asked))
    hands = DeskHands(desk, strategy_id, Tier(failing.tier), rules.seconds)
    return hands.propose(case_of(failing, asked, tuple(actions), ()))


def apply_fix(desk: Desk, strategy_id: str, fix: Fix) -> Candidate:
    """The strategy with a fix in it, what it was kept in its folder; it waits to be checked at the tier it failed.

    UsageError for a strategy that waits for no fix.
    """
    queue = desk.life.queue
    found = queue.get(strategy_id)
    if found.status is not Status.FIXABLE_FAILURE:
        raise UsageError(f"{strategy_id} is {found.status}", "a fix is applied to a FIXABLE_FAILURE")
    changed, by = applied(found.idea, fix), f"{fix.agent}{ON}{os.uname().nodename}"
    with turn(desk.workspace.home, strategy_id):
        keep_folder(folder_of(desk, strategy_id), found.attempts + 1, plain(found.idea))
        taken = queue.move(strategy_id, found.status, Status.RETRYING, by, found.reason)
        moved = taken and queue.move(
            strategy_id, Status.RETRYING, Status.FIXABLE_FAILURE, by, found.reason, idea=changed
        )
    if moved is None:
        raise IllegalMove(f"{strategy_id} has been moved by somebody else", "look with `quorum queue show`")
    show_life(desk, {strategy_id})
    return moved


def track(desk: Desk, strategy_id: str, tier: str, number: int, facts: Mapping[str, Any]) -> Record:
    """Keep how an attempt went under its number; what was kept of it before stays.

    UsageError for an `outcome` that none is.
    """
    said = facts.get("outcome", "")
    if said and said not in set(Outcome):
        raise UsageError(f"{said!r} is no outcome", f"there are {', '.join(Outcome)}")
    key = {"strategy_id": strategy_id, "tier": tier, "number": number}
    books = desk.life.books.attempts
    held = [r for r in books.listed(strategy_id=strategy_id, tier=tier) if r["number"] == number]
    return books.put({**(held[0] if held else {}), **plain(dict(facts)), **key})


def _analysis(tier: str, failed: Failed, rules: RetryRules) -> Analysis:
    reason = rules.reason(failed.reason)
    root = root_of(failed.reason, failed.metric).value
    return Analysis(
        tier,
        failed.reason,
        reason.category.value,
        reason.agent,
        reason.action,
        reason.retryable,
        root,
        failed.metric,
        failed.value,
        failed.threshold,
        failed.why,
    )
