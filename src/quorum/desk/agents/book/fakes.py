"""Doubles of this package's doors, for tests and for what runs without a workspace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from quorum.desk.agents.book.records import Call, Delegated, Delegation, Finish
from quorum.domain import Clock, NotFound, utc_day


class MemoryCalls:
    """Calls that live as long as their process."""

    def __init__(self) -> None:
        self._held: dict[str, Call] = {}

    def record(self, call: Call) -> None:
        self.record_all((call,))

    def record_all(self, calls: Sequence[Call]) -> None:
        for call in calls:
            self._held.setdefault(call.key, call)

    def of(self, agent: str, since: int) -> Sequence[Call]:
        return [call for call in self.since(since) if call.agent == agent]

    def last(self, agents: Sequence[str], count: int) -> Mapping[str, Sequence[Call]]:
        return {agent: self.of(agent, 0)[-count:] for agent in agents}

    def since(self, instant: int) -> Sequence[Call]:
        return sorted((call for call in self._held.values() if call.at >= instant), key=lambda call: call.at)


class MemoryTaskBook:
    """Tasks that live as long as their process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: dict[str, Delegated] = {}
        self._numbers: dict[str, int] = {}

    def delegate_all(self, tasks: Sequence[Delegation]) -> Sequence[Delegated]:
        return [self._delegated(task) for task in tasks]

    def _delegated(self, task: Delegation) -> Delegated:
        found = next((d for d in self._held.values() if d.task.key == task.key), None)
        if found is not None:
            return found
        now = self._clock.now()
        day = utc_day(now)
        self._numbers[day] = number = self._numbers.get(day, 0) + 1
        self._held[f"TASK-{day}-{number:03d}"] = made = task.made(f"TASK-{day}-{number:03d}", now)
        return made

    def finish_all(self, ends: Sequence[Finish]) -> int:
        for end in ends:
            self.get(end.task_id)
        return sum(self._finish(end) for end in ends)

    def _finish(self, end: Finish) -> bool:
        held = self._held[end.task_id]
        if held.signal is not None:
            return False
        self._held[end.task_id] = replace(
            held, signal=end.signal, note=end.note, finished_at=self._clock.now() if end.at is None else end.at
        )
        return True

    def get(self, task_id: str) -> Delegated:
        if task_id not in self._held:
            raise NotFound(f"there is no task {task_id}", "list them with `quorum agents tasks`")
        return self._held[task_id]

    def open(self) -> Sequence[Delegated]:
        return [task for task in self._held.values() if task.signal is None]

    def recent(self, limit: int) -> Sequence[Delegated]:
        return list(self._held.values())[::-1][:limit]
