"""The team: the crew of every run in a worker, over the parts of its desk."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from quorum.desk.agents import (
    COORDINATOR,
    BlockedOn,
    CallOutcome,
    Delegation,
    DiscoveredIssue,
    Handoff,
    PartialSuccess,
    Priority,
    blocked_on,
    context_for,
    everything,
    orchestration_context,
)
from quorum.desk.approvals import Question, Size, closed, headline
from quorum.desk.approvals import facts as approval_facts
from quorum.desk.desk import Desk
from quorum.desk.notices import Event, Occurrence, concern
from quorum.desk.running import Compiled, known_to, protocols_of, request_of
from quorum.desk.system import active_workflow
from quorum.desk.team.asking import Asker, Asking, calls_of, completed, facts_of, policy_of
from quorum.desk.team.leaving import ACTIVE, CANCELLED, leave
from quorum.desk.team.outlasting import T, outlast, store_pauses
from quorum.desk.team.papers import Papers, cache_of, is_newer
from quorum.desk.team.ports import Hands
from quorum.desk.team.recorder import Entry, Recorder
from quorum.desk.team.roll import Roll, turned
from quorum.desk.work.handing import handed_on
from quorum.desk.workflows import RunState, RunStep, find_workflow
from quorum.desk.workflows.crew import Call, Facts, Read
from quorum.desk.workflows.document.known import DATA_AGENTS
from quorum.desk.workflows.spec import ApprovalPoint, Degrade, Step, Task
from quorum.domain import (
    SECOND,
    Choice,
    DecisionKind,
    QuorumError,
    Severity,
    StoreError,
    content_hash,
    parse_instant,
    utc_day,
)

AT_ONCE = 16
CONTEXT_SECONDS = 2.0
SHOWN_SECONDS = 0.05
SHARED, READ = 5, 200
RETRY_SECONDS, MOST_PAUSE_SECONDS = 0.25, 5.0
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
        self._pauses = store_pauses(desk.settings.coordinator.store_seconds)
        self._asker = Asker(desk, desk.staff, hands, self._roll, self._pauses)
        self._context_at = -CONTEXT_SECONDS
        self._recorder = Recorder(desk.staff)
        self._papers = Papers(desk.workspace.home)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="team")
        self._began: dict[str, int] = {}
        self._shown_at = -SHOWN_SECONDS

    def flush(self, run: str | None = None) -> None:
        """Come back when every document of the runs so far is written; WorkspaceError when one (of `run`) is not."""
        self._papers.flush(run)

    def close(self) -> None:
        """Write what is still to be recorded."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._recorder.close()
        self._papers.close()

    def _refresh_context(self) -> None:
        """Every few seconds, have what agents share read anew, behind the work; the first time before it."""
        now = time.monotonic()
        if now - self._context_at < CONTEXT_SECONDS:
            return
        self._context_at = now

        def read() -> None:
            staff, agents = self.desk.staff, tuple(self.desk.staff.rules.agents.values())
            known = orchestration_context(
                everything(staff, READ), staff.rules, self._roll.now(agents), self.desk.clock.now()
            )
            self._asker.contexts = {agent.name: context_for(agent, known, SHARED) for agent in agents}

        if self._asker.contexts:
            self._threads.submit(read)
        else:
            with suppress(StoreError):  # its first tasks do without
                read()

    def perform(self, calls: Sequence[Call], parallel: bool) -> Mapping[str, Mapping[str, Any]]:
        self._refresh_context()
        if parallel:
            others = [self._threads.submit(self._do, call) for call in calls[1:]]
            found = [self._do(calls[0]), *(other.result() for other in others)]
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
        return self._outlast(lambda: self.desk.decisions.once(key, choice))

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
        asked = self._outlast(lambda: self.desk.approvals.ask(question))
        return {**approval_facts(asked), "seconds": max(0.0, (asked.question.expires_at - now) / SECOND)}

    def settle(self, facts: Facts, approval_id: str, reminder: int = 0) -> Mapping[str, Any]:
        return self._outlast(lambda: self._settled(approval_id, reminder))

    def _settled(self, approval_id: str, reminder: int) -> Mapping[str, Any]:
        now = self.desk.clock.now()
        if reminder:
            self.desk.approvals.remind(now)  # the first one is the store's, whoever comes first
            found = self.desk.approvals.get(approval_id)
            if found.status == "open" and reminder > 1:
                self._raise(
                    Event.APPROVAL_REMINDER, f"{approval_id}/{reminder}", headline(found), approval_facts(found)
                )
            return approval_facts(found)
        found = closed(
            self.desk.approvals, approval_id, max(now, self.desk.approvals.get(approval_id).question.expires_at)
        )
        self.desk.approvals.told(approval_id)
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
        if why == CANCELLED:  # it may have asked between its cancelling and its end
            self.desk.approvals.hold(identity, True)
        leave(self.desk, self._papers, compiled, identity, why)

    def _do(self, call: Call) -> Mapping[str, Any]:
        """One task to its end, by its policy; every call on the way is kept."""
        wait, since = call.task.fallback.max_wait_seconds, time.monotonic()
        until = since + (wait if call.left is None else min(wait, call.left))
        waits = call.task.fallback.policy is Degrade.WAIT_AND_RETRY
        began, tried = self.desk.clock.now(), 0
        self._recorder.begin(_key(call, began), lambda: self._delegation(call, self._asker.whom(call), began))
        while True:
            asking = replace(self._asker.ask(call), tried=tried, waited=time.monotonic() - since if waits else 0.0)
            self._tell_turned(asking)
            if asking.last.outcome is CallOutcome.DONE:
                asking, outcome = self._followed(call, asking)
                break
            pause = min(MOST_PAUSE_SECONDS, max(RETRY_SECONDS, (time.monotonic() - since) / 10))
            if not waits or time.monotonic() + pause > until:
                outcome = self._without(call, asking)
                break
            self._keep(call, asking, began, None)
            tried += len(asking.attempts)
            time.sleep(pause)
        self._keep(call, asking, began, outcome)
        self._tell_more(call, asking, outcome)
        if asking.stood_in:
            self._raise(Event.AGENT_SUBSTITUTED, call.key, "; ".join(asking.stood_in), {"task": call.task.task})
        return outcome

    def _tell_more(self, call: Call, asking: Asking, outcome: Mapping[str, Any]) -> None:
        """Tell of what an agent hands up, and once a day of an issue that it found and of what a task waits for."""
        task, last = call.task, asking.last
        concerns = (last.answer or {}).get("concerns", ())
        for told in concerns:
            self._outlasting(partial(self.desk.outbox.escalate, concern(last.agent, told)))
        signal, note = _handed(task, asking, outcome)
        if last.outcome is CallOutcome.DONE and isinstance(signal, DiscoveredIssue) and not concerns:
            event = Event.KNOWN_ISSUE
        elif last.outcome is CallOutcome.UNAVAILABLE:
            event = Event.DATA_UNAVAILABLE if last.agent in DATA_AGENTS else Event.TASK_BLOCKED
        else:
            return
        severity = Severity.YELLOW if task.critical else Severity.INFO
        symbol, day = call.facts.params.get("symbol"), utc_day(call.facts.as_of)
        key = f"{last.agent}/{task.task}/{symbol}/{content_hash(note)[:16]}/{day}"
        details = {"workflow_id": call.facts.identity, "step": call.step, "task": task.task, "agent": last.agent}
        self._raise(event, key, f"{last.agent}, {task.task}: {note}", details, severity)

    def _tell_turned(self, asking: Asking) -> None:
        """Tell of agents that are left out from now on, and of those that answer again."""
        for name, now in asking.turned:
            self._outlasting(partial(self.desk.outbox.raise_, turned(name, now)))

    def _followed(self, call: Call, asking: Asking) -> tuple[Asking, Mapping[str, Any]]:
        """What was asked and its outcome, once the run that the answer asks for under `follow_up` was asked for.

        One that cannot be asked for is the task's failure.
        """
        outcome = completed(call.task, asking)
        cache = cache_of(call)
        if cache is not None and cache != call.task.output:
            self._papers.file(call.facts, cache, outcome)
        wanted = outcome["answer"].get("follow_up")
        if wanted is None:
            return asking, outcome
        try:
            told = {**wanted, "workflow_id": self._follow(call, wanted)}
        except QuorumError as error:
            asking = asking.failed(f"the run {wanted['workflow']} cannot be asked for: {error}")
            return asking, self._without(call, asking)
        return asking, {**outcome, "answer": {**outcome["answer"], "follow_up": told}}

    def _follow(self, call: Call, wanted: Mapping[str, Any]) -> str:
        """Ask for a run that follows from a call, once; its id."""
        desk = self.desk
        spec = find_workflow(
            wanted["workflow"], desk.workspace.config / "workflows", known_to(desk), protocols_of(desk)
        )
        request = request_of(spec, wanted["params"], desk.clock.now(), wanted["execution"], call.key)
        identity = self._outlast(lambda: desk.runs.follow(call.key, request))
        self._outlast(lambda: desk.workflows.enqueue(identity, request))
        return identity

    def _without(self, call: Call, asking: Asking) -> Mapping[str, Any]:
        """What becomes of a task that has no answer; the policy that was followed is on record."""
        task, last = call.task, asking.last
        policy = task.fallback.then if task.fallback.policy is Degrade.WAIT_AND_RETRY else task.fallback.policy
        outcome: dict[str, Any] = {"status": NAMES[last.outcome], "reason": last.reason, **facts_of(task, asking)}
        cache = cache_of(call) if policy is Degrade.USE_CACHED else None
        kept = None if cache is None else self._papers.cached(call.facts, cache)
        if kept is not None:
            outcome |= {"status": "cached", **kept}
        elif policy is Degrade.HALT or (task.critical and policy is not Degrade.SKIP):
            outcome["halts"] = True
        self._record(call, asking, outcome)
        return outcome

    def _record(self, call: Call, asking: Asking, outcome: Mapping[str, Any]) -> None:
        """The decision that says what was done without an answer, and what people are told."""
        facts, last, halts = call.facts, asking.last, bool(outcome.get("halts"))
        asked = {"workflow_id": facts.identity, "step": call.step, "task": call.task.task, "agent": last.agent}
        done = "halt" if halts else "use_cached" if outcome["status"] == "cached" else "go_on_without"
        told = {**policy_of(call.task, asking), "done": done, "outcome": last.outcome.value, "attempts": asking.count}
        choice = Choice(
            DecisionKind.POLICY, f"{facts.workflow}/{call.task.name}", facts.as_of, asked, told, last.reason
        )
        self._outlast(lambda: self.desk.decisions.once(f"{call.key}/policy", choice))
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

    def _delegation(self, call: Call, agent: str, began: int) -> Delegation:
        """The task as it is given to an agent."""
        task, rules = call.task, self.desk.staff.rules
        found = rules.find(agent)
        default = rules.agent_failure.detection.timeout_threshold
        own = task.deadline_seconds or (default if found is None else rules.deadline_seconds(found))
        return Delegation(
            key=_key(call, began),
            target_agent=agent,
            asked_agent=rules.own_name(task.agent or COORDINATOR),
            task_type=task.task,
            workflow_id=call.facts.identity,
            step=call.step,
            deadline=began + round(own * SECOND),
            expected_output=task.output or "",
            inputs_available=call.available,
            priority=Priority.HIGH if task.critical else Priority.MEDIUM,
            given_at=began,
        )

    def _keep(self, call: Call, asking: Asking, began: int, outcome: Mapping[str, Any] | None) -> None:
        """Keep the calls, and how the task was handed on; without an outcome it is still under way."""
        signal, note = (None, "") if outcome is None else _handed(call.task, asking, outcome)
        calls = calls_of(call, asking, self.desk.staff.rules)
        delegation, ended = self._delegation(call, asking.last.agent, began), self.desk.clock.now()
        self._recorder.put(Entry(delegation, signal, note, calls, ended))

    def _raise(
        self, event: Event, key: str, summary: str, details: Mapping[str, Any], severity: Severity = Severity.INFO
    ) -> None:
        found = Occurrence(event, key, summary, details, severity=severity)
        self._outlasting(partial(self.desk.outbox.raise_, found))

    def _outlast(self, act: Callable[[], T]) -> T:
        return outlast(act, self._pauses)

    def _outlasting(self, tell: Callable[[], object]) -> None:
        """Tell people; while the database does not answer, what happened is told by the run's own end."""
        try:
            self._outlast(tell)
        except StoreError:
            return


WORDS = {True: "holds", False: "fails", None: "cannot be told"}


def _key(call: Call, began: int) -> str:
    return f"{call.key}@{began}"


def _handed(task: Task, asking: Asking, outcome: Mapping[str, Any]) -> tuple[Handoff, str]:
    """How a task is handed on, and the note for whoever takes it up."""
    last = asking.last
    if last.outcome is CallOutcome.DONE:
        return handed_on(task.task, outcome["answer"])
    if outcome["status"] == "cached":
        return PartialSuccess(), f"an earlier answer is used: {last.reason}"
    if asking.gap is not None:
        return BlockedOn("AGENT"), last.reason
    return blocked_on(last.reason) if last.outcome is CallOutcome.UNAVAILABLE else DiscoveredIssue(), last.reason


def _scope(facts: Facts, point: ApprovalPoint) -> dict[str, str]:
    """What a standing approval is compared with: the workflow, the point's own scope, what the run is about."""
    named = {name: str(facts.params[name]) for name in ("symbol", "strategy", "account") if facts.params.get(name)}
    return {"workflow": facts.workflow, **named, **({"scope": point.scope} if point.scope else {})}
