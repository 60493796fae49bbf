"""Several desks on one queue and one workspace: each idea once, and the files show the newest of the store."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from adapters.processes import TESTS
from desk.life.racing import EACH, queue_some
from quorum.bootstrap import open_desk
from quorum.desk import Desk
from quorum.desk.life import take_in

DESKS = 3
OWN = [
    {"strategy": "demo_ma", "symbols": [name], "timeframe": "1h", "hypothesis": name}
    for name in ("FLATUSD", "SURGEUSDT")
]


def write_by_hand(home: Path) -> None:
    with (home / "pipeline/queue.yaml").open("w", encoding="utf-8") as file:
        YAML().dump({"queue": OWN}, file)


def judge(desk: Desk, home: Path) -> None:
    """Every idea is there once, by the store and by the file."""
    kept = {c.strategy_id: c.idea for c in desk.life.queue.listed()}
    assert len(kept) == len({idea.identity for idea in kept.values()}) == len(OWN) + 1 + DESKS * EACH
    assert sorted(kept) == [f"STR-{n:03d}" for n in range(1, len(kept) + 1)]
    entries = YAML(typ="safe", pure=True).load(home / "pipeline/queue.yaml")["queue"]
    shown = {entry["strategy_id"]: (tuple(entry["symbols"]), entry.get("params", {})) for entry in entries}
    assert shown == {name: (idea.symbols, dict(idea.params)) for name, idea in kept.items()}
    assert {path.name for path in (home / "knowledge/strategies").iterdir()} == set(kept)
    assert not any(take_in(desk).told().values())


def test_desks_that_queue_at_once_leave_whole_files(home: Path) -> None:
    write_by_hand(home)
    with ThreadPoolExecutor(DESKS) as threads:
        list(threads.map(queue_some, [open_desk(home) for _ in range(DESKS)], range(DESKS)))
    judge(open_desk(home), home)


@pytest.mark.slow
@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_processes_that_queue_at_once_leave_whole_files(
    home: Path, store: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if store == "postgres":
        monkeypatch.setenv("QUORUM_DATABASE_URL", request.getfixturevalue("postgres"))
    write_by_hand(home)
    command = [sys.executable, "-m", "desk.life.racing", str(home)]
    desks = [subprocess.Popen([*command, str(n)], cwd=TESTS, env=dict(os.environ)) for n in range(DESKS)]
    assert [desk.wait() for desk in desks] == [0] * DESKS
    judge(open_desk(home), home)
