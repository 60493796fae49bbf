"""The team: the crew of every run in a worker, over the parts of its desk."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from quorum.desk.agents import (
    COORDINATOR,
    BlockedOn,
    CallOutcome,
    Delegation,
    Handoff,
    Health,
    PartialSuccess,
    Priority,
    TaskComplete,
    blocked_on,
    context_for,
    everything,
    orchestration_context,
)
from quorum.desk.approvals import Question, Size, closed
from quorum.desk.approvals import facts as approval_facts
from quorum.desk.desk import Desk
from quorum.desk.notices import Event, Occurrence
from quorum.desk.running import Compiled, known_to, protocols_of, request_of
from quorum.desk.system import active_workflow
from quorum.desk.team.asking import Asker, Asking, calls_of
from quorum.desk.team.leaving import ACTIVE, leave
from quorum.desk.team.outlasting import outlast
from quorum.desk.team.papers import Papers, is_newer
from quorum.desk.team.ports import Hands
from quorum.desk.team.recorder import Entry, Recorder
from quorum.desk.team.roll import Roll
from quorum.desk.workflows import RunState, RunStep, find_workflow
from quorum.desk.workflows.crew import Call, Facts, Read
from quorum.desk.workflows.spec import ApprovalPoint, Degrade, Step, Task
from quorum.domain import SECOND, Choice, DecisionKind, Severity, StoreError, parse_instant

AT_ONCE = 16
CONTEXT_SECONDS = 2.0
SHOWN_SECONDS = 0.05
SHARED = 5
RETRY_SECONDS = 0.25
NAMES = {
    CallOutcome.ERROR: "failed",
    CallOutcome.TIMEOUT: "failed",
    CallOutcome.UNAVAILABLE: "unavailable",
    CallOutcome.GAP: "unavailable",
}


class Team:
    """Crew over a desk: agents in the warm pool, decisions and questions in its database, documents in its files."""

    def __init__(self, desk: Desk, hands: Hands) -> None:
        self.desk = desk
        self._roll = Roll(desk.staff)
        self._asker = Asker(desk, desk.staff, hands, self._roll)
        self._context_at = -CONTEXT_SECONDS
        self._recorder = Recorder(desk.staff)
        self._papers = Papers(desk.workspace.home)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="team")
        self._began: dict[str, int] = {}
        self._shown_at = -SHOWN_SECONDS

    def flush(self) -> None:
        """Come back when every document of the runs so far is written."""
        self._papers.flush()

    def close(self) -> None:
        """Write what is still to be recorded."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._recorder.close()
        self._papers.close()

    def _refresh_context(self) -> None:
        """Every few seconds, have what agents share read anew, behind the work."""
        now = time.monotonic()
        if now - self._context_at < CONTEXT_SECONDS:
            return
        self._context_at = now

        def read() -> None:
            staff, agents = self.desk.staff, tuple(self.desk.staff.rules.agents.values())
            known = orchestration_context(everything(staff), staff.rules, self._roll.now(agents), self.desk.clock.now())
            self._asker.contexts = {agent.name: context_for(agent, known, SHARED) for agent in agents}

        self._threads.submit(read)

    def perform(self, calls: Sequence[Call], parallel: bool) -> Mapping[str, Mapping[str, Any]]:
        self._refresh_context()
        if parallel:
            found = list(self._threads.map(self._do, calls))
            return {call.task.name: outcome for call, outcome in zip(calls, found, strict=True)}
        told: dict[str, Mapping[str, Any]] = {}
        for call in calls:
            told[call.task.name] = self._do(call)
            if told[call.task.name].get("halts"):
                break
        return told

    def decide(self, facts: Facts, key: str, question: str, verdict: Mapping[str, Any]) -> str:
        subject = str(facts.params.get("strategy") or facts.params.get("symbol") or facts.workflow)
        why = "; ".join(f"{c['text']}: {WORDS[c['holds']]}" for c in verdict["criteria"])
        inputs = {"workflow_id": facts.identity, "workflow": facts.workflow, "question": question}
        choice = Choice(
            DecisionKind.VERDICT, subject, facts.as_of, {**inputs, "values": verdict["values"]}, verdict, why
        )
        return outlast(lambda: self.desk.decisions.once(key, choice))

    def ask(self, facts: Facts, key: str, point: ApprovalPoint, read: Read) -> Mapping[str, Any]:
        now = self.desk.clock.now()
        expires = now + round(point.expires_seconds * SECOND)
        latest = None if point.until is None else read(point.until)
        if latest is not None:
            expires = min(expires, parse_instant(latest) if isinstance(latest, str) else int(latest))
        size = None if point.size is None else read(point.size)
        question = Question(
            key=key,
            workflow_id=facts.identity,
            step=key.rpartition("/")[2],
            question=point.question,
            expires_at=expires,
            shows={name: read(expression) for name, expression in point.shows.items()},
            scope=_scope(facts, point),
            size=None if size is None else Size.parse(str(size)),
            remind_at=None if point.remind_seconds is None else now + round(point.remind_seconds * SECOND),
        )
        asked = outlast(lambda: self.desk.approvals.ask(question))
        return {**approval_facts(asked), "seconds": max(0.0, (asked.question.expires_at - now) / SECOND)}

    def settle(self, facts: Facts, approval_id: str, remind: bool) -> Mapping[str, Any]:
        return outlast(lambda: self._settled(approval_id, remind))

    def _settled(self, approval_id: str, remind: bool) -> Mapping[str, Any]:
        now = self.desk.clock.now()
        if remind:
            found = self.desk.approvals.get(approval_id)
            if found.status == "open":
                summary = f"{found.question.question} ({approval_id})"
                self._raise(Event.APPROVAL_REMINDER, f"{approval_id}/{now}", summary, approval_facts(found))
            return approval_facts(found)
        found = closed(
            self.desk.approvals, approval_id, max(now, self.desk.approvals.get(approval_id).question.expires_at)
        )
        self.desk.approvals.told(approval_id)
        if found.status == "expired":
            self._raise(Event.APPROVAL_EXPIRED, approval_id, found.question.question, approval_facts(found))
        return approval_facts(found)

    def now(self) -> int:
        return self.desk.clock.now()

    def file(self, facts: Facts, output: str, document: Mapping[str, Any], again: bool = False) -> None:
        if not again or not is_newer(self.desk.workspace.home / output.lstrip("/"), facts):
            self._papers.file(facts, output, document)

    def reached(
        self, facts: Facts, plan: Sequence[Step], states: Mapping[str, Mapping[str, Any]], end: str | None
    ) -> None:
        now = self.desk.clock.now()
        began = self._began.setdefault(facts.identity, now)
        if end is None and time.monotonic() - self._shown_at < SHOWN_SECONDS:
            return
        self._shown_at = time.monotonic()
        status = "running" if end is None else "done"
        outcome = None if end is None else {"status": end}
        run = RunState(facts.identity, facts.workflow, status, began, now, {}, outcome, None, None, 1)
        seen = dict(states)

        def told() -> Mapping[str, Any]:
            kept = [RunStep(int(n), f"{n}.step", None, None, state, None) for n, state in seen.items()]
            return active_workflow(run, kept, plan)

        self._papers.show(ACTIVE, told)
        if end is not None:
            self._began.pop(facts.identity, None)

    def ended_early(self, compiled: Compiled, identity: str, why: str) -> None:
        """Say in the documents that a run did not come to why they are not there."""
        self._began.pop(identity, None)
        leave(self.desk, self._papers, compiled, identity, why)

    def _do(self, call: Call) -> Mapping[str, Any]:
        """One task to its end, by its policy; every call on the way is kept."""
        wait = call.task.fallback.max_wait_seconds
        until = time.monotonic() + (wait if call.left is None else min(wait, call.left))
        waits = call.task.fallback.policy is Degrade.WAIT_AND_RETRY
        began = self.desk.clock.now()
        while True:
            asking = self._asker.ask(call)
            self._tell_turned(asking)
            if asking.last.outcome is CallOutcome.DONE:
                outcome = self._followed(call, _completed(call.task, asking))
                break
            if not waits or time.monotonic() + RETRY_SECONDS > until:
                outcome = self._without(call, asking)
                break
            self._keep(call, asking, began)
            time.sleep(RETRY_SECONDS)
        self._keep(call, asking, began)
        if asking.stood_in:
            self._raise(Event.AGENT_SUBSTITUTED, call.key, "; ".join(asking.stood_in), {"task": call.task.task})
        return outcome

    def _tell_turned(self, asking: Asking) -> None:
        """Tell of agents that are left out from now on, and of those that answer again."""
        for name, now in asking.turned:
            event = Event.AGENT_UNHEALTHY if now.health is Health.UNHEALTHY else Event.AGENT_RECOVERED
            details = {"agent": name, "health": now.health.value, "failures": now.failures}
            self._raise(event, f"{name}/{now.last_call}", f"{name}: {now.reason}", details)

    def _followed(self, call: Call, outcome: Mapping[str, Any]) -> Mapping[str, Any]:
        """The outcome, once the run that its answer asks for under `follow_up` has been asked for, under one id."""
        wanted = outcome["answer"].get("follow_up")
        if wanted is None:
            return outcome
        desk = self.desk
        spec = find_workflow(
            wanted["workflow"], desk.workspace.config / "workflows", known_to(desk), protocols_of(desk)
        )
        request = request_of(spec, wanted["params"], desk.clock.now(), wanted["execution"], call.key)
        identity = outlast(lambda: desk.runs.follow(call.key, request))
        outlast(lambda: desk.workflows.enqueue(identity, request))
        return {**outcome, "answer": {**outcome["answer"], "follow_up": {**wanted, "workflow_id": identity}}}

    def _without(self, call: Call, asking: Asking) -> Mapping[str, Any]:
        """What becomes of a task that has no answer; the policy that was followed is on record."""
        task, last = call.task, asking.last
        policy = task.fallback.then if task.fallback.policy is Degrade.WAIT_AND_RETRY else task.fallback.policy
        outcome: dict[str, Any] = {"status": NAMES[last.outcome], "reason": last.reason, **_facts(task, asking)}
        kept = self._papers.cached(task.output) if policy is Degrade.USE_CACHED and task.output else None
        if kept is not None:
            outcome |= {"status": "cached", **kept}
        elif policy is Degrade.HALT or (task.critical and policy is not Degrade.SKIP):
            outcome["halts"] = True
        self._record(call, asking, outcome, policy)
        return outcome

    def _record(self, call: Call, asking: Asking, outcome: Mapping[str, Any], policy: Degrade) -> None:
        """The decision that says what was done without an answer, and what people are told."""
        facts, last, halts = call.facts, asking.last, bool(outcome.get("halts"))
        asked = {"workflow_id": facts.identity, "step": call.step, "task": call.task.task, "agent": last.agent}
        done = "halt" if halts else "use_cached" if outcome["status"] == "cached" else "go_on_without"
        told = {"policy": policy.value, "done": done, "outcome": last.outcome.value, "attempts": len(asking.attempts)}
        choice = Choice(
            DecisionKind.POLICY, f"{facts.workflow}/{call.task.name}", facts.as_of, asked, told, last.reason
        )
        outlast(lambda: self.desk.decisions.once(f"{call.key}/policy", choice))
        details = {**asked, **told, "reason": last.reason}
        if asking.gap is not None:
            self._raise(Event.AGENT_GAP, call.key, f"nobody does {call.task.task}: {last.reason}", details)
        elif self.desk.staff.rules.agent_failure.notifies(last.outcome):
            self._raise(Event.AGENT_FAILED, call.key, f"{last.agent}, {call.task.task}: {last.reason}", details)
        if halts and self.desk.staff.rules.workflow_failure.of(True).tells_user:
            self._raise(Event.WORKFLOW_FAILED, facts.identity, f"{facts.workflow} halted at {call.task.name}", details)
        elif not halts:
            summary = f"{facts.workflow} goes on without {call.task.name}: {last.reason}"
            tells = self.desk.staff.rules.workflow_failure.of(False).tells_user
            severity = Severity.YELLOW if tells else Severity.INFO
            self._raise(Event.WORKFLOW_DEGRADED, call.key, summary, details, severity)

    def _keep(self, call: Call, asking: Asking, began: int) -> None:
        task, last = call.task, asking.last
        agent = self.desk.staff.rules.find(last.agent)
        default = self.desk.staff.rules.agent_failure.detection.timeout_threshold
        own = task.deadline_seconds or (default if agent is None else self.desk.staff.rules.deadline_seconds(agent))
        delegation = Delegation(
            key=f"{call.key}@{began}",
            target_agent=last.agent,
            asked_agent=task.agent or COORDINATOR,
            task_type=task.task,
            workflow_id=call.facts.identity,
            step=call.step,
            deadline=began + round(own * SECOND),
            expected_output=task.output or "",
            inputs_available=tuple(call.inputs),
            priority=Priority.HIGH if task.critical else Priority.MEDIUM,
            given_at=began,
        )
        calls = calls_of(call, asking, self.desk.staff.rules)
        ended = self.desk.clock.now()
        self._recorder.put(Entry(delegation, _handoff(asking), last.reason, calls, ended))

    def _raise(
        self, event: Event, key: str, summary: str, details: Mapping[str, Any], severity: Severity = Severity.INFO
    ) -> None:
        """Tell people; while the database does not answer, what happened is told by the run's own end."""
        try:
            outlast(lambda: self.desk.outbox.raise_(Occurrence(event, key, summary, details, severity=severity)))
        except StoreError:
            return


