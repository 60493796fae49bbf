"""The validation begins by itself: the queue tells of what waits, and its schedule hears of two or more."""

from __future__ import annotations

from desk.proving.scripted import ideas
from quorum.desk import Desk
from quorum.desk.running import known_to, protocols_of
from quorum.desk.schedule import Happening, on_event, read_schedules
from quorum.desk.workflows import workflows

TEXT = "schedules:\n  validation: {workflow: parallel_validation, enabled: true}\n"


def test_two_that_wait_begin_a_run_and_one_alone_does_not(stored: Desk) -> None:
    path = stored.workspace.config / "schedule.yaml"
    path.write_text(TEXT, encoding="utf-8")
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
