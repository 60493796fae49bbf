"""A cycle: agents propose one after the other, each fix is run at the tier, until one passes or all have failed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from quorum.validation.ladder.reasons import Reason
from quorum.validation.ladder.result import TierResult
from quorum.validation.ladder.verdict import Failed, Inconclusive, Passed
from quorum.validation.life import Idea
from quorum.validation.repair.attempt import Attempt, Cycle, Outcome, Repaired, Unrepaired
from quorum.validation.repair.case import Failing, case_of
from quorum.validation.repair.deflating import bought, only_deflated
from quorum.validation.repair.fix import REJECT, Fix, GivenUp, Nothing, Proposal, adopted, applied
from quorum.validation.repair.order import actions_for, agents_for
from quorum.validation.repair.ports import Hands, Keeper, NoResult
from quorum.validation.repair.resuming import Done
from quorum.validation.repair.rules import RetryRules

PATIENCE = 2.0
"""How much longer the whole window may take, after a pass on less of it."""

Advice = Callable[[str, Reason, Sequence[str]], tuple[Sequence[str], Sequence[str]]]
"""The actions of an agent about a reason in the order that experience has them, and the learnings that were asked."""


def as_it_suits(agent: str, reason: Reason, actions: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Advice without experience."""
    return actions, ()


@dataclass
class _Going:
    """A cycle under way."""

    rules: RetryRules
    hands: Hands
    keeper: Keeper
    advice: Advice
    origin: Failing
    failing: Failing
    fix: Fix | None = None
    ran: TierResult | None = None
    seen: list[str] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    passed_on: list[str] = field(default_factory=list)
    ideas: list[Idea] = field(default_factory=list)
    trials: int = 0


def mend(
    failing: Failing,
    rules: RetryRules,
    hands: Hands,
    keeper: Keeper,
    advice: Advice = as_it_suits,
    done: Done | None = None,
) -> Cycle:
    """Try fixes until one passes, at most `max_attempts`; whoever has nothing to propose passes on to the next.

    A fix stands on the one before it where that came closer to the gates, else on what failed first. A pass that
    only trying bought, and one on changed data that the whole window does not bear out, are failures. A recommendation
    to reject is the last attempt, which tries nothing. What is `done` is not done again. Errors of the hands while a
    fix is being found go on to the caller.
    """
    done = done or Done()
    going = _Going(rules, hands, keeper, advice, failing, failing, done.fix, done.ran, ideas=[failing.idea])
    number = done.before
    for attempt in done.attempts:
        _taken_up(going, attempt)
        number = max(number, attempt.number)
        if (end := _end_of(going, attempt)) is not None:
            return _ended(going, end)
    for agent in _turns(rules.reason(failing.failed.reason), rules.max_attempts, done):
        if number >= rules.max_attempts:
            break
        begun = time.monotonic()
        proposal, learnings = _proposed(going, agent)
        going.trials += proposal.trials
        if isinstance(proposal, Nothing):
            going.passed_on.append(f"{agent}: {proposal.why}")
            continue
        number += 1
        attempt = (
            _given_up(going, number, proposal) if isinstance(proposal, GivenUp) else _tried(going, number, proposal)
        )
        attempt = replace(attempt, learnings=tuple(learnings), seconds=time.monotonic() - begun)
        going.keeper.after(attempt)
        going.attempts.append(attempt)
        if (end := _end_of(going, attempt)) is not None:
            return _ended(going, end)
    return _ended(going, _exhausted(going))


def _taken_up(going: _Going, attempt: Attempt) -> None:
    """Stand where an attempt of an earlier process left the cycle."""
    going.attempts.append(attempt)
    going.seen.append(attempt.fix.identity)
    going.ideas.append(attempt.idea)
    going.trials += attempt.trials
    if not attempt.passed:
        going.failing = _nearer(going.rules, going.failing, attempt)


def _end_of(going: _Going, attempt: Attempt) -> Repaired | Unrepaired | None:
    """The end that an attempt is; None for one after which the next is tried."""
    if attempt.passed and attempt.result is not None:
        return Repaired(attempt.idea, attempt.result, attempt.provisional)
    if attempt.outcome is not Outcome.GIVEN_UP:
        return None
    luck = next((a for a in going.attempts if a.outcome is Outcome.BOUGHT), None)
    if luck is None or luck.after is None:
        return Unrepaired(attempt.before.reason, attempt.why)
    return Unrepaired(luck.after.reason, f"{luck.why}; {attempt.why}")


def _turns(reason: Reason, most: int, done: Done) -> Iterator[str]:
    """Agents in their order, again and again where more attempts are allowed than there are agents."""
    agents = agents_for(reason)
    turns = [agents[k % len(agents)] for k in range(max(most, 1) + len(agents))]
    for agent in (*done.agents, *(attempt.fix.agent for attempt in done.attempts)):
        if agent in turns:
            del turns[: turns.index(agent) + 1]
    if done.fix is not None and done.fix.agent in turns:
        del turns[: turns.index(done.fix.agent)]
    yield from turns


def _proposed(going: _Going, agent: str) -> tuple[Proposal, Sequence[str]]:
    reason = going.rules.reason(going.failing.failed.reason)
    actions, learnings = going.advice(agent, reason, actions_for(reason, agent))
    if not actions:
        return Nothing(agent, f"does nothing about {reason.name}"), ()
    if going.fix is not None and going.fix.agent == agent:
        kept, going.fix = going.fix, None
        return kept, learnings
    case = case_of(going.failing, agent, tuple(actions), tuple(going.seen))
    proposal = going.hands.propose(case)
    if isinstance(proposal, Fix) and proposal.identity in going.seen:
        return Nothing(agent, "proposes again what was tried", proposal.trials), ()
    return proposal, learnings


