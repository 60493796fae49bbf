"""What is over goes after a while, the run before what it left; what is under way or kept for good stays."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pytest

from desk.schedule.runs import Runs
from quorum.desk.upkeep import days_before, prune
from quorum.domain import DAY, IllegalMove, NotFound, parse_instant

NOW = parse_instant("2024-06-03T12:00:00Z")


class Deleting(Runs):
    """Runs that can be deleted when they have ended."""

    def move(self, identity: str, move: str, step: int | None = None) -> str:
        assert move == "delete"
        if identity == "WF-resumed":
            raise IllegalMove("somebody resumed it")
        if identity not in self.asked:
            raise NotFound(f"there is no run {identity}")
        del self.asked[identity]
        return identity


class Memory:
    """Leavings that remember what they were asked to remove."""

    def __init__(self, runs: Sequence[str]) -> None:
        self._runs = runs
        self.removed: list[tuple[list[str], bool]] = []

    def runs(self, before: int) -> Sequence[str]:
        assert before == NOW - 30 * DAY
        return self._runs

    def remove(self, before: int, runs: Collection[str], *, dry_run: bool) -> Mapping[str, int]:
        self.removed.append((list(runs), dry_run))
        return {"effects": len(runs)}


@pytest.fixture
def engine() -> Deleting:
    runs = Deleting()
    for name, status in (("done", "done"), ("failed", "failed"), ("waiting", "waiting"), ("resumed", "cancelled")):
        runs.enqueue(f"WF-{name}", {})
        runs.status[f"WF-{name}"] = status
    return runs


@pytest.mark.parametrize("dry_run", [True, False])
def test_runs_that_ended_go_and_their_leavings_with_them(tmp_path: Path, engine: Deleting, dry_run: bool) -> None:
    leavings = Memory(["WF-done", "WF-failed", "WF-waiting", "WF-resumed", "WF-forgotten"])
    for name, age in (("quorum.jsonl", 90), ("quorum.jsonl.1", 10), ("quorum.jsonl.2", 40)):
        (tmp_path / name).write_text("{}\n")
        os.utime(tmp_path / name, ns=(NOW - age * DAY,) * 2)
    done = prune(engine, leavings, tmp_path, days_before(NOW, 30), dry_run=dry_run)
    gone = ("WF-done", "WF-failed", *(("WF-resumed",) if dry_run else ()), "WF-forgotten")
    assert done.runs == gone
    assert leavings.removed == [(list(gone), dry_run)]
    assert done.left == {"effects": len(gone)}
    assert done.logs == ("quorum.jsonl.2",)
    assert (tmp_path / "quorum.jsonl.2").exists() is dry_run
    assert sorted(engine.asked) == (
        ["WF-done", "WF-failed", "WF-resumed", "WF-waiting"] if dry_run else ["WF-resumed", "WF-waiting"]
    )
    assert (tmp_path / "quorum.jsonl").exists()