WORDS = {True: "holds", False: "fails", None: "cannot be told"}


def _completed(task: Task, asking: Asking) -> Mapping[str, Any]:
    return {"status": "completed", "answer": asking.last.answer, **_facts(task, asking)}


def _facts(task: Task, asking: Asking) -> dict[str, Any]:
    seconds = round(sum(attempt.seconds for attempt in asking.attempts), 6)
    told = {"agent": asking.last.agent, "attempts": len(asking.attempts), "seconds": seconds}
    return {**told, "asked": task.agent} if asking.stood_in else told


def _handoff(asking: Asking) -> Handoff:
    last = asking.last
    if last.outcome is CallOutcome.DONE:
        return TaskComplete()
    if last.outcome is CallOutcome.UNAVAILABLE:
        return blocked_on(last.reason)
    return BlockedOn("AGENT") if last.outcome is CallOutcome.GAP else PartialSuccess()


def _scope(facts: Facts, point: ApprovalPoint) -> dict[str, str]:
    """What a standing approval is compared with: the workflow, the point's own scope, what the run is about."""
    named = {name: str(facts.params[name]) for name in ("symbol", "strategy", "account") if facts.params.get(name)}
    return {"workflow": facts.workflow, **named, **({"scope": point.scope} if point.scope else {})}
