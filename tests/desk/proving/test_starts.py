"""The validation begins by itself: the queue tells of what waits, and its schedule hears of two or more."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from desk.proving.scripted import Engine, ideas, queued
from quorum.desk import Desk
from quorum.desk.proving import tell_waiting
from quorum.desk.running import known_to, protocols_of
from quorum.desk.schedule import Happening, on_event, read_schedules
from quorum.desk.workflows import workflows
from quorum.domain import HOUR, MINUTE, VirtualClock


def test_in_a_new_workspace_two_that_wait_begin_a_run_and_one_alone_does_not(stored: Desk) -> None:
    path = stored.workspace.config / "schedule.yaml"
    specs = workflows(stored.workspace.config / "workflows", known_to(stored), protocols_of(stored))
    schedules = [one for one in read_schedules(path, specs).values() if not isinstance(one, Exception)]
    first, second, third = ideas(3)
    stored.life.queue.add([first], "test")
    stored.life.queue.add([first], "test")  # is there already, and nothing is told
    stored.life.queue.add([second, third], "test")
    told = [one.notice for one in reversed(stored.outbox.listed()) if one.notice.occurrence.event == "strategy_queued"]
    assert [one.occurrence.details for one in told] == [
        {"strategies": ["STR-001"], "pending": 1},
        {"strategies": ["STR-002", "STR-003"], "pending": 3},
    ]
    happened = [Happening("strategy_queued", n.notification_id, n.at, n.occurrence.details) for n in told]
    assert [len(on_event(one, schedules)) for one in happened] == [0, 1]
    (asked,) = on_event(happened[1], schedules)
    assert (asked.request["workflow"], asked.overlap) == ("parallel_validation", "skip")


def test_what_nobody_has_begun_with_is_told_again_once_an_hour(desk: Desk) -> None:
    names, engine = queued(desk, 1), Engine()
    at = desk.life.queue.get(names[0]).moved_at
    clock = VirtualClock(at + HOUR)
    alone = replace(desk, clock=clock, workflows=engine)  # type: ignore[arg-type]
    assert tell_waiting(alone) is None
    names += [one.strategy_id for one in desk.life.queue.add(ideas(2)[1:], "test")]
    clock = VirtualClock(desk.life.queue.get(names[-1]).moved_at)
    later = replace(alone, clock=clock)
    assert tell_waiting(later) is None  # they were told just now
    clock.advance_to(clock.now() + MINUTE)
    engine.under_way = [SimpleNamespace(workflow="parallel_validation", status="running")]
    assert tell_waiting(later) is None
    engine.under_way = []
    first = tell_waiting(later)
    assert first is not None
    assert first.occurrence.details == {"strategies": names, "pending": 2}
    assert tell_waiting(later) == first
    clock.advance_to(clock.now() + HOUR)
    assert tell_waiting(later) != first
