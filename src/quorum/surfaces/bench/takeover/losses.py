"""Losing a worker amid a step, and seeing the other one go on."""

from __future__ import annotations

import math
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from quorum.desk import Desk
from quorum.desk.workflows import RunState, RunStep
from quorum.domain import SECOND, QuorumError
from quorum.surfaces.bench.measure import Measure
from quorum.surfaces.bench.takeover.workers import PATIENCE_SECONDS, AtWork, ask, check_run, two_at_work, until

FENCED = 75
ROUNDS, LEASE_SECONDS = 8, 5.0
KEPT = 4


class Lost(NamedTuple):
    """One loss of a worker: how, and the seconds until the first step of its run began elsewhere."""

    how: signal.Signals
    seconds: float


def lost_workers() -> list[Measure]:
    """How soon the work of a lost worker goes on; over the database that this process has."""
    seconds = sorted(lost.seconds for lost in takeovers(ROUNDS, LEASE_SECONDS))
    worst = seconds[math.ceil(0.95 * len(seconds)) - 1]
    name = f"a lost worker's run goes on elsewhere, p95 of {len(seconds)}, lease {LEASE_SECONDS:g} s"
    return [Measure("takeover_p95", name, worst, "s", target=LEASE_SECONDS + 2.0)]


def takeovers(rounds: int, lease_seconds: float) -> list[Lost]:
    """Lose a worker amid a step, by turns killed and frozen, and see the other one go on.

    QuorumError when a run lost or doubled something, or a worker that woke up went on.
    """
    found = []
    with tempfile.TemporaryDirectory() as folder, two_at_work(Path(folder), lease_seconds) as (desk, workers):
        for number in range(rounds):
            how = signal.SIGSTOP if number % 2 else signal.SIGKILL
            found.append(Lost(how, _lose_one(desk, workers, how)))
    return found


def _lose_one(desk: Desk, workers: dict[Path, AtWork], how: signal.Signals) -> float:
    names = {worker.executor: home for home, worker in workers.items()}
    identity = ask(desk)
    state, _ = until(lambda: _amid(desk, identity), f"run {identity} to be under way")
    home = names[str(state.executor)]
    victim = workers[home]
    lost_at = desk.clock.now()
    victim.process.send_signal(how)
    began = until(lambda: _first_after(desk, identity, lost_at), f"run {identity} to go on elsewhere")
    if how is signal.SIGSTOP:
        victim.process.send_signal(signal.SIGCONT)
        code = victim.process.wait(PATIENCE_SECONDS)
        if code != FENCED:
            raise QuorumError(f"a worker that woke up after its lease ended with {code}, not {FENCED}")
    victim.end()
    workers[home] = AtWork(home)
    check_run(desk, identity)
    return (began - lost_at) / SECOND


def _amid(desk: Desk, identity: str) -> tuple[RunState, Sequence[RunStep]] | None:
    state, steps = desk.workflows.run(identity)
    return (state, steps) if state.status == "running" and len(steps) >= KEPT else None


def _first_after(desk: Desk, identity: str, instant: int) -> int | None:
    """When the first step began that was begun after an instant."""
    began = (step.began for step in desk.workflows.run(identity)[1])
    return min((at for at in began if at is not None and at > instant), default=None)
