"""What is kept of agents is written behind the work: all of it, once, whatever the database does meanwhile."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pytest

from desk.agents.staffs import call, delegation, staff
from quorum.desk.agents import Call, DiscoveredIssue, Staff, TaskComplete
from quorum.desk.team import recorder as recording
from quorum.desk.team.recorder import MOST, Entry, Recorder
from quorum.domain import SECOND, StoreError


def entry(number: int) -> Entry:
    made = delegation(number)
    return Entry(made, TaskComplete(), "done", [call(number)], call(number).at + SECOND)


class Away:
    """Calls of a database that does not answer so many times."""

    def __init__(self, inner: Any, times: int) -> None:
        self._inner, self.times = inner, times

    def record_all(self, calls: Sequence[Call]) -> None:
        self.times -= 1
        if self.times >= 0:
            raise StoreError("locked", "wait")
        self._inner.record_all(calls)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def test_tasks_and_calls_are_written_behind_the_work() -> None:
    there = staff()
    recorder = Recorder(there)
    for number in range(5):
        recorder.put(entry(number))
    recorder.close()
    assert len(there.calls.since(0)) == 5
    assert [type(task.signal) for task in there.tasks.recent(9)] == [TaskComplete] * 5


def test_what_is_written_twice_is_there_once() -> None:
    there = staff()
    for _ in range(2):
        recorder = Recorder(there)
        recorder.put(entry(1))
        recorder.close()
    assert (len(there.calls.since(0)), len(there.tasks.recent(9))) == (1, 1)


def test_a_database_that_is_away_for_a_while_loses_nothing() -> None:
    there = staff()
    away = Away(there.calls, 2)
    recorder = Recorder(Staff(there.rules, away, there.tasks))
    recorder.put(entry(1))
    until = time.monotonic() + 5.0
    while away.times >= 0 and time.monotonic() < until:
        time.sleep(0.05)
    recorder.put(entry(2))
    recorder.close()
    assert [c.key for c in there.calls.since(0)] == [call(1).key, call(2).key]
    assert len(there.tasks.recent(9)) == 2
    assert recorder.dropped == 0


def test_a_database_that_stays_away_costs_the_oldest_entries_and_says_how_many() -> None:
    there = staff()
    recorder = Recorder(Staff(there.rules, Away(there.calls, 1_000_000), there.tasks))
    one = entry(1)
    for _ in range(MOST + 3):
        recorder.put(one)
    assert recorder.dropped <= 3  # some may be in a batch that is being tried
    recorder.close()


def begun(there: Staff, agent: str = "signal-evaluator") -> Recorder:
    """A recorder that has written a task of that agent as one under way."""
    recorder = Recorder(there)
    recorder.begin(delegation(1).key, lambda: delegation(1, agent))
    until = time.monotonic() + 5.0
    while not there.tasks.open() and time.monotonic() < until:
        time.sleep(0.02)
    return recorder


def test_a_long_task_is_seen_under_way_and_ends_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "LONG_SECONDS", 0.05)
    there = staff()
    recorder = begun(there)
    assert [task.task.target_agent for task in there.tasks.open()] == ["signal-evaluator"]
    recorder.put(entry(1))
    recorder.close()
    assert [task.signal for task in there.tasks.recent(9)] == [TaskComplete()]


def test_a_task_that_another_agent_did_in_the_end_is_handed_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "LONG_SECONDS", 0.05)
    there = staff()
    recorder = begun(there, "smc-pattern-recognizer")
    recorder.put(entry(1))
    recorder.close()
    other, first = there.tasks.recent(9)
    assert (first.signal, first.task.target_agent) == (DiscoveredIssue(), "smc-pattern-recognizer")
    assert first.note == "smc-pattern-recognizer gave no answer: it was handed to signal-evaluator"
    assert (other.signal, other.task.target_agent) == (TaskComplete(), "signal-evaluator")


def test_a_short_task_is_written_once_with_its_end() -> None:
    there = staff()
    recorder = Recorder(there)
    recorder.begin(delegation(1).key, lambda: delegation(1))
    recorder.put(entry(1))
    recorder.close()
    assert [task.signal for task in there.tasks.recent(9)] == [TaskComplete()]
