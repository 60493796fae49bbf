"""What a dead run has left: its results are used, its claims given back, its gates judged; nothing is checked twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from desk.proving.scripted import FLAWED, PASSES, WEAK, Scripted, queued, result
from quorum.desk import Desk
from quorum.desk.proving import Asked, Skills, validate
from quorum.desk.proving.record import Lock, lives
from quorum.domain import SECOND
from quorum.validation.ladder import Tier
from quorum.validation.life import Status

NONE = Skills()


class Killed(BaseException):
    """The process is gone: nothing of it is done any more."""


class Mortal:
    """A part of the desk that dies at the `number`-th call of a method, before or after it, and then for ever."""

    def __init__(self, inner: Any, method: str, number: int, when: str, shared: dict[str, Any]) -> None:
        self._inner, self._method, self._number, self._when, self._shared = inner, method, number, when, shared

    def __getattr__(self, name: str) -> Any:
        inner = getattr(self._inner, name)

        def call(*given: Any, **named: Any) -> Any:
            if self._shared.get("dead"):
                raise Killed
            mine = name == self._method
            self._shared["seen"] = self._shared.get("seen", 0) + mine
            dies = mine and self._shared["seen"] == self._number
            if dies and self._when == "before":
                self._shared["dead"] = True
                raise Killed
            answer = inner(*given, **named)
            if dies:
                self._shared["dead"] = True
                raise Killed
            return answer

        return call if callable(inner) else inner


def killed(desk: Desk, workers: Scripted, method: str, number: int, when: str, asked: Asked) -> None:
    """A run on a desk whose process dies there; what it does on its way out reaches nothing."""
    shared: dict[str, Any] = {}

    def mortal(part: Any) -> Any:
        return Mortal(part, method, number, when, shared)

    life = desk.life
    mine = life._replace(
        queue=mortal(life.queue), results=mortal(life.results), books=replace(life.books, runs=mortal(life.books.runs))
    )
    with pytest.raises(Killed):
        validate(replace(desk, life=mine, executor=workers), asked, NONE)
    assert shared.get("dead"), "it was never reached"


STEPS = [
    *(("move", n, when) for n in range(1, 9) for when in ("before", "after")),
    *(("keep", n, when) for n in range(1, 4) for when in ("before", "after")),
    ("put", 1, "after"),
    ("open", 1, "after"),
]


@pytest.mark.parametrize(("method", "number", "when"), STEPS)
def test_wherever_a_run_dies_the_next_one_ends_as_if_it_had_not(
    desk: Desk, method: str, number: int, when: str
) -> None:
    good, weak, bad = queued(desk, 3)
    script = {(weak, "L0"): [WEAK], (bad, "L0"): [FLAWED]}
    first, second = Scripted(script), Scripted(script)
    killed(desk, first, method, number, when, Asked(tier=Tier.L0))
    run = validate(replace(desk, executor=second), Asked(tier=Tier.L0), NONE)
    assert [desk.life.queue.get(name).status.value for name in (good, weak, bad)] == [
        "L0_PASSED",
        "REJECTED",
        "REJECTED",
    ]
    (gate,) = [opened["gate"] for opened in run["rounds"]] or [None]
    if gate is not None:  # else it was judged before
        assert (sorted(gate["passed"]), sorted(gate["failed"])) == ([good], [weak, bad])
    for name in (good, weak, bad):
        assert len(desk.life.results.of(name)) == 1
        kept = [p["strategy_id"] for batch in first.batches for p in batch]
        done_again = [p["strategy_id"] for batch in second.batches for p in batch]
        if _was_kept_first(desk, name, run):
            assert name in kept
            assert name not in done_again
    assert validate(replace(desk, executor=second), Asked(tier=Tier.L0), NONE)["run_id"] is None


def _was_kept_first(desk: Desk, name: str, run: Any) -> bool:
    """Whether the result was there before the second run began."""
    return bool(desk.life.results.of(name)[0]["run_id"] != run["run_id"])


def test_a_result_that_was_kept_is_used_and_its_worker_not_seen_again(desk: Desk) -> None:
    good, other = queued(desk, 2)
    first, second = Scripted(), Scripted()
    killed(desk, first, "keep", 1, "after", Asked(tier=Tier.L0))
    run = validate(replace(desk, executor=second), Asked(tier=Tier.L0), NONE)
    assert [p["strategy_id"] for batch in second.batches for p in batch] == [other]
    assert run["by_strategy"][good] | {"tiers": {}} == {
        **dict.fromkeys(("reason", "metric", "value", "threshold", "why", "peak_mb")),
        "verdict": "passed",
        "tier": "L0",
        "status": "L0_PASSED",
        "seconds": 0.5,
        "cpu_seconds": 0.4,
        "attempt": 1,
        "tiers": {},
    }
    assert len(run["taken_over"]) == 1
    before = desk.life.books.runs.get(run["taken_over"][0])
    assert (before["status"], before["by_run"]) == ("taken_over", run["run_id"])


def test_a_kept_result_of_an_earlier_run_is_not_taken_for_this_one_s(desk: Desk) -> None:
    (name,) = queued(desk, 1)
    desk.life.results.keep(name, "L0", 0, "VAL-20240101-001", result("L0", FLAWED).told())
    killed(desk, Scripted(), "move", 1, "after", Asked(tier=Tier.L0))
    second = Scripted(otherwise=PASSES)
    validate(replace(desk, executor=second), Asked(tier=Tier.L0), NONE)
    assert len(second.batches) == 1
    assert desk.life.queue.get(name).status is Status.L0_PASSED


def test_a_run_that_lives_is_left_alone_and_one_that_does_not_is_known(desk: Desk) -> None:
    home, now = desk.workspace.home, desk.clock.now()
    run = desk.life.books.runs.open({"status": "running", "host": "elsewhere", "beat_seconds": 5.0, "beat_at": now})
    run_id = run["run_id"]
    assert lives(home, run, now + 59 * SECOND)
    assert not lives(home, run, now + 61 * SECOND)
    assert not lives(home, {**run, "status": "done"}, now)
    with Lock(home, run_id):
        assert lives(home, {**run, "host": "here"}, now + 1_000 * SECOND)
    assert not list((home / "pipeline" / ".running").iterdir())


def test_a_lock_file_that_a_dead_process_has_left_holds_nothing(desk: Desk) -> None:
    path = desk.workspace.home / "pipeline" / ".running" / "VAL-20240101-001"
    path.parent.mkdir(parents=True)
    path.touch()
    assert not lives(desk.workspace.home, {"run_id": path.name, "status": "running", "at": 0}, 0)


def test_what_others_have_moved_is_theirs(desk: Desk) -> None:
    (name,) = queued(desk, 1)
    queue = desk.life.queue
    queue.move(name, Status.PENDING, Status.L0_VALIDATING, "somebody", "by hand")
    assert validate(replace(desk, executor=Scripted()), Asked(), NONE)["run_id"] is None
    assert queue.get(name).status is Status.L0_VALIDATING
