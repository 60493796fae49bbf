"""An engine and a crew in memory, for tests and for thinking about a spec: nothing is written anywhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from quorum.desk.workflows.crew import Call, Facts, Read
from quorum.desk.workflows.ports import Durable
from quorum.desk.workflows.spec import ApprovalPoint, Step
from quorum.domain import SECOND, VirtualClock

Body = Callable[[Durable, Mapping[str, Any]], Mapping[str, Any]]
Outcome = Mapping[str, Any]


class Stopped(BaseException):
    """The process of a run is gone."""


class OutOfOrder(AssertionError):
    """A run asked for another step than the one that it had kept at that place."""


@dataclass
class MemoryRuns:
    """Runs of one body, their answers kept as JSON. `stop_after` is how many more answers are kept until a run stops.

    Waiting lets the clock's time pass; a message is there when it was sent before, or when `sent_at` its time comes.
    """

    clock: VirtualClock
    body: Body
    stop_after: int | None = None
    kept: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    sent: dict[tuple[str, str], tuple[int, Mapping[str, Any]]] = field(default_factory=dict)

    def run(self, identity: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Run to the end from what is kept; Stopped where that was asked for."""
        plain = json.loads(json.dumps(request))
        outcome: Mapping[str, Any] = json.loads(json.dumps(self.body(MemoryDurable(identity, self), plain)))
        return outcome

    def send(self, identity: str, topic: str, message: Mapping[str, Any], at: int | None = None) -> None:
        """Tell a run something, now or at an instant to come; the first message of a topic counts."""
        self.sent.setdefault((identity, topic), (self.clock.now() if at is None else at, message))

    def keep(self, identity: str, name: str, answer: Any) -> Any:
        text = json.dumps(answer)
        self.kept.setdefault(identity, []).append((name, text))
        if self.stop_after is not None:
            self.stop_after -= 1
            if self.stop_after <= 0:
                raise Stopped(f"after {name}")
        return json.loads(text)


class MemoryDurable:
    """Durable over MemoryRuns: one reading of one run, from its beginning."""

    def __init__(self, identity: str, runs: MemoryRuns) -> None:
        self.identity = identity
        self._runs = runs
        self._next = 0

    def step(self, name: str, work: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self._once(name, work)
        return answer

    def wait(self, topic: str, seconds: float) -> Mapping[str, Any] | None:
        message: Mapping[str, Any] | None = self._once(f"wait {topic}", lambda: self._received(topic, seconds))
        return message

    def children(self, asked: Sequence[tuple[str, Mapping[str, Any]]]) -> Sequence[Mapping[str, Any]]:
        def outcome(identity: str, request: Mapping[str, Any]) -> Any:
            return self._once(f"child {identity}", lambda: self._runs.run(identity, request))

        return [outcome(identity, request) for identity, request in asked]

    def _received(self, topic: str, seconds: float) -> Mapping[str, Any] | None:
        clock = self._runs.clock
        at, message = self._runs.sent.get((self.identity, topic), (None, None))
        until = clock.now() + round(seconds * SECOND)
        if at is None or at > until:
            clock.advance_to(until)
            return None
        clock.advance_to(max(at, clock.now()))
        return message

    def _once(self, name: str, work: Callable[[], Any]) -> Any:
        kept = self._runs.kept.setdefault(self.identity, [])
        position, self._next = self._next, self._next + 1
        if position == len(kept):
            return self._runs.keep(self.identity, name, work())
        before, text = kept[position]
        if before != name:
            raise OutOfOrder(f"{self.identity} asks for {name} where it kept {before}")
        return json.loads(text)


@dataclass
class ScriptedCrew:
    """A crew that answers by a script: the outcome of a task by its name, else `{"of": NAME}`, completed.

    `asked` are the keys of the calls, `filed` the last outcome by document, `answers` what people say to a question
    by its text: approved or rejected, with the instant at which they do; without one it expires.
    """

    clock: VirtualClock
    script: Mapping[str, Outcome | Callable[[Call], Outcome]] = field(default_factory=dict)
    answers: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    filed: dict[str, Outcome] = field(default_factory=dict)
    decided: dict[str, Outcome] = field(default_factory=dict)
    questions: dict[str, tuple[str, ApprovalPoint, int]] = field(default_factory=dict)
    reminded: list[str] = field(default_factory=list)
    shown: list[tuple[dict[str, str], str | None]] = field(default_factory=list)

    @property
    def asked(self) -> list[str]:
        return [call.key for call in self.calls]

    def now(self) -> int:
        return self.clock.now()

    def perform(self, calls: Sequence[Call], parallel: bool) -> Mapping[str, Outcome]:
        found: dict[str, Outcome] = {}
        for call in calls:
            self.calls.append(call)
            scripted = self.script.get(call.task.name.partition(".")[0], _completed)
            found[call.task.name] = scripted(call) if callable(scripted) else scripted
            if found[call.task.name].get("halts") and not parallel:
                break
        return found

    def decide(self, facts: Facts, key: str, question: str, verdict: Outcome) -> str:
        self.decided.setdefault(key, verdict)
        return f"DEC-{list(self.decided).index(key) + 1}"

    def ask(self, facts: Facts, key: str, point: ApprovalPoint, read: Read) -> Outcome:
        now = self.clock.now()
        identity, asked, ends = self.questions.setdefault(
            key, (f"APR-{len(self.questions) + 1}", point, now + round(point.expires_seconds * SECOND))
        )
        shows = {name: read(expression) for name, expression in asked.shows.items()}
        return {**self._how(asked, identity, ends), "shows": shows, "seconds": max(0.0, (ends - now) / SECOND)}

    def settle(self, facts: Facts, approval_id: str, reminder: int = 0) -> Outcome:
        _, point, ends = next(q for q in self.questions.values() if q[0] == approval_id)
        if reminder:
            self.reminded.append(approval_id)
            return self._how(point, approval_id, ends)
        found = self._how(point, approval_id, ends)
        return {**found, "status": "expired"} if found["status"] == "open" else found

    def file(self, facts: Facts, output: str, document: Outcome, again: bool = False) -> None:
        self.filed[output] = document

    def reached(self, facts: Facts, plan: Sequence[Step], states: Mapping[str, Outcome], end: str | None) -> None:
        self.shown.append(({number: state["status"] for number, state in states.items()}, end))

    def _how(self, point: ApprovalPoint, identity: str, ends: int) -> dict[str, Any]:
        """How a question stands now: what was said in time counts."""
        word, at = self.answers.get(point.question, ("open", 0))
        said = word if at <= min(self.clock.now(), ends) else "open"
        return {"approval_id": identity, "status": said, "reason": None if said == "open" else "as I see it"}


def _completed(call: Call) -> Outcome:
    return {"status": "completed", "answer": {"of": call.task.name, **call.inputs}}
