"""Strategies of others, stepped in processes of their own: late, too large or dead, they cost nobody but themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from quorum.desk.trading.stepping.course import Course, Steps, Stood
from quorum.desk.trading.stepping.streams import Stand
from quorum.domain import Done, Executor, Limits, Loss, QuorumError, Timeframe, plain
from quorum.lake import Lake
from quorum.signals import AnyStrategy, ConsensusRules, find_strategy

TASK = "step"
LIMITS = Limits(seconds=30.0, memory_mb=500.0)
"""What a strategy of others may take for its steps of a turn, those that its past takes again included."""
MOST_PATIENCE = 64


@dataclass
class Missed:
    """A strategy that did not answer: how often in a row, at which bar (ns UTC), and why."""

    times: int
    at: int
    error: QuorumError


@dataclass
class Apart:
    """Steps of foreign strategies by an executor's warm workers, on the lake of the workspace at `home`.

    One that was lost is asked again after 1, 2, 4, up to 64 bars: a strategy that hangs delays the others but
    seldom. What it failed by itself is no such loss.
    """

    executor: Executor
    home: str
    limits: Limits = LIMITS
    _missed: dict[str, Missed] = field(default_factory=dict)

    def stands(self, asked: Sequence[tuple[Course, int]], as_of: int) -> dict[str, Stood | QuorumError]:
        """Where each course stands, by deployment, or why nobody knows; with each, the close of its newest bar."""
        found: dict[str, Stood | QuorumError] = {}
        due = []
        for course, closed in asked:
            missed = self._missed.get(course.deployment_id)
            if missed is None or closed >= missed.at + min(2 ** (missed.times - 1), MOST_PATIENCE) * _length(course):
                due.append((course, closed))
            else:
                found[course.deployment_id] = missed.error
        payloads = [{"home": self.home, "course": plain(course), "as_of": as_of} for course, _ in due]
        for outcome in self.executor.run_many(TASK, payloads, self.limits) if due else ():
            course, closed = due[outcome.index]
            name = course.deployment_id
            if isinstance(outcome, Done):
                self._missed.pop(name, None)
                found[name] = _read(outcome.answer)
            else:
                found[name] = outcome.error
                if outcome.why is not Loss.ERROR:
                    times = self._missed[name].times + 1 if name in self._missed else 1
                    self._missed[name] = Missed(times, closed, outcome.error)
        return found


class Bench:
    """What a worker keeps from task to task: the steps that it has taken, and the strategies that it has loaded."""

    def __init__(self, lake: Lake) -> None:
        self._steps = Steps(lake)
        self._loaded: dict[str, AnyStrategy] = {}

    def stood(self, course: Course, rules: ConsensusRules, as_of: int) -> Stood:
        """Where a course stands at an instant; the strategy's own errors."""
        return self._steps.stood(course, self._strategy(course, rules), self._steps.closed(course, as_of))

    def _strategy(self, course: Course, rules: ConsensusRules) -> AnyStrategy:
        if course.deployment_id not in self._loaded:
            self._loaded[course.deployment_id] = find_strategy(str(course.strategy), rules)
        return self._loaded[course.deployment_id]


def stand_here(bench: Bench, rules: ConsensusRules, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """The task of a worker: where the course of a payload stands, as plain values."""
    given = payload["course"]
    course = Course(**{**given, "symbols": tuple(given["symbols"])})
    stands, together = bench.stood(course, rules, payload["as_of"])
    return {"stands": [list(stand) for stand in stands], "together": together}


def _read(answer: Mapping[str, Any]) -> Stood:
    return Stood([Stand(*values) for values in answer["stands"]], answer["together"])


def _length(course: Course) -> int:
    return Timeframe.parse(course.timeframe).nanoseconds
