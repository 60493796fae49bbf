"""Asking an agent: who is asked, within what time, how often, and what follows when there is no answer."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
from quorum.desk.team.outlasting import STORE_PAUSES
from quorum.desk.team.ports import Hands
from quorum.desk.team.roll import Roll
from quorum.desk.work import TASKS, Assignment, Place, Unavailable, run_task
from quorum.desk.workflows.crew import Call as Asked
from quorum.domain import Done, Loss, Lost, QuorumError, StoreError

POOL_TASK = "agent"
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

    `turned` are the agents that became unhealthy by it, or well again, as they are now.
    """

    attempts: tuple[Attempt, ...]
    stood_in: tuple[str, ...] = ()
    gap: Gap | None = None
    turned: tuple[tuple[str, Condition], ...] = ()

    @property
    def last(self) -> Attempt:
        return self.attempts[-1]


@dataclass
class Asker:
    """Asks agents for a desk: in the warm pool what may hang, in this process what commits.

    `contexts` are the parts of the shared context, by the agent that receives them.
    """

    desk: Desk
    staff: Staff
    hands: Hands
    roll: Roll
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
            again = attempt.outcome in (CallOutcome.ERROR, CallOutcome.TIMEOUT) and self._may_again(asked, attempt)
            if not again or not pauses or time.monotonic() + pauses[0] >= ends:
                return Asking(tuple(attempts), routed.why if routed.substitution else (), turned=tuple(turned))
            time.sleep(pauses.pop(0))

    def _noted(self, agent: Agent, call: Call) -> list[tuple[str, Condition]]:
        """Count a call; the agent with its condition, where that is another word on health than before."""
        before = self.roll.now((agent,))[agent.name].health
        self.roll.note([call])
        now = self.roll.now((agent,))[agent.name]
        turned = (before is Health.UNHEALTHY) is not (now.health is Health.UNHEALTHY)
        return [(agent.name, now)] if turned else []

    def _routed(self, asked: Asked) -> Routed | Gap:
        task, rules = asked.task, self.staff.rules
        name = task.agent or COORDINATOR
        everyone = tuple(rules.agents.values())
        return route(name, (task.task,), rules, self.roll.now(everyone), self.desk.clock.now())

    def _may_again(self, asked: Asked, attempt: Attempt) -> bool:
        return bool(self.staff.rules.agent_failure.pauses(asked.task.critical, attempt.outcome))

    def _once(self, asked: Asked, routed: Routed, ends: float) -> Attempt:
        """One call. The agent's own fault ends here; a database that does not answer is waited for."""
        task, at, began = asked.task, self.desk.clock.now(), time.monotonic()
        own = self.staff.rules.deadline_seconds(routed.agent)
        seconds = own if task.deadline_seconds is None else task.deadline_seconds
        assignment = _assignment(asked, routed, self.contexts.get(routed.agent.name, {}))
        job = TASKS[task.task]
        if job.place is Place.DESK:
            outcome, answer, reason = self._here(assignment)
        else:
            outcome, answer, reason = self._there(assignment, max(0.0, min(seconds, ends - began)))
        return Attempt(routed.agent.name, outcome, time.monotonic() - began, at, answer, reason)

    def _here(self, assignment: Assignment) -> tuple[CallOutcome, Mapping[str, Any] | None, str]:
        for pause in (*STORE_PAUSES, None):
            try:
                return CallOutcome.DONE, run_task(self.desk, assignment.task, assignment), ""
            except Unavailable as error:
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
        for pause in (*STORE_PAUSES, None):
            found = self.hands.call(POOL_TASK, payload_of(self.desk, assignment), seconds)
            if pause is None or not isinstance(found, Lost) or not isinstance(found.error, StoreError):
                break
            time.sleep(pause)
        if isinstance(found, Lost):
            return WORDS.get(found.why, CallOutcome.ERROR), None, str(found.error)
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
    except Unavailable as error:
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
        asked_agent=asked.task.agent or COORDINATOR,
        task_type=asked.task.task,
        workflow_id=asked.facts.identity,
        outcome=attempt.outcome,
        seconds=attempt.seconds,
        error=rules.workflow_failure.of(asked.task.critical).logged(attempt.reason),
        effect=(asked.task.output or "") if attempt.outcome is CallOutcome.DONE else "",
    )
