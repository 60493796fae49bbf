"""The tasks of the workflows call the same use cases as the commands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from desk.proving.scripted import FLAWED, Scripted, queued
from quorum.desk import Desk
from quorum.desk.proving import tell_waiting
from quorum.desk.work.assignment import Assignment
from quorum.desk.work.proving import JOBS
from quorum.domain import HOUR, DecisionKind, UsageError, VirtualClock


def ask(desk: Desk, task: str, **params: Any) -> dict[str, Any]:
    answer = dict(JOBS[task].work(desk, Assignment("k", "WF-1", task, "trading-coordinator", 0, params)))
    assert set(JOBS[task].answers) <= set(answer)
    return answer


def test_what_waits_is_counted_and_then_validated(desk: Desk) -> None:
    first, second = queued(desk, 2)
    at_work = replace(desk, executor=Scripted({(second, "L0"): [FLAWED]}))
    counted = ask(at_work, "waiting_strategies", tier="L0", workers=1)
    assert (counted["pending"], counted["workers"]) == (2, 1)
    told = ask(at_work, "validate_queue", tier="L0", workers=1)
    assert (told["passed"], told["failed"]) == (1, 1)
    assert told["by_strategy"][first]["status"] == "L0_PASSED"
    assert told["gates"][0]["branch"] == "mixed"
    assert desk.life.books.runs.get(told["run_id"])["by"] == "WF-1"
    assert ask(at_work, "waiting_strategies", tier="L0")["pending"] == 0
    stand = ask(at_work, "validation_statistics")
    assert stand["standing"] == {"L0_PASSED": 1, "REJECTED": 1}
    assert stand["statistics"]["strategies"] == 2


def test_a_task_that_is_asked_again_checks_nothing_twice(desk: Desk) -> None:
    queued(desk, 2)
    workers = Scripted()
    ask(replace(desk, executor=workers), "validate_queue", tier="L0")
    again = ask(replace(desk, executor=workers), "validate_queue", tier="L0")
    assert (again["run_id"], len(workers.batches)) == (None, 1)


def test_a_tier_that_there_is_not_is_refused(desk: Desk) -> None:
    with pytest.raises(UsageError, match="validate_queue: there is no tier 'L9'"):
        ask(desk, "validate_queue", tier="L9")


def test_with_the_pipeline_switched_off_nothing_waits_for_a_workflow_and_a_decision_says_so(desk: Desk) -> None:
    names = queued(desk, 2)
    (desk.workspace.home / "BOOTSTRAP.md").write_text("active_skills:\n  trading-pipeline: false\n", encoding="utf-8")
    at_work = replace(desk, executor=Scripted(), clock=VirtualClock(desk.clock.now() + HOUR))
    for _ in range(2):
        told = ask(at_work, "waiting_strategies")
        assert (told["pending"], told["left_over"]) == (0, 0)
        assert told["note"] == "trading-pipeline is off in BOOTSTRAP.md: 2 wait for `quorum validate`"
    (decided,) = at_work.decisions.recent(5, DecisionKind.STATUS, "queue")
    assert decided.choice.inputs["waiting"] == list(names)
    assert tell_waiting(at_work) is None
    assert ask(at_work, "validate_queue")["passed"] == 2  # by hand it goes on
