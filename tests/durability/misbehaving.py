"""Agents that misbehave in every way, in the warm pool of a real worker: `python -m durability.misbehaving work HOME`.

The task `describe_strategy` does as the parameter `misdeed` says when an agent whose name begins with `culprit` has
it, and answers at once for any other. `schedule HOME` is two schedulers. Clocks are off by what their file says.
"""

from __future__ import annotations

import ctypes
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from adapters.processes import TESTS
from quorum.adapters.dbos import DbosWorkflows, open_system
from quorum.bootstrap import open_desk, open_pool, open_worker, run_role, serve_agents, set_up_logs
from quorum.bootstrap.stores import engine_place
from quorum.desk import Desk
from quorum.desk.running import BookedWorkflows, known_to, protocols_of, request_of
from quorum.desk.work import TASKS, Assignment, Job, Place, Unavailable
from quorum.desk.workflows import RunState, RunStep, find_workflow
from quorum.domain import DataError, SystemClock
from quorum.surfaces.bench.hangs import busy_in_c, has_a_child_apart, is_deaf, reads_a_silent_pipe, stops_itself

TASK, HERE = "describe_strategy", "position_limits"
NURSERY = ("-c", f"import sys; sys.path.insert(0, {str(TESTS)!r}); from durability.misbehaving import agents; agents()")
LONG_SECONDS = 60.0
Answer = Mapping[str, Any]
GOOD: Answer = {"title": "good", "document": "as it should be", "accounts": [], "warnings": []}


def raises_ours() -> Answer:
    raise DataError("there is a gap", "fill it")


def raises() -> Answer:
    raise ValueError("odd\nand said in two lines")


def is_missing() -> Answer:
    raise Unavailable("its room is not built", "wait for it")


def breaks_memory() -> Answer:
    ctypes.string_at(0)
    return GOOD


def exits() -> Answer:
    os._exit(3)


def lists() -> Answer:
    return cast("Answer", [1, 2])


def keyless() -> Answer:
    return {"title": "half of it"}


def strange() -> Answer:
    return {**GOOD, "document": {1, object()}}


def endless() -> Answer:
    held: dict[str, Any] = dict(GOOD)
    held["document"] = held
    return held


def large() -> Answer:
    return {**GOOD, "document": "x" * 2_000_000}


def no_number() -> Answer:
    return {**GOOD, "document": [math.nan, math.inf]}


def prints() -> Answer:
    while True:
        os.write(1, b"p" * 4_096)


def leaves_children() -> Answer:
    command = [sys.executable, "-S", "-c", f"import time; time.sleep({LONG_SECONDS})"]
    for _ in range(3):
        subprocess.Popen(command, start_new_session=True)
    return GOOD


def sleeps() -> Answer:
    time.sleep(0.3)
    return GOOD


HANGS = (busy_in_c, reads_a_silent_pipe, stops_itself, is_deaf, has_a_child_apart)
ENDS = (raises_ours, raises, is_missing, breaks_memory, exits, lists, keyless, strange, endless, large)
HARMLESS = (no_number, leaves_children, sleeps)
MISDEEDS: Mapping[str, Callable[[], Answer]] = {
    "none": lambda: GOOD,
    **{act.__name__: act for act in (*ENDS, *HARMLESS, prints)},
    **{hang.__name__: lambda hang=hang: hang({}, lambda share: None) for hang in HANGS},  # type: ignore[misc]
}


def misbehave(desk: Desk, asked: Assignment) -> Answer:
    """What the parameter says, where the agent is a culprit."""
    return MISDEEDS[asked.params.get("misdeed", "none") if asked.agent.startswith("culprit") else "none"]()


def add() -> None:
    """Put the misdeeds in the place of two tasks, one of the pool and one of the worker itself."""
    jobs = cast("dict[str, Job]", TASKS)
    jobs[TASK] = Job(misbehave, Place.POOL, jobs[TASK].answers)
    jobs[HERE] = Job(misbehave, Place.DESK, jobs[HERE].answers)


def agents() -> None:
    """Be the nursery of the pool."""
    add()
    serve_agents()


@dataclass(frozen=True)
class OffClock:
    """The machine's clock, off by the nanoseconds that a file says."""

    file: Path

    def now(self) -> int:
        return SystemClock().now() + int(self.file.read_text())


def turn_clock(home: Path, nanoseconds: int) -> None:
    """Let the clocks of a workspace's processes be off by so much from now on."""
    aside = home / "clock.new"
    aside.write_text(str(nanoseconds))
    aside.replace(home / "clock")


def work(home: Path) -> None:
    """Be the worker of a workspace until nobody holds the other end of standard input."""
    add()
    worker = open_worker(home, OffClock(home / "clock"), open_pool(NURSERY, 2))
    assert worker is not None
    with worker:
        worker.warm()
        worker.start()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.read()
        worker.close(0)
        os._exit(0)


def schedule(home: Path) -> None:
    """Be a scheduler of a workspace, and let a copy of this process be another, until the process above is gone."""
    os.fork()
    run_role(home, "scheduler", set_up_logs(home, "scheduler"), os.getppid(), OffClock(home / "clock"))


@dataclass(frozen=True)
class Ward:
    """A workspace with its worker at work in another process."""

    home: Path
    desk: Desk
    worker: subprocess.Popen[str]

    def turn_clock(self, nanoseconds: int) -> None:
        """Let the worker's clock be off by so much from now on."""
        turn_clock(self.home, nanoseconds)

    def ask(self, workflow: str, **params: str) -> str:
        """Ask for a run; its id."""
        desk = self.desk
        folder = desk.workspace.config / "workflows"
        spec = find_workflow(workflow, folder, known_to(desk), protocols_of(desk))
        request = request_of(spec, params, desk.clock.now())
        identity = desk.runs.enter(request)
        desk.workflows.enqueue(identity, request)
        return identity

    def ended(self, identity: str, seconds: float = 30.0) -> tuple[RunState, Mapping[str, RunStep]]:
        """The run once it has ended, with its kept steps by name."""
        until = time.monotonic() + seconds
        while (found := self.desk.workflows.run(identity))[0].status in ("enqueued", "running"):
            assert time.monotonic() < until, f"{identity} has not ended after {seconds} s: {found}"
            assert self.worker.poll() is None, "the worker has died"
            time.sleep(0.05)
        return found[0], {step.name: step for step in found[1]}


@contextmanager
def warded(home: Path) -> Iterator[Ward]:
    """The worker of a workspace that is there already, for the time of a block."""
    turn_clock(home, 0)
    opened = open_desk(home)
    engine = open_system(engine_place(opened.workspace))
    client = DbosWorkflows(engine)
    desk = replace(opened, workflows=BookedWorkflows(client, opened.runs))
    command = [sys.executable, "-m", "durability.misbehaving", "work", str(home)]
    with (home / "worker.err").open("w") as said:
        worker = subprocess.Popen(
            command, cwd=TESTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True
        )
    try:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n", (home / "worker.err").read_text()
        yield Ward(home, desk, worker)
    finally:
        worker.communicate(timeout=30)
        client.close()
        engine.dispose()


if __name__ == "__main__":
    {"work": work, "schedule": schedule}[sys.argv[1]](Path(sys.argv[2]))
