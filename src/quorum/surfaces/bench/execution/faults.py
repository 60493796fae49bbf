"""Fault schedules against `quorum sim`: what happens twice, what is lost, what differs; and how often it may."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from quorum.domain import QuorumError
from quorum.surfaces.bench.measure import Measure

SAMPLE, FIRST = 12, 1
LIVES = "quorum.surfaces.bench.execution.lives"


def faults(count: int = SAMPLE) -> list[Measure]:
    """Run so many schedules, each with its faults and its kills, and hold the desk's books against the journal."""
    found = run_schedules(FIRST, count)
    fired, kills = sum(len(one["fired"]) for one in found), sum(one["kills"] for one in found)
    orders, fills = sum(one["orders"] for one in found), sum(one["fills"] for one in found)
    what = f"{count} schedules, {fired} faults, {kills} kills"
    return [
        Measure(
            "duplicate_orders", f"orders that happened twice: {what}", _of(found, "duplicates"), "orders", target=0
        ),
        Measure(
            "lost_fills",
            f"orders with fills not booked, of {orders} with {fills}",
            _of(found, "lost"),
            "orders",
            target=0,
        ),
        Measure("differences", "differences that nothing explains", _of(found, "differences"), "lines", target=0),
    ]


def run_schedules(first: int, count: int) -> Sequence[Mapping[str, Any]]:
    """What schedules `first` and on came to, as `truth.Found` in plain values; in a process without threads.

    QuorumError when it ends before all of them are told.
    """
    command = [sys.executable, "-P", "-m", LIVES, str(first), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode or len(found) != count:
        last = done.stderr.strip().splitlines()[-1:] or ["nothing was said"]
        raise QuorumError(f"{len(found)} of {count} schedules were run ({last[0]})", "see the simulated venue")
    return found


def _of(found: Sequence[Mapping[str, Any]], name: str) -> float:
    return float(sum(len(one[name]) for one in found))
