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
from quorum.validation.repair.fix import Fix, GivenUp, Nothing, Proposal, adopted, applied
from quorum.validation.repair.order import actions_for, agents_for
from quorum.validation.repair.ports import Hands, Keeper, NoResult
from quorum.validation.repair.rules import RetryRules

PATIENCE = 2.0
"""How much longer the whole window may take, after a pass on less of it."""

Advice = Callable[[str, Reason, Sequence[str]], tuple[Sequence[str], Sequence[str]]]
"""The actions of an agent about a reason in the order that experience has them, and the learnings that were asked."""


def as_it_suits(agent: str, reason: Reason, actions: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Advice without experience."""
    return actions, ()


@dataclass(frozen=True, slots=True)
class Done:
    """What was done before: identities of the fixes tried, who was asked, and how many attempts that makes."""

    seen: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    before: int = 0


@dataclass
class _Going:
    """A cycle under way."""

    rules: RetryRules
    hands: Hands
    keeper: Keeper
    advice: Advice
    origin: Failing
    failing: Failing
    seen: list[str]
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
    only trying bought, and one on changed data that the whole window does not bear out, are failures. Errors of the
    hands while a fix is being found go on to the caller.
    """
    done = done or Done()
    going = _Going(rules, hands, keeper, advice, failing, failing, list(done.seen), ideas=[failing.idea])
    number = done.before
    for agent in _turns(rules.reason(failing.failed.reason), rules.max_attempts, done.agents):
        if number >= rules.max_attempts:
            break
        proposal, learnings = _proposed(going, agent)
        going.trials += proposal.trials
        if isinstance(proposal, GivenUp):
            return _ended(
                going, Unrepaired(going.failing.failed.reason, f"{agent} recommends rejection: {proposal.why}")
            )
        if isinstance(proposal, Nothing):
            going.passed_on.append(f"{agent}: {proposal.why}")
            continue
        number += 1
        attempt = replace(_tried(going, number, proposal), learnings=tuple(learnings))
        going.keeper.after(attempt)
        going.attempts.append(attempt)
        if attempt.passed and attempt.result is not None:
            return _ended(going, Repaired(attempt.idea, attempt.result, attempt.provisional))
    return _ended(going, _exhausted(going, number))


def _turns(reason: Reason, most: int, asked: Sequence[str]) -> Iterator[str]:
    """Agents in their order, again and again where more attempts are allowed than there are agents."""
    agents = agents_for(reason)
    turns = [agents[k % len(agents)] for k in range(max(most, 1) + len(agents))]
    for agent in asked:
        if agent in turns:
            del turns[: turns.index(agent) + 1]
    yield from turns


def _proposed(going: _Going, agent: str) -> tuple[Proposal, Sequence[str]]:
    reason = going.rules.reason(going.failing.failed.reason)
    actions, learnings = going.advice(agent, reason, actions_for(reason, agent))
    if not actions:
        return Nothing(agent, f"does nothing about {reason.name}"), ()
    case = case_of(going.failing, agent, tuple(actions), tuple(going.seen))
    proposal = going.hands.propose(case)
    if isinstance(proposal, Fix) and proposal.identity in going.seen:
        return Nothing(agent, "proposes again what was tried", proposal.trials), ()
    return proposal, learnings


def _tried(going: _Going, number: int, fix: Fix) -> Attempt:
    """Keep what was, run the tier with the fix, and say what that came to."""
    failing, begun = going.failing, time.monotonic()
    going.keeper.before(number, failing, fix)
    going.seen.append(fix.identity)
    idea = applied(failing.idea, fix)
    going.ideas.append(idea)
    category = going.rules.reason(failing.failed.reason).category.value
    attempt = Attempt(number, category, fix, idea, failing.failed, Outcome.LOST, "", trials=fix.trials)
    ran = going.hands.run(idea, fix.data, number)
    attempt = _judged(going, attempt, ran)
    if attempt.passed and attempt.provisional:
        attempt = _confirmed(going, attempt)
    if not attempt.passed:
        going.failing = _nearer(going.failing, attempt)
    return replace(attempt, seconds=time.monotonic() - begun)


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


def _nearer(failing: Failing, attempt: Attempt) -> Failing:
    """What the next fix stands on: this one where it misses fewer gates and is not fatal, else what was before."""
    after = attempt.after
    if after is None or attempt.result is None or not after.retryable or attempt.fix.data:
        return failing
    now = replace(failing, idea=attempt.idea, failed=after, result=attempt.result)
    return now if now.short < failing.short or _closer(failing.failed, attempt) else failing


def _closer(before: Failed, attempt: Attempt) -> bool:
    """Whether the same gate is missed by less."""
    after, now, asked, was = attempt.after, attempt.value, before.threshold, before.value
    if after is None or after.metric != before.metric or now is None or asked is None or was is None:
        return False
    return abs(now - asked) < abs(was - asked)


def _exhausted(going: _Going, number: int) -> Unrepaired:
    if not number:
        told = "; ".join(going.passed_on) or "nobody mends it"
        return Unrepaired(going.origin.failed.reason, f"no fix was found: {told}")
    bought_one = next((a for a in going.attempts if a.outcome is Outcome.BOUGHT), None)
    last = bought_one or (going.attempts[-1] if going.attempts else None)
    reason = going.origin.failed.reason if last is None or last.after is None else last.after.reason
    word = "fix was" if number == 1 else "fixes were"
    return Unrepaired(reason, f"{number} {word} tried; {going.failing.failed.why if last is None else last.why}")


def _ended(going: _Going, end: Repaired | Unrepaired) -> Cycle:
    return Cycle(tuple(going.attempts), end, tuple(going.passed_on), going.trials)
