"""Asking an agent: who is asked, within what time, how often, and what follows when there is no answer."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from quorum.desk.agents import (
    COORDINATOR,
    Agent,
    Call,
    CallOutcome,
    Condition,
    Gap,
    Health,
    Routed,
    Staff,
    StaffRules,
    route,
)
from quorum.desk.desk import Desk
from quorum.desk.team.deadline import within
from quorum.desk.team.ports import Hands
from quorum.desk.team.roll import Roll
from quorum.desk.work import TASKS, Assignment, Place, Unavailable, run_task
from quorum.desk.workflows.crew import Call as Asked
from quorum.desk.workflows.spec import Degrade, Task
from quorum.domain import DataError, Done, Loss, Lost, QuorumError, StoreError, UsageError

POOL_TASK = "agent"
CANNOT_BE_HAD = (Unavailable, UsageError, DataError)  # what was asked is at fault, and not who was asked
WORDS = {Loss.TIMEOUT: CallOutcome.TIMEOUT, Loss.MEMORY: CallOutcome.ERROR, Loss.CRASH: CallOutcome.ERROR}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of an agent with what came of it."""

    agent: str
    outcome: CallOutcome
    seconds: float
    at: int
    answer: Mapping[str, Any] | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """Everything that was tried for one task; `stood_in` says why another agent than the one named was asked.

    `turned` are the agents that became unhealthy by it, or well again, as they are now. `tried` counts the calls that
    an earlier asking of the same task made, `waited` the seconds since the first of them.
    """

    attempts: tuple[Attempt, ...]
    stood_in: tuple[str, ...] = ()
    gap: Gap | None = None
    turned: tuple[tuple[str, Condition], ...] = ()
    tried: int = 0
    waited: float = 0.0

    @property
    def last(self) -> Attempt:
        return self.attempts[-1]

    @property
    def count(self) -> int:
        """How many calls the task has cost."""
        return self.tried + len(self.attempts)

    def failed(self, reason: str) -> Asking:
        """The same, its answer of no use."""
        last = replace(self.last, outcome=CallOutcome.ERROR, answer=None, reason=reason)
        return replace(self, attempts=(*self.attempts[:-1], last))


@dataclass
class Asker:
    """Asks agents for a desk: in the warm pool what may hang, in this process what commits; both end by a deadline.

    A database that does not answer is asked again after each of `store_pauses` (seconds). `contexts` are the parts of
    the shared context, by the agent that receives them.
    """

    desk: Desk
    staff: Staff
    hands: Hands
    roll: Roll
    store_pauses: Sequence[float] = ()
    contexts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def ask(self, asked: Asked) -> Asking:
        """Ask the agent that the task names, its substitute when it cannot be had, again as the task allows."""
        attempts: list[Attempt] = []
        turned: list[tuple[str, Condition]] = []
        pauses = list(_pauses(asked))
        ends = time.monotonic() + (math.inf if asked.left is None else asked.left)
        while True:
            routed = self._routed(asked)
            if isinstance(routed, Gap):
                reason = "; ".join(routed.why) or f"nobody answers to {routed.name}"
                attempts.append(Attempt("", CallOutcome.GAP, 0.0, self.desk.clock.now(), None, reason))
                return Asking(tuple(attempts), gap=routed, turned=tuple(turned))
            attempt = self._once(asked, routed, ends)
            attempts.append(attempt)
            turned += self._noted(routed.agent, _call(asked, attempt, len(attempts), self.staff.rules))
            if not self._may_again(asked, attempts) or not pauses or time.monotonic() + pauses[0] >= ends:
                return Asking(tuple(attempts), routed.why if routed.substitution else (), turned=tuple(turned))
            time.sleep(pauses.pop(0))

    def _noted(self, agent: Agent, call: Call) -> list[tuple[str, Condition]]:
        """Count a call; the agent with its condition, where that is another word on health than before."""
        before = self.roll.now((agent,))[agent.name].health
        self.roll.note([call])
        now = self.roll.now((agent,))[agent.name]
        turned = (before is Health.UNHEALTHY) is not (now.health is Health.UNHEALTHY)
        return [(agent.name, now)] if turned else []

    def whom(self, asked: Asked) -> str:
        """The agent that would be asked now; the one named where there is none."""
        routed = self._routed(asked)
        return self.staff.rules.own_name(routed.name) if isinstance(routed, Gap) else routed.agent.name

    def _routed(self, asked: Asked) -> Routed | Gap:
        task, rules = asked.task, self.staff.rules
        name = task.agent or COORDINATOR
        everyone = tuple(rules.agents.values())
        return route(name, (task.task,), rules, self.roll.now(everyone), self.desk.clock.now())

    def _may_again(self, asked: Asked, attempts: Sequence[Attempt]) -> bool:
        """Whether the failure protocol lets the task be asked again; after timeouts no oftener than it says."""
        last = attempts[-1].outcome
        most = len(self.staff.rules.agent_failure.pauses(asked.task.critical, last))
        return most > 0 and (last is not CallOutcome.TIMEOUT or sum(a.outcome is last for a in attempts) <= most)

    def _once(self, asked: Asked, routed: Routed, ends: float) -> Attempt:
        """One call. The agent's own fault ends here; a database that does not answer is waited for."""
        task, at, began = asked.task, self.desk.clock.now(), time.monotonic()
        own = self.staff.rules.deadline_seconds(routed.agent)
        seconds = own if task.deadline_seconds is None else task.deadline_seconds
        if task.task == "view":  # a vote waits for nobody longer than consensus.yaml says
            seconds = min(seconds, self.desk.settings.consensus.consensus.timeout_seconds)
        assignment = _assignment(asked, routed, self.contexts.get(routed.agent.name, {}))
        ask = self._here if TASKS[task.task].place is Place.DESK else self._there
        outcome, answer, reason = ask(assignment, max(0.0, min(seconds, ends - began)))
        return Attempt(routed.agent.name, outcome, time.monotonic() - began, at, answer, reason)

    def _here(self, assignment: Assignment, seconds: float) -> tuple[CallOutcome, Mapping[str, Any] | None, str]:
        for pause in (*self.store_pauses, None):
            try:
                answer = within(seconds, partial(run_task, self.desk, assignment.task, assignment))
                return CallOutcome.DONE, answer, ""
            except TimeoutError as error:
                return CallOutcome.TIMEOUT, None, str(error)
            except CANNOT_BE_HAD as error:
                return CallOutcome.UNAVAILABLE, None, str(error)
            except StoreError as error:
                if pause is None:
                    return CallOutcome.ERROR, None, str(error)
                time.sleep(pause)
            except QuorumError as error:
                return CallOutcome.ERROR, None, str(error)
            except Exception as error:  # noqa: BLE001 - the rim: whatever a task raises is its failure, on record
                return CallOutcome.ERROR, None, f"{type(error).__name__}: {error}"
        raise AssertionError

    def _there(self, assignment: Assignment, seconds: float) -> tuple[CallOutcome, Mapping[str, Any] | None, str]:
        for pause in (*self.store_pauses, None):
            found = self.hands.call(POOL_TASK, payload_of(self.desk, assignment), seconds)
            if pause is None or not isinstance(found, Lost) or not isinstance(found.error, StoreError):
                break
            time.sleep(pause)
        if isinstance(found, Lost):
            late = found.why is Loss.TIMEOUT
            reason = f"no answer within {seconds:g} s" if late else str(found.error).removeprefix(f"task {POOL_TASK}: ")
            return WORDS.get(found.why, CallOutcome.ERROR), None, reason
        return _told(found)


