"""Workers that die inside a run: `python -m durability.runs` reads lists of points as JSON lines.

Everything is loaded once. For each list there is a workspace, in which one child after the other goes on with the run
until it dies at its point, and a last one ends it; what is told is the point and the end of each.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from desk.offices import copied
from quorum.bootstrap import open_worker, use_kernel_cache
from quorum.bootstrap.worker import INTERPRETERS
from quorum.desk import Desk
from quorum.desk.running import known_to, protocols_of, request_of
from quorum.desk.team import perform
from quorum.desk.team.fakes import OwnHands
from quorum.desk.workflows import Durable, find_workflow
from quorum.desk.workflows.crew import Crew
from quorum.desk.workflows.interpret import Specs, interpret
from quorum.domain import HOUR, Timeframe
from quorum.lake import synthetic_market
from quorum.signals import ANALYSTS

RUN = "WF-20240101-001"
LOG = "steps.log"
WAIT_SECONDS = 60.0


class Point(NamedTuple):
    """Where a worker dies.

    `before` the step is asked for, `inside` it before its work, when it has `worked` and nothing is kept, when it is
    `kept`; for the `number`-th of these moments. Or `write`: at the beginning of the n-th write to desk.db.
    """

    when: str
    number: int


class Run(NamedTuple):
    """What is run: a workflow, its parameters, how it trades."""

    workflow: str
    params: Mapping[str, str]
    execution: str


class Dying:
    """Durable that writes down every moment of every step, and kills this process at one of them."""

    def __init__(self, inner: Durable, home: Path, point: Point | None) -> None:
        self._inner, self._home, self._point = inner, home, point
        self._seen: dict[str, int] = {}
        self.identity = inner.identity

    def step(self, name: str, work: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        self.moment("before", name)

        def watched() -> Mapping[str, Any]:
            self.moment("inside", name)
            answer = work()
            self.moment("worked", name)
            return answer

        answer = self._inner.step(name, watched)
        self.moment("kept", name)
        return answer

    def wait(self, topic: str, seconds: float) -> Mapping[str, Any] | None:
        return self._inner.wait(topic, seconds)

    def children(self, asked: Sequence[tuple[str, Mapping[str, Any]]]) -> Sequence[Mapping[str, Any]]:
        return self._inner.children(asked)

    def moment(self, when: str, name: str) -> None:
        with (self._home / LOG).open("a") as file:
            file.write(f"{os.getpid()} {when} {name}\n")
        self._seen[when] = self._seen.get(when, 0) + 1
        if self._point == (when, self._seen[when]):
            os.kill(os.getpid(), signal.SIGKILL)


def enter(desk: Desk, run: Run) -> None:
    """Ask for the run, as any command does; once."""
    folder = desk.workspace.config / "workflows"
    spec = find_workflow(run.workflow, folder, known_to(desk), protocols_of(desk))
    request = request_of(spec, run.params, desk.clock.now(), run.execution)
    desk.runs.enter(request, RUN)
    desk.workflows.enqueue(RUN, request)


def work(home: Path, run: Run, first: bool, point: Point | None) -> None:
    """Be a worker until the run has ended, or until the point."""
    worker = open_worker(home, hands=OwnHands({"agent": lambda payload: perform(worker.desk, payload)}))
    assert worker is not None
    if first:
        enter(worker.desk, run)
    writes = count(1)

    def write(connection: sa.Connection) -> None:
        if point == ("write", next(writes)):
            os.kill(os.getpid(), signal.SIGKILL)

    def dying(specs: Specs, request: Mapping[str, Any], run: Durable, crew: Crew) -> Mapping[str, Any]:
        return interpret(specs, request, Dying(run, home, point), crew)

    INTERPRETERS[1] = dying
    worker.watch_writes(write)
    worker.start()
    until = time.monotonic() + WAIT_SECONDS
    while worker.desk.workflows.run(RUN)[0].status in ("enqueued", "running"):
        if time.monotonic() > until:
            os._exit(3)
        time.sleep(0.05)
    worker.close(0)


def in_child(home: Path, run: Run, first: bool, point: Point | None) -> int:
    """The exit code of a child that works."""
    child = os.fork()
    if child == 0:
        try:
            work(home, run, first, point)
            os._exit(0)
        except BaseException:  # noqa: BLE001 - the parent reads the status
            import traceback

            traceback.print_exc()
            os._exit(4)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    """HOME of a template and FOLDER for workspaces; on standard input the run and then lists of points, a line each."""
    template, folder = Path(sys.argv[1]), Path(sys.argv[2])
    use_kernel_cache()
    (bars,) = synthetic_market(1, ("WARMUSDT",), Timeframe(HOUR), 0, 400).values()
    for analyst in ANALYSTS.values():
        analyst.signal(bars)  # compiled code is loaded once, for all children
    run = Run(*json.loads(sys.stdin.readline()))
    for number, line in enumerate(sys.stdin):
        points = [Point(*told) for told in json.loads(line)]
        home = copied(template, folder / str(number))
        ends = []
        for k, point in enumerate([*points, None]):
            ends.append(in_child(home, run, k == 0, point))
            if point is not None and ends[-1] == 0:
                break  # the run has ended before the point
        sys.stdout.write(json.dumps({"points": points, "home": str(home), "ends": ends}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
