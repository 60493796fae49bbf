"""Workers that die inside a run: `python -m durability.runs` reads points as JSON lines, and tells what each left.

Everything is loaded once; for each point one child runs until it dies there, and another runs what it left.
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
from quorum.bootstrap import open_desk, open_worker
from quorum.desk.running import known_to, protocols_of
from quorum.bootstrap.worker import INTERPRETERS
from quorum.bootstrap.workers import agent_task
from quorum.desk.running import request_of
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


def enter(home: Path, run: Run) -> None:
    """Ask for the run, as any command does."""
    desk = open_desk(home)
    spec = find_workflow(run.workflow, home / "config" / "workflows", known_to(desk), protocols_of(desk))
    request = request_of(spec, run.params, desk.clock.now(), run.execution)
    desk.runs.enter(request, RUN)
    desk.workflows.enqueue(RUN, request)


def work(home: Path, point: Point | None) -> None:
    """Be a worker until the run has ended, or until the point."""
    worker = open_worker(home, hands=OwnHands({"agent": agent_task}))
    assert worker is not None
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
        time.sleep(0.01)
    worker.close(0)


def in_child(home: Path, point: Point | None) -> int:
    """The wait status of a child that works."""
    child = os.fork()
    if child == 0:
        try:
            work(home, point)
            os._exit(0)
        except BaseException:  # noqa: BLE001 - the parent reads the status
            import traceback

            traceback.print_exc()
            os._exit(4)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    """HOME of a template, and on standard input the run and then points, a JSON line each."""
    template, folder = Path(sys.argv[1]), Path(sys.argv[2])
    (bars,) = synthetic_market(1, ("WARMUSDT",), Timeframe(HOUR), 0, 400).values()
    for analyst in ANALYSTS.values():
        analyst.signal(bars)  # compiled code is loaded once, for all children
    run = Run(*json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        told = json.loads(line)
        point = None if told is None else Point(*told)
        home = copied(template, folder / ("whole" if point is None else f"{point.when}-{point.number}"))
        if in_child_entered(home, run) != 0:
            raise SystemExit(f"the run could not be asked for in {home}")
        first = in_child(home, point)
        second = 0 if first == 0 else in_child(home, None)
        sys.stdout.write(json.dumps({"point": told, "home": str(home), "first": first, "second": second}) + "\n")
        sys.stdout.flush()


def in_child_entered(home: Path, run: Run) -> int:
    child = os.fork()
    if child == 0:
        try:
            enter(home, run)
            os._exit(0)
        except BaseException:  # noqa: BLE001 - the parent reads the status
            import traceback

            traceback.print_exc()
            os._exit(4)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    main()
