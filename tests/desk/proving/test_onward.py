"""After a gate: mending by others or cut short, the critic after a fix, lessons, the map, signs of life."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desk.proving.scripted import FLAWED, PASSES, WEAK, Scripted, queued, result
from quorum.desk import Desk
from quorum.desk.mending import abandoned
from quorum.desk.mending.turn import turn
from quorum.desk.proving import Asked, Skills, plan, validate
from quorum.domain import IllegalMove
from quorum.validation.ladder import Tier
from quorum.validation.life import Idea, Status

NONE = Skills()


def status(desk: Desk, name: str) -> str:
    return desk.life.queue.get(name).status.value


def move(desk: Desk, name: str, *path: str, by: str = "auto-retry") -> None:
    for word in path:
        before = desk.life.queue.get(name).status
        tier = word[:2] if word[0] == "L" else None
        assert desk.life.queue.move(name, before, Status(word), by, "by a fix", tier=tier)


def test_a_strategy_that_another_process_is_mending_is_left_to_it(desk: Desk) -> None:
    (name,) = queued(desk, 1)

    def mend(desk: Desk, strategy_id: str) -> None:
        move(desk, strategy_id, "RETRYING", by="auto-retry on elsewhere")
        raise IllegalMove(f"{strategy_id} is being mended by auto-retry on elsewhere", "wait")

    run = validate(replace(desk, executor=Scripted({(name, "L1"): [WEAK]})), Asked(), Skills(mend=mend))
    assert status(desk, name) == "RETRYING"
    assert run["by_strategy"][name]["status"] == "RETRYING"
    assert run["alerts"] == []


def test_a_fix_at_l2_that_leaves_doubts_is_heard_by_the_critic(desk: Desk) -> None:
    doubted, clean = queued(desk, 2)
    asked: list[str] = []

    def mend(desk: Desk, strategy_id: str) -> None:
        doubts = ("oos_is",) if strategy_id == doubted else ()
        desk.life.results.keep(strategy_id, "L2", 0, "RETRY-1", result("L2", PASSES, critic=doubts).told())
        move(desk, strategy_id, "RETRYING", "L2_PASSED")

    def critic(desk: Desk, candidate: Any, found: Any) -> Any:
        asked.append(candidate.strategy_id)
        return FLAWED

    script = {(name, "L2"): [WEAK] for name in (doubted, clean)}
    run = validate(replace(desk, executor=Scripted(script)), Asked(), Skills(mend=mend, critic=critic))
    assert asked == [doubted]
    assert (status(desk, doubted), status(desk, clean)) == ("REJECTED", "L3_PASSED")
    assert desk.life.queue.get(doubted).reason.startswith("critic: fundamental_strategy_flaw")
    line = run["by_strategy"][doubted]
    assert (line["verdict"], line["tier"], line["status"]) == ("failed", "L2", "REJECTED")
    assert (run["passed"], run["failed"]) == (1, 1)


def test_a_fix_that_another_process_made_at_l2_is_heard_before_l3(desk: Desk) -> None:
    (name,) = queued(desk, 1)
    at_work = replace(desk, executor=Scripted({(name, "L2"): [WEAK]}))
    for tier in (Tier.L0, Tier.L1, Tier.L2):
        validate(at_work, Asked(tier=tier), NONE)
    desk.life.results.keep(name, "L2", 0, "RETRY-1", result("L2", PASSES, critic=("oos_is",)).told())
    move(desk, name, "RETRYING", "L2_PASSED")
    validate(at_work, Asked(tier=Tier.L3), Skills(critic=lambda *given: FLAWED))
    assert status(desk, name) == "REJECTED"


@pytest.mark.parametrize("mended", [True, False])
def test_mending_that_was_cut_short_is_gone_on_with(desk: Desk, mended: bool) -> None:
    (name,) = queued(desk, 1)
    at_work = replace(desk, executor=Scripted({(name, "L1"): [WEAK]}))
    for tier in (Tier.L0, Tier.L1):
        validate(at_work, Asked(tier=tier), NONE)
    move(desk, name, "RETRYING", by=f"auto-retry on {_here()}")
    assert plan(at_work, Asked())["left_over"] == 1

    def mend(desk: Desk, strategy_id: str) -> None:
        move(desk, strategy_id, "L1_PASSED" if mended else "REJECTED_AUTO_RETRY")

    run = validate(at_work, Asked(), Skills(mend=mend))
    assert status(desk, name) == ("L3_PASSED" if mended else "REJECTED_AUTO_RETRY")
    assert (run["passed"], run["failed"]) == ((1, 0) if mended else (0, 1))
    assert validate(at_work, Asked(), Skills(mend=mend))["run_id"] is None


def test_mending_that_is_at_work_is_nobody_s_to_go_on_with(desk: Desk) -> None:
    (name,) = queued(desk, 1)
    move(desk, name, "L0_VALIDATING", "L0_PASSED", "L1_VALIDATING", "FIXABLE_FAILURE", by="test")
    move(desk, name, "RETRYING", by="auto-retry on elsewhere")
    assert abandoned(desk) == []
    other = queued(desk, 2)[-1]
    move(desk, other, "L0_VALIDATING", "L0_PASSED", "L1_VALIDATING", "FIXABLE_FAILURE", by="test")
    move(desk, other, "RETRYING", by=f"auto-retry on {_here()}")
    with turn(desk.workspace.home, other):
        assert abandoned(desk) == []
    assert [one.strategy_id for one in abandoned(desk)] == [other]


def test_a_rejection_that_no_fix_was_tried_for_is_learnt_from(desk: Desk) -> None:
    bad, weak, _ = queued(desk, 3)
    script = {(bad, "L0"): [FLAWED], (weak, "L1"): [WEAK]}
    validate(replace(desk, executor=Scripted(script)), Asked(), NONE)
    lessons = [one["title"] for one in desk.life.books.learnings.listed()]
    assert lessons == ["fundamental_strategy_flaw at L0 was not mended", "sharpe_below_threshold at L1 was not mended"]
    roots = {one["strategy_id"]: one["reason"] for one in desk.life.books.failures.listed()}
    assert roots == {bad: "fundamental_strategy_flaw", weak: "sharpe_below_threshold"}


def test_a_lesson_that_cannot_be_kept_ends_no_strategy(desk: Desk) -> None:
    (bad,) = queued(desk, 1)

    class Away:
        def __getattr__(self, name: str) -> Any:
            return getattr(desk.life.books.learnings, name)

        def open(self, record: Any) -> Any:
            raise RuntimeError("no more lessons")

    books = replace(desk.life.books, learnings=Away())
    broken = replace(desk, life=desk.life._replace(books=books), executor=Scripted({(bad, "L0"): [FLAWED]}))
    run = validate(broken, Asked(tier=Tier.L0), NONE)
    assert status(desk, bad) == "REJECTED"
    assert any("no more lessons" in alert["why"] for alert in run["alerts"])


def test_the_map_of_the_search_follows_each_run(desk: Desk) -> None:
    queued(desk, 2)
    validate(replace(desk, executor=Scripted()), Asked(tier=Tier.L0), NONE)
    assert sum(cell["tested"] for cell in desk.life.books.cells.listed()) == 2


def watched(desk: Desk, heard: Callable[[], object]) -> Desk:
    """The desk, with a word whenever its run gives a sign of life."""

    class Runs:
        def __getattr__(self, name: str) -> Any:
            return getattr(desk.life.books.runs, name)

        def put(self, record: Any) -> Any:
            if threading.current_thread().name == "validation-beat":
                heard()
            return desk.life.books.runs.put(record)

    return replace(desk, life=desk.life._replace(books=replace(desk.life.books, runs=Runs())))


@pytest.mark.parametrize("at", ["inline", "mending", "assessing"])
def test_a_run_gives_signs_of_life_whatever_it_does(desk: Desk, at: str) -> None:
    (desk.workspace.config / "parallel-validation.yaml").write_text(
        f"parallel_validation: {{enabled: {str(at != 'inline').lower()}, polling_interval_seconds: 0.05}}\n"
    )
    (name,) = queued(desk, 1)
    asked, beaten, found = threading.Event(), threading.Event(), []

    def wait(*given: Any) -> None:
        asked.set()
        found.append(beaten.wait(5))

    def beat() -> None:
        if asked.is_set():
            beaten.set()

    workers = Scripted({(name, "L1"): [WEAK]}) if at == "mending" else Scripted()
    if at == "inline":
        workers.before = wait
    skills = Skills(mend=wait if at == "mending" else None, assess=wait if at == "assessing" else None)
    validate(replace(watched(desk, beat), executor=workers), Asked(), skills)
    assert all(found)
    assert found


def _here() -> str:
    return os.uname().nodename


def test_code_that_is_not_ours_runs_in_workers_alone(desk: Desk, tmp_path: Path) -> None:
    file, ran = tmp_path / "rule.py", tmp_path / "ran"
    file.write_text(f"import pathlib\npathlib.Path({str(ran)!r}).touch()\n")
    (name,) = (c.strategy_id for c in desk.life.queue.add([Idea(f"{file}:RULE", ("FLATUSDT",), "1h")], "test"))
    validate(replace(desk, executor=Scripted()), Asked(), NONE)
    assert status(desk, name) == "L3_PASSED"
    assert not ran.exists()
