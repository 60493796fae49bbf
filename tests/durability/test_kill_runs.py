"""A worker that dies anywhere in a run loses nothing, doubles nothing, and does no finished step again."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from adapters.processes import TESTS
from desk.markets import ENTRY, closes, flat, write_bars
from desk.offices import copied, template
from durability.runs import LOG, RUN, Point, Run
from quorum.bootstrap import open_desk
from quorum.desk import books
from quorum.domain import iso, parse_instant

REALTIME = Run("realtime_signal_generation", {"symbol": "FLATUSDT", "timeframe": "1h", "as_of": iso(ENTRY)}, "paper")
OTHERS = [
    Run("daily_operations", {"symbol": "FLATUSDT"}, "notify"),
    Run("model_training_cycle", {"symbol": "FLATUSDT"}, "notify"),
    Run("team_review", {"symbol": "FLATUSDT", "strategy": "demo_ma"}, "notify"),
    Run("walk_forward_optimization", {"symbol": "DAYSUSDT", "timeframe": "1d", "strategy": "demo_ma"}, "notify"),
]
STEPS = {"realtime_signal_generation": 6, "model_training_cycle": 6}
VIEWS = ("system", "workflows", "decisions", "consensus")
MOMENTS = ("before", "inside", "worked", "kept")
WRITES = 12
SLOW_KILLS = 500


def run_killed(folder: Path, base: Path, run: Run, lives: Sequence[Sequence[Point]]) -> list[Path]:
    """The workspaces that were left, by the points at which their workers died one after the other."""
    lines = [json.dumps(run), *(json.dumps(points) for points in lives)]
    command = [sys.executable, "-m", "durability.runs", str(base), str(folder)]
    done = subprocess.run(command, cwd=TESTS, input="\n".join(lines), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    for line in told:
        *died, last = line["ends"]
        assert last == 0, line | {"stderr": done.stderr}
        assert died == [-signal.SIGKILL] * len(died), line | {"stderr": done.stderr}
        missed = line["points"][len(died) :]
        assert all(when == "write" for when, _ in missed), line  # a write that the run does not come to
    return [Path(line["home"]) for line in told]


def left(home: Path) -> dict[str, Any]:
    """What a run left behind, without instants."""
    desk = open_desk(home)
    state, _ = desk.workflows.run(RUN)
    assert state.outcome is not None, state
    orders = [o for account in desk.accounts.listed() for o in desk.orders.of(account["account"])]
    return {
        "status": state.outcome["status"],
        "steps": state.outcome["steps"],
        "decisions": Counter(d.choice.kind.value for d in desk.decisions.recent(1_000)),
        "orders": [(o.intent.side, o.intent.quantity, o.status, o.filled) for o in orders],
        "fills": [len(desk.orders.fills_of(o.intent.client_order_id)) for o in orders],
        "notices": Counter(str(t.notice.occurrence.event) for t in desk.outbox.listed(1_000)),
        "documents": {
            str(path.relative_to(home)): json.loads(path.read_text()).get("status")
            for folder in ("state/*", "data/*", "backtests", "models")
            for path in sorted(home.glob(f"{folder}/*.json"))
            if path.parent.name not in VIEWS
        },
        "faults": sum(
            len(report.audit.faults)
            for report in (books(desk, account["account"]) for account in desk.accounts.listed())
        ),
    }


def done_again(home: Path) -> list[str]:
    """Steps whose work began after their answer had been kept."""
    kept: set[str] = set()
    again = []
    for line in (home / LOG).read_text().splitlines():
        _, when, name = line.split(" ", 2)
        if when == "kept":
            kept.add(name)
        elif when == "inside" and name in kept:
            again.append(name)
    return again


def check(folder: Path, base: Path, run: Run, lives: Sequence[Sequence[Point]]) -> None:
    """Whatever its workers die of, the run leaves what one leaves that nobody killed."""
    whole, *homes = run_killed(folder, base, run, [(), *lives])
    expected = left(whole)
    assert expected["faults"] == 0
    for points, home in zip(lives, homes, strict=True):
        assert done_again(home) == [], points
        assert left(home) == expected, points


def boundaries(steps: int) -> list[Point]:
    """One worker after the other dies: each step's first when it has worked and kept nothing, its second once it is
    kept. A worker sees again what was kept before it, and works at nothing of that.
    """
    return [point for step in range(1, steps + 1) for point in (Point("worked", 1), Point("kept", step))]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return template(tmp_path_factory.getbasetemp() / "desk")


@pytest.fixture(scope="module")
def days(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `base`, with enough days of DAYSUSDT to walk over."""
    home = copied(base, tmp_path_factory.mktemp("days") / "desk")
    prices = [price for seed in (1, 2) for price in closes(flat, seed)]
    file = write_bars(home.parent / "DAYSUSDT.sim_1d.csv", prices, hours=24, start=parse_instant("2020-01-01"))
    open_desk(home).lake.import_path(file)
    return home


def test_every_boundary_of_the_realtime_workflow(base: Path, tmp_path: Path) -> None:
    draw = random.Random(4)
    others = [Point("inside", 1), Point("before", 5), *(Point("write", draw.randint(1, WRITES // 2)) for _ in range(2))]
    check(tmp_path, base, REALTIME, [boundaries(6), others])


@pytest.mark.slow
@pytest.mark.timeout(3_000)
@pytest.mark.parametrize("run", [REALTIME, *OTHERS], ids=lambda run: run.workflow)
def test_every_boundary_of_every_shipped_workflow(days: Path, tmp_path: Path, run: Run) -> None:
    steps = STEPS.get(run.workflow, 5)
    alone = [[Point(when, number)] for number in range(1, steps + 1) for when in MOMENTS]
    check(tmp_path, days, run, [boundaries(steps), *alone])


@pytest.mark.slow
@pytest.mark.timeout(3_000)
def test_five_hundred_kills_at_random(base: Path, tmp_path: Path) -> None:
    draw = random.Random(500)
    for run, count in ((REALTIME, 380), (OTHERS[0], 60), (OTHERS[1], 60)):
        drawn = [
            Point("write", draw.randint(1, WRITES))
            if draw.random() < 0.4
            else Point(draw.choice(MOMENTS), draw.randint(1, 5))
            for _ in range(count)
        ]
        for first in range(0, count, 20):
            folder = tmp_path / f"{run.workflow}-{first}"
            check(folder, base, run, [[point] for point in drawn[first : first + 20]])
