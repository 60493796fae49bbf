"""Fault schedules against `quorum sim`: what happens twice, what is lost, what differs; and how often it may."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

from quorum.domain import QuorumError
from quorum.surfaces.bench.execution.schedules import LATEST
from quorum.surfaces.bench.measure import Measure

SCHEDULES, FIRST = 500, 1
A_CORE = 3
"""Schedules at once on a core: a trader mostly waits for what may still appear."""
LIVES = "quorum.surfaces.bench.execution.lives"


def faults(count: int = SCHEDULES) -> list[Measure]:
    """Run so many schedules, each with its faults and its kills, and hold the desk's books against the journal."""
    found = run_schedules(FIRST, count, at_once=A_CORE * (os.cpu_count() or 1))
    fired, kills = [kind for one in found for kind in one["fired"]], sum(one["kills"] for one in found)
    orders, fills = sum(one["orders"] for one in found), sum(one["fills"] for one in found)
    late = sum(kind in ("late", "hidden") for kind in fired)
    what = f"{count} of {SCHEDULES} schedules, {kills} kills, {len(fired)} faults, {late} orders {LATEST} s late"
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


def run_schedules(first: int, count: int, at_once: int = 1) -> Sequence[Mapping[str, Any]]:
    """What schedules `first` and on came to, as `truth.Found` in plain values, by seed; `at_once` of them together.

    QuorumError when a process ends before all of its own are told.
    """
    bounds = [first + count * n // at_once for n in range(at_once + 1)]
    parts = [(begin, end - begin) for begin, end in pairwise(bounds) if end > begin]
    with ThreadPoolExecutor(len(parts)) as waiting:
        return [one for part in waiting.map(lambda part: _run(*part), parts) for one in part]


def _run(first: int, count: int) -> Sequence[Mapping[str, Any]]:
    """The same in one process, which has no threads since it forks."""
    command = [sys.executable, "-P", "-m", LIVES, str(first), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode or len(found) != count:
        last = done.stderr.strip().splitlines()[-1:] or ["nothing was said"]
        raise QuorumError(f"{len(found)} of {count} schedules were run ({last[0]})", "see the simulated venue")
    return found


def _of(found: Sequence[Mapping[str, Any]], name: str) -> float:
    return float(sum(len(one[name]) for one in found))
