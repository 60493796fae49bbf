"""Workers in processes of their own, and runs that take them a while."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from quorum.bootstrap import open_desk
from quorum.desk import Desk, make_workspace, write_text
from quorum.desk.running import known_to, protocols_of, request_of
from quorum.desk.upkeep import Wanted, read_logs
from quorum.desk.workflows import RunState, RunStep, find_workflow
from quorum.domain import DecisionKind, QuorumError

PAIRS, PAUSE = 6, 0.3
LOOK_SECONDS, PATIENCE_SECONDS = 0.02, 60.0
ENDED = ("done", "failed", "cancelled")
Found = TypeVar("Found")


class AtWork:
    """A worker in a process of its own, over the database that this process has."""

    def __init__(self, home: Path) -> None:
        words = ("up", "--home", str(home), "--under", str(os.getpid()), "--role", "worker")
        command = [sys.executable, "-P", "-m", "quorum", *words]
        self._home = home
        with (home / "logs" / "worker.out").open("ab") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    @cached_property
    def executor(self) -> str:
        """The name under which it runs workflows, once it does."""
        return until(self._executor, f"the worker of {self._home.name} to start")

    def end(self) -> None:
        """End it at once, frozen or not."""
        self.process.kill()
        self.process.wait()

    def _executor(self) -> str | None:
        if self.process.poll() is not None:
            raise QuorumError(f"a worker ended with {self.process.returncode}", f"see {self._home / 'logs'}")
        lines = read_logs(self._home / "logs", Wanted())
        own = (x for x in lines if x.get("pid") == self.process.pid and x["event"] == "worker_started")
        return next((str(line["executor"]) for line in own), None)


@contextmanager
def two_at_work(folder: Path, lease_seconds: float) -> Iterator[tuple[Desk, dict[Path, AtWork]]]:
    """Two workspaces with a worker each, over the database that this process has; all of them end with the block."""
    homes = [make_home(folder / name, lease_seconds) for name in ("a", "b")]
    workers: dict[Path, AtWork] = {}
    try:
        desk = open_desk(homes[0])
        for home in homes:
            workers[home] = AtWork(home)
        yield desk, workers
    finally:
        for worker in workers.values():
            worker.end()


def make_home(home: Path, lease_seconds: float) -> Path:
    """A workspace whose worker has one process for agents, and a workflow of steps that take a while."""
    make_workspace(home, ("smc", "momentum"))
    write_text(home / "config" / "coordinator.yaml", f"worker: {{lease_seconds: {lease_seconds}, pool: 1}}\n")
    write_text(home / "config" / "workflows" / "slow.yaml", slow_workflow())
    (home / "logs").mkdir(exist_ok=True)
    return home


def slow_workflow() -> str:
    """Steps by turns slow, and with a decision, which is an effect that must not be doubled."""
    lines = [
        "workflow: slow",
        "about: By turns market data that is not there and is waited for, and a decision.",
        "steps:",
    ]
    for number in range(1, 2 * PAIRS, 2):
        lines += [
            f"  - {{step: {number}, name: slow_{number}, agent: data-pipeline-manager, task: latest_bars,",
            "     critical: false, params: {symbol: NONE, timeframe: 1h},",
            f"     degrade: {{policy: wait_and_retry, max_wait_seconds: {PAUSE}, then: skip}}}}",
            f"  - {{step: {number + 1}, name: choice_{number + 1}, decision_point: Go on, criteria: [1 < 2]}}",
        ]
    return "\n".join(lines) + "\n"


def ask(desk: Desk) -> str:
    """Ask for a run of it; its id."""
    spec = find_workflow("slow", desk.workspace.config / "workflows", known_to(desk), protocols_of(desk))
    request = request_of(spec, {}, desk.clock.now())
    identity = desk.runs.enter(request)
    desk.workflows.enqueue(identity, request)
    return identity


def check_run(desk: Desk, identity: str) -> None:
    """QuorumError unless the run ended, each step kept once, each decision taken once."""
    state, steps = until(lambda: _ended(desk, identity), f"run {identity} to end")
    names = [step.name for step in steps]
    taken = [decision.choice for decision in desk.decisions.recent(1_000)]
    points = [c for c in taken if c.kind is DecisionKind.VERDICT and c.inputs.get("workflow_id") == identity]
    if state.status != "done" or len(names) != len(set(names)) or len(points) != PAIRS:
        facts = f"{state.status}, {len(names)} steps, {len(points)} decisions for {PAIRS}"
        raise QuorumError(f"run {identity} was not done exactly once: {facts}", "see `quorum workflow show`")


def _ended(desk: Desk, identity: str) -> tuple[RunState, Sequence[RunStep]] | None:
    state, steps = desk.workflows.run(identity)
    return (state, steps) if state.status in ENDED else None


def until(look: Callable[[], Found | None], what: str) -> Found:
    """What `look` finds, as soon as it finds something; QuorumError when that takes a minute."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while (found := look()) is None:
        if time.monotonic() > ends:
            raise QuorumError(f"waited {PATIENCE_SECONDS:g} s in vain for {what}", "see `quorum logs`")
        time.sleep(LOOK_SECONDS)
    return found
