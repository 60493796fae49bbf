"""The timeline says of each kept step how it ended, of a loop item by item."""

from __future__ import annotations

from typing import Any

import pytest

from quorum.desk.running import timeline
from quorum.desk.workflows import RunState, RunStep

STATE = RunState("WF-20250130-001", "mine", "done", 0, 0, {}, {}, None, None, 1)


@pytest.mark.parametrize(
    ("answer", "status", "tasks"),
    [
        ({"status": "skipped", "reason": "why"}, "skipped", None),
        ({"overdue": True}, "overdue", None),
        ({"items": [{"status": "completed"}, {"status": "skipped"}]}, "completed", ["1", "2"]),
        ({"items": [{"status": "completed"}, {"status": "failed", "reason": "no"}]}, "degraded", ["1", "2"]),
        ({"slept": True}, "done", None),
    ],
)
def test_a_step_is_told_as_it_ended(answer: dict[str, Any], status: str, tasks: list[str] | None) -> None:
    (line,) = timeline(STATE, [RunStep(1, "1.each.1", None, None, answer, None)])
    assert line["status"] == status
    assert (list(line["tasks"]) if tasks else line.get("tasks")) == tasks