def _tried(going: _Going, number: int, fix: Fix) -> Attempt:
    """Keep what was, run the tier with the fix, and say what that came to."""
    failing = going.failing
    going.keeper.before(number, failing, fix)
    going.seen.append(fix.identity)
    idea = applied(failing.idea, fix)
    going.ideas.append(idea)
    category = going.rules.reason(failing.failed.reason).category.value
    attempt = Attempt(number, category, fix, idea, failing.failed, Outcome.LOST, "", trials=fix.trials)
    ran, going.ran = going.ran or going.hands.run(idea, fix.data, number), None
    attempt = _judged(going, attempt, ran)
    if attempt.passed and attempt.provisional:
        attempt = _confirmed(going, attempt)
    if not attempt.passed:
        going.failing = _nearer(going.rules, going.failing, attempt)
    return attempt


def _given_up(going: _Going, number: int, found: GivenUp) -> Attempt:
    """A recommendation to reject, kept as the attempt that it is; it changes nothing and is run nowhere."""
    failing = going.failing
    fix = Fix(found.agent, REJECT, found.why, trials=found.trials)
    going.keeper.before(number, failing, fix)
    category = going.rules.reason(failing.failed.reason).category.value
    why = f"{found.agent} recommends rejection: {found.why}"
    return Attempt(
        number, category, fix, failing.idea, failing.failed, Outcome.GIVEN_UP, why, failing.failed, trials=fix.trials
    )


def _judged(going: _Going, attempt: Attempt, ran: TierResult | NoResult) -> Attempt:
    if isinstance(ran, NoResult):
        lost = Failed(ran.reason, "result", None, None, going.rules.reason(ran.reason).retryable, ran.why)
        return replace(attempt, outcome=Outcome.LOST, why=ran.why, after=lost)
    going.trials += ran.trials
    seen = replace(
        attempt,
        result=ran,
        value=ran.metrics.get(attempt.before.metric),
        trials=attempt.trials + ran.trials,
        provisional=bool(ran.data.get("provisional")),
    )
    verdict = ran.verdict
    if isinstance(verdict, Inconclusive):
        why = f"{verdict.needed:g} {verdict.what} are needed, {verdict.found:g} are there"
        return replace(seen, outcome=Outcome.INCONCLUSIVE, why=why)
    if isinstance(verdict, Passed):
        luck = bought(ran, 1 + attempt.number, _families(going))
        if luck is None:
            return replace(seen, outcome=Outcome.PASSED, why="every gate of the tier holds")
        return replace(seen, outcome=Outcome.BOUGHT, why=luck.why, after=luck)
    if going.trials and (luck := only_deflated(ran)) is not None:
        return replace(seen, outcome=Outcome.BOUGHT, why=luck.why, after=luck)
    return replace(seen, outcome=Outcome.FAILED, why=verdict.why, after=verdict)


def _families(going: _Going) -> Any:
    """The trials of every rule that was made of this strategy, where there is more than one."""
    rules = {_rule(idea): idea for idea in going.ideas}
    return going.hands.families(tuple(rules.values())) if len(rules) > 1 else ()


def _rule(idea: Idea) -> str:
    if isinstance(idea.strategy, str):
        return idea.strategy
    return repr([(k, v) for k, v in sorted(idea.strategy.items()) if k not in ("parameters", "summary")])


def _confirmed(going: _Going, attempt: Attempt) -> Attempt:
    """The pass as the whole window has it: it stands provisionally when that cannot be run through."""
    idea = adopted(attempt.idea, attempt.fix)
    ran = going.hands.run(idea, {}, attempt.number, PATIENCE)
    if isinstance(ran, NoResult):
        return replace(attempt, why=f"{attempt.why}, provisionally: on the whole window {ran.why}")
    whole = _judged(going, replace(attempt, idea=idea), ran)
    if whole.outcome is Outcome.INCONCLUSIVE:
        return replace(attempt, why=f"{attempt.why}, provisionally: {whole.why}")
    return replace(whole, provisional=False) if whole.passed else whole


def _nearer(rules: RetryRules, failing: Failing, attempt: Attempt) -> Failing:
    """What the next fix stands on: this one where it misses fewer gates and is not fatal, else what was before."""
    after = attempt.after
    if after is None or attempt.result is None or attempt.fix.data or not rules.reason(after.reason).retryable:
        return failing
    now = replace(failing, idea=attempt.idea, failed=after, result=attempt.result)
    return now if now.short < failing.short or _closer(failing.failed, attempt) else failing


def _closer(before: Failed, attempt: Attempt) -> bool:
    """Whether the same gate is missed by less."""
    after, now, asked, was = attempt.after, attempt.value, before.threshold, before.value
    if after is None or after.metric != before.metric or now is None or asked is None or was is None:
        return False
    return abs(now - asked) < abs(was - asked)


def _exhausted(going: _Going) -> Unrepaired:
    if not going.attempts:
        told = "; ".join(going.passed_on) or "nobody mends it"
        return Unrepaired(going.origin.failed.reason, f"no fix was found: {told}")
    last = next((a for a in going.attempts if a.outcome is Outcome.BOUGHT), going.attempts[-1])
    reason = going.origin.failed.reason if last.after is None else last.after.reason
    count = len(going.attempts)
    return Unrepaired(reason, f"{count} {'fix was' if count == 1 else 'fixes were'} tried; {last.why}")


def _ended(going: _Going, end: Repaired | Unrepaired) -> Cycle:
    return Cycle(tuple(going.attempts), end, tuple(going.passed_on), going.trials)
