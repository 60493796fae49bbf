"""A validation that is killed at any of its steps, and run again, checks no strategy twice and loses none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest

from adapters.processes import TESTS
from desk.offices import copied, template
from durability.driver import Point
from durability.validating import CHECKED, VERDICTS, at_work, fill, run
from quorum.bootstrap import open_desk
from quorum.desk import Desk
from quorum.validation.life import Idea

STANDING = {"STR-001": "L0_PASSED", "STR-002": "REJECTED", "STR-003": "REJECTED", "STR-004": "L0_PASSED"}
FAST = ("after-keep-2", "before-move-7")
POINTS = [
    *(Point("move", n, when) for n in (1, 2, 4, 5, 6, 7, 8, 9, 10) for when in ("before", "after")),
    *(Point("keep", n, when) for n in (1, 2, 4) for when in ("before", "after")),
    *(Point("check", n, when) for n in (1, 3) for when in ("before", "after")),
    *(Point("put", n, when) for n in (1, 2, 3, 6, 10) for when in ("before", "after")),
    Point("open", 1, "after"),
]
GIVEN = [pytest.param(p, id=str(p), marks=() if str(p) in FAST else pytest.mark.slow) for p in POINTS]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with four strategies that wait."""
    home = copied(template(tmp_path_factory.getbasetemp() / "desk"), tmp_path_factory.mktemp("queue") / "home")
    fill(home)
    return home


def killed(home: Path, point: Point) -> None:
    """Validate in a child that dies at the point."""
    command = [sys.executable, "-m", "durability.validating", str(home), point.effect, str(point.number), point.when]
    done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, f"{point} was never reached: {done.returncode} {done.stderr}"


def standing(desk: Desk) -> dict[str, str]:
    return {one.strategy_id: one.status.value for one in desk.life.queue.listed()}


@pytest.mark.parametrize("point", GIVEN)
def test_a_validation_that_was_killed_and_run_again_ends_as_if_it_had_not(
    point: Point, filled: Path, tmp_path: Path
) -> None:
    home = copied(filled, tmp_path / "home")
    killed(home, point)
    desk = at_work(home)
    kept = [name for name in VERDICTS if desk.life.results.of(name)]
    before = _checked(home)
    found = run(home)
    assert standing(desk) == STANDING
    again = _checked(home) - before
    assert not set(kept) & set(again), "what was kept was checked again"
    assert all(len(desk.life.results.of(name)) == 1 for name in VERDICTS)
    assert all(count <= 2 for count in _checked(home).values())
    assert run(home)["run_id"] is None
    gates = [opened["gate"] for opened in found["rounds"] if "gate" in opened]
    for gate in gates:
        assert set(gate["failed"]) <= {"STR-002", "STR-003"}
    moves = Counter(m.after for name in VERDICTS for m in desk.life.queue.moves(name))
    assert (moves["L0_PASSED"], moves["REJECTED"]) == (2, 2)
    assert not [r for r in desk.life.books.runs.listed() if r["status"] in ("running", "lost")] or not found["run_id"]


def _checked(home: Path) -> Counter[str]:
    """How often each strategy was checked."""
    path = home / CHECKED
    return Counter(path.read_text().split() if path.exists() else ())


@pytest.mark.slow
def test_a_child_that_does_not_die_at_its_point_is_noticed(filled: Path, tmp_path: Path) -> None:
    """The cases above prove nothing unless their child died at the point."""
    with pytest.raises(AssertionError, match="was never reached: 0"):
        killed(copied(filled, tmp_path / "home"), Point("move", 99, "before"))


@pytest.mark.slow
def test_the_workers_of_a_validation_that_is_killed_die_with_it(filled: Path, tmp_path: Path) -> None:
    home = copied(filled, tmp_path / "home")
    sleeper = tmp_path / "sleeper.py"
    sleeper.write_text("import time\ntime.sleep(600)\n")
    open_desk(home).life.queue.add([Idea(f"{sleeper}:Nothing", ("FLATUSDT",), "1h")], "test")
    command = [sys.executable, "-m", "quorum", "validate", "STR-005", "--home", str(home), "--json"]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    below: list[psutil.Process] = []
    for _ in range(400):
        below = psutil.Process(child.pid).children(recursive=True)
        if len(below) >= 2:
            break
        time.sleep(0.05)
    assert len(below) >= 2, "no worker has begun"
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    gone, left = psutil.wait_procs(below, timeout=5)
    assert not left, f"{len(gone)} gone, {left} left"
    desk = open_desk(home)
    assert desk.life.queue.get("STR-005").status == "L0_VALIDATING"
    told = json.loads(_validated(home, "STR-001"))
    assert told["taken_over"] == [_first_run(desk)]
    assert desk.life.queue.get("STR-005").status == "PENDING"


def _validated(home: Path, name: str) -> str:
    command = [sys.executable, "-m", "quorum", "validate", name, "--tier", "L0", "--home", str(home), "--json"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _first_run(desk: Desk) -> str:
    return str(desk.life.books.runs.listed()[0]["run_id"])