def payload_of(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """What a process of the pool is given."""
    names = ("key", "workflow_id", "task", "agent", "as_of", "params", "inputs", "context", "execution")
    return {"home": str(desk.workspace.home), "assignment": {name: getattr(assignment, name) for name in names}}


def perform(desk: Desk, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a process of the pool does with it: the answer, or why it cannot be had."""
    assignment = Assignment(**payload["assignment"])
    try:
        return {"answer": run_task(desk, assignment.task, assignment)}
    except CANNOT_BE_HAD as error:
        return {"unavailable": str(error)}


def _told(found: Done) -> tuple[CallOutcome, Mapping[str, Any] | None, str]:
    if "answer" in found.answer:
        return CallOutcome.DONE, found.answer["answer"], ""
    return CallOutcome.UNAVAILABLE, None, found.answer["unavailable"]


def _assignment(asked: Asked, routed: Routed, context: Mapping[str, Any]) -> Assignment:
    facts, task = asked.facts, asked.task
    return Assignment(
        key=asked.key,
        workflow_id=facts.identity,
        task=task.task,
        agent=routed.agent.name,
        as_of=facts.as_of,
        params={**facts.params, **task.params},
        inputs=asked.inputs,
        context=context,
        execution=facts.execution,
    )


def _pauses(asked: Asked) -> Iterator[float]:
    retries = asked.task.retries
    return (retries.first_seconds * retries.factor**i for i in range(retries.most))


def calls_of(asked: Asked, asking: Asking, rules: StaffRules) -> Sequence[Call]:
    """The calls of an asking, as they are kept."""
    return [_call(asked, attempt, i, rules) for i, attempt in enumerate(asking.attempts, 1)]


def _call(asked: Asked, attempt: Attempt, number: int, rules: StaffRules) -> Call:
    return Call(
        key=f"{asked.key}/{number}/{attempt.at}",
        at=attempt.at,
        agent=attempt.agent,
        asked_agent=rules.own_name(asked.task.agent or COORDINATOR),
        task_type=asked.task.task,
        workflow_id=asked.facts.identity,
        outcome=attempt.outcome,
        seconds=attempt.seconds,
        error=rules.workflow_failure.of(asked.task.critical).logged(attempt.reason),
        effect=asked.used_as if attempt.outcome is CallOutcome.DONE else "",
    )


def completed(task: Task, asking: Asking) -> Mapping[str, Any]:
    """The outcome of a task that has its answer."""
    return {"status": "completed", "answer": asking.last.answer, **facts_of(task, asking)}


def facts_of(task: Task, asking: Asking) -> dict[str, Any]:
    """Who was asked for a task, how often, and how long it took."""
    seconds = round(sum(attempt.seconds for attempt in asking.attempts), 6)
    told = {"agent": asking.last.agent, "attempts": asking.count, "seconds": seconds}
    return {**told, "asked": task.agent} if asking.stood_in else told


def policy_of(task: Task, asking: Asking) -> dict[str, Any]:
    """The policy that a task declares; one that waits says for how long it did, and what it did then."""
    fallback = task.fallback
    if fallback.policy is not Degrade.WAIT_AND_RETRY:
        return {"policy": fallback.policy.value}
    waited = {"max_wait_seconds": fallback.max_wait_seconds, "waited_seconds": round(asking.waited, 3)}
    return {"policy": fallback.policy.value, **waited, "then": fallback.then.value}
