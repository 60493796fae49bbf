"""Teams for tests: a desk whose agents do what a script says, in this process."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from desk.agents.staffs import NOW
from quorum.bootstrap import open_desk
from quorum.desk import Desk
from quorum.desk.agents import Staff, StaffRules
from quorum.desk.agents.book.fakes import MemoryCalls, MemoryTaskBook
from quorum.desk.team import Team
from quorum.desk.workflows.crew import Call, Facts
from quorum.desk.workflows.spec import Degrade, Fallback, Retries, Task
from quorum.domain import DataError, Decision, DecisionKind, Done, Loss, Lost, VirtualClock

QUICK = Retries(most=2, first_seconds=0.01)
NUMBERS = itertools.count(1)
Script = Callable[[Mapping[str, Any]], Done | Lost]


class ScriptedHands:
    """Hands that answer an agent's calls by `script`, one after the other, the last of them for good; done without."""

    def __init__(self, **script: list[Done | Lost]) -> None:
        self.script = {name.replace("_", "-"): list(answers) for name, answers in script.items()}
        self.asked: list[tuple[str, str, float]] = []
        self.payloads: list[Mapping[str, Any]] = []

    def call(self, task: str, payload: Mapping[str, Any], seconds: float) -> Done | Lost:
        asked = payload["assignment"]
        self.asked.append((asked["agent"], asked["task"], seconds))
        self.payloads.append(payload)
        answers = self.script.get(asked["agent"], [])
        return (answers.pop(0) if len(answers) > 1 else answers[0]) if answers else done(of=asked["agent"])

    def warm(self, task: str, payload: Mapping[str, Any]) -> object:
        return None

    def close(self) -> None:
        return None

    @property
    def agents(self) -> list[str]:
        return [agent for agent, _, _ in self.asked]


def done(**answer: Any) -> Done:
    return Done(0, {"answer": answer}, 0.0, 0.0)


def absent(reason: str) -> Done:
    return Done(0, {"unavailable": reason}, 0.0, 0.0)


def lost(why: Loss = Loss.ERROR, reason: str = "it broke") -> Lost:
    return Lost(0, why, DataError(reason))


class Bench:
    """A team over a desk at NOW with nothing on record of its agents."""

    def __init__(self, desk: Desk, hands: ScriptedHands | None = None, rules: StaffRules | None = None) -> None:
        self.clock = VirtualClock(NOW)
        self.calls, self.book = MemoryCalls(), MemoryTaskBook(self.clock)
        staff = Staff(rules or StaffRules(), self.calls, self.book)
        self.desk = replace(desk, clock=self.clock, staff=staff)
        self.hands = hands or ScriptedHands()
        self.team = Team(self.desk, self.hands)
        self.run = f"WF-20250130-{next(NUMBERS):03d}"

    def facts(self) -> Facts:
        return Facts(self.run, "mine", NOW, "notify", {"symbol": "FLATUSDT"})

    def call(self, task: Task, number: int = 1, **more: Any) -> Call:
        return Call(self.facts(), number, f"{self.run}/{number}.step/{task.name}", task, {}, **more)

    def do(self, *tasks: Task, parallel: bool = False, number: int = 1, **more: Any) -> Mapping[str, Any]:
        """What became of each of these tasks, or of the only one."""
        calls = [self.call(task, number, **more) for task in tasks]
        found = self.team.perform(calls, parallel)
        return found[tasks[0].name] if len(tasks) == 1 else found

    def policies(self) -> list[Decision]:
        """The decisions that say what was done without an answer, oldest first."""
        recent = self.desk.decisions.recent(500)
        found = [d for d in recent if d.choice.kind is DecisionKind.POLICY]
        return [d for d in reversed(found) if d.choice.inputs["workflow_id"] == self.run]

    def told(self) -> list[str]:
        """The events that people are told of, of this run, oldest first."""
        notices = [told.notice.occurrence for told in self.desk.outbox.listed(500)]
        return [str(n.event) for n in reversed(notices) if n.key.startswith(self.run)]

    def close(self) -> None:
        self.team.close()


def review(agent: str = "quant-analyst", policy: Degrade = Degrade.HALT, critical: bool = True, **more: Any) -> Task:
    """A task in the pool, which two agents do."""
    fallback = Fallback(policy, more.pop("wait", 60.0), more.pop("then", Degrade.SKIP))
    made = {"action": "", "retries": QUICK, "output": "/state/gates.json", "critical": critical, "fallback": fallback}
    return Task(more.pop("name", "gates"), more.pop("task", "review_gates"), agent, **(made | more))


def opened(home: Path) -> Desk:
    return open_desk(home, VirtualClock(NOW))
