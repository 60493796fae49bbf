"""A worker that dies anywhere in a run loses nothing, doubles nothing, and does no finished step again."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from adapters.processes import TESTS
from desk.markets import ENTRY
from desk.offices import template
from durability.runs import LOG, RUN, Point, Run
from quorum.bootstrap import open_desk
from quorum.desk import books
from quorum.domain import iso

REALTIME = Run("realtime_signal_generation", {"symbol": "FLATUSDT", "timeframe": "1h", "as_of": iso(ENTRY)}, "paper")
OTHERS = [
    Run("daily_operations", {"symbol": "FLATUSDT"}, "notify"),
    Run("model_training_cycle", {"symbol": "FLATUSDT"}, "notify"),
    Run("team_review", {"symbol": "FLATUSDT", "strategy": "demo_ma"}, "notify"),
    Run("walk_forward_optimization", {"symbol": "FLATUSDT", "timeframe": "1h", "strategy": "demo_ma"}, "notify"),
]
MOMENTS = ("before", "inside", "worked", "kept")
WRITES = 12
SLOW_KILLS = 500


def run_killed(folder: Path, base: Path, run: Run, points: Sequence[Point]) -> dict[Point | None, Path]:
    """The workspaces that were left, by point; None is the run that nobody killed."""
    lines = [json.dumps(run), "null", *(json.dumps(point) for point in points)]
    command = [sys.executable, "-m", "durability.runs", str(base), str(folder)]
    done = subprocess.run(command, cwd=TESTS, input="\n".join(lines), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    for line in told:
        reached = line["first"] == -signal.SIGKILL
        assert reached == (line["point"] is not None and not beyond(line)), line | {"stderr": done.stderr}
        assert line["second"] == 0, line | {"stderr": done.stderr}
    return {None if line["point"] is None else Point(*line["point"]): Path(line["home"]) for line in told}


def beyond(line: Mapping[str, Any]) -> bool:
    """A write that the run does not come to."""
    return line["point"][0] == "write" and line["first"] == 0


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
            for folder in ("signals", "features", "risk", "data", "trades")
            for path in sorted((home / "state" / folder).glob("*.json"))
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


def check(homes: Mapping[Point | None, Path]) -> None:
    whole = left(homes[None])
    assert whole["faults"] == 0
    for point, home in homes.items():
        assert done_again(home) == [], point
        assert left(home) == whole, point


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return template(tmp_path_factory.getbasetemp() / "desk")


def test_every_boundary_of_the_realtime_workflow(base: Path, tmp_path: Path) -> None:
    points = [Point(when, number) for number in range(1, 7) for when in ("worked", "kept")]
    draw = random.Random(4)
    points += draw.sample([Point("write", number) for number in range(1, WRITES)], 3)
    points += [Point(when, draw.randint(1, 6)) for when in ("before", "inside")]
    check(run_killed(tmp_path, base, REALTIME, points))


@pytest.mark.slow
@pytest.mark.timeout(3_000)
@pytest.mark.parametrize("run", [REALTIME, *OTHERS], ids=lambda run: run.workflow)
def test_every_boundary_of_every_shipped_workflow(base: Path, tmp_path: Path, run: Run) -> None:
    steps = 6 if run.workflow in ("realtime_signal_generation", "model_training_cycle") else 4
    points = [Point(when, number) for number in range(1, steps + 1) for when in MOMENTS]
    check(run_killed(tmp_path, base, run, points))


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
            check(run_killed(folder, base, run, list(dict.fromkeys(drawn[first : first + 20]))))
