"""The roles of a running desk, each in its own process, and the supervisor above them."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Queue, SimpleQueue
from typing import Any

from quorum.adapters.process.roles import FileLock, Supervisor
from quorum.bootstrap.desk import open_desk, put_together
from quorum.bootstrap.rounds import run_rounds, signs_of
from quorum.bootstrap.stores import Log, open_database
from quorum.bootstrap.worker import open_worker, works_elsewhere
from quorum.bootstrap.workspaces import open_workspace
from quorum.desk import Desk
from quorum.desk.notices import Occurrence, occurrence
from quorum.desk.system import Part, SystemState, begin, rest
from quorum.desk.system.watching import at_work
from quorum.desk.team import Checkup, Viewer
from quorum.domain import Clock, IllegalMove, QuorumError, StoreError, UsageError

ROLES = ("worker", "scheduler")
UP = "up.lock"
SPARE_SECONDS = 5.0


def run_up(given: Path | None, roles: Sequence[str], log: Log, begun: Callable[[], None]) -> None:
    """Run the desk: every role in a process of its own, until SIGTERM or SIGINT; `begun` is called at the beginning.

    UsageError when this workspace is up already, or for a role that there is not.
    """
    workspace = open_workspace(given)
    _known(roles)
    lock = FileLock(workspace.home / UP)
    if not lock.take("up"):
        holder = lock.holder()
        raise UsageError(f"the desk is up already{f' (process {holder.pid})' if holder else ''}", "stop that one first")
    me = str(os.getpid())
    command = [sys.executable, "-P", "-m", "quorum", "up", "--home", str(workspace.home), "--under", me, "--role"]
    telling = _Telling(put_together(workspace, open_database(workspace)), log)
    grace = workspace.settings().coordinator.worker.grace_seconds + SPARE_SECONDS
    try:
        begun()
        log("up", {"roles": list(roles)})
        Supervisor({role: [*command, role] for role in roles}, telling, grace).run()
    finally:
        telling.close()
        log("down", {"roles": list(roles)})
        lock.release()


def run_role(given: Path | None, role: str, log: Log, under: int | None = None, clock: Clock | None = None) -> None:
    """Run one role in this process until SIGTERM or SIGINT, or until the process `under` which it runs is gone."""
    _known([role])
    with _until_told(under) as ended:
        try:
            {"worker": _work, "scheduler": run_rounds}[role](given, ended, log, clock)
        except Exception as error:
            log("role_failed", {"error": f"{type(error).__name__}: {error}"})
            raise


def _known(roles: Sequence[str]) -> None:
    for role in roles:
        if role not in ROLES:
            raise UsageError(f"there is no role {role!r}", f"choose of {', '.join(ROLES)}")


class _Telling:
    """Raises the notices of a supervisor in a thread of its own, which waits for a database that is away."""

    def __init__(self, desk: Desk, log: Log) -> None:
        self._desk, self._log = desk, log
        self._since = desk.clock.now()
        self._queue: Queue[Occurrence | None] = Queue()
        self._thread = threading.Thread(target=self._work, name="telling", daemon=True)
        self._thread.start()

    def __call__(self, event: str, facts: Mapping[str, Any]) -> None:
        """Tell of a role's death: once for each row of deaths, however long it gets."""
        self._log(event, facts)
        key = f"{facts['role']}/{self._since}/{facts['row']}"
        summary = f"{facts['role']}: {facts['error']}, {facts['deaths']} in a row"
        self._queue.put(occurrence(event, {**facts, "key": key, "summary": summary}))

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join(SPARE_SECONDS)

    def _work(self) -> None:
        while (found := self._queue.get()) is not None:
            while not self._raised(found):
                time.sleep(1.0)

    def _raised(self, found: Occurrence) -> bool:
        try:
            self._desk.outbox.raise_(found)
        except QuorumError as error:
            self._log("notice_unraised", {"error": str(error)})
            return False
        return True


def _work(given: Path | None, ended: threading.Event, log: Log, clock: Clock | None) -> None:
    worker = open_worker(given, clock)
    if worker is None:
        raise UsageError("another process is this workspace's worker", "stop it first, or let it work")
    desk, me = worker.desk, Part(f"worker {os.getpid()}")
    with worker:
        if worker.alone() or desk.states.current().state is SystemState.STOPPING:
            begin(desk.states, me)
        worker.warm()
        worker.start()
        if desk.states.current().state is SystemState.STARTING:
            with suppress(IllegalMove):  # a worker that started at the same time was faster
                at_work(desk, signs_of(desk.workspace), me, "the worker takes runs")
        viewer, checkup = Viewer(desk, desk.settings.coordinator.views_seconds), Checkup(desk)
        log("worker_started", {"executor": worker.executor})
        ended.wait()
        log("worker_stopping", {"executor": worker.executor})
        with suppress(StoreError):  # it stops all the same
            if worker.alone():
                rest(desk.states, me)
    checkup.close()
    viewer.close()
    _rest_with_the_last(given, me)
    log("worker_stopped", {"executor": worker.executor})


def _rest_with_the_last(given: Path | None, me: Part) -> None:
    """Of workers that stop at the same time none was alone: whoever finds nobody left says that the desk stops."""
    with suppress(StoreError, IllegalMove):
        if not works_elsewhere(given):
            rest(open_desk(given).states, me)


@contextmanager
def _until_told(under: int | None) -> Iterator[threading.Event]:
    """An event that is set on SIGTERM, on SIGINT, and when the process `under` which this one runs is gone.

    A signal interrupts this thread amid anything, also while it holds the event's own lock: so it only leaves word.
    """
    ended, told = threading.Event(), SimpleQueue[None]()
    before = {n: signal.signal(n, lambda *_: told.put(None)) for n in (signal.SIGTERM, signal.SIGINT)}

    def hear() -> None:
        told.get()
        ended.set()

    def watch() -> None:
        while os.getppid() == under and not ended.wait(0.5):
            pass
        ended.set()

    threading.Thread(target=hear, name="told", daemon=True).start()
    if under is not None:
        threading.Thread(target=watch, name="parent", daemon=True).start()
    try:
        yield ended
    finally:
        told.put(None)
        ended.set()
        for number, handler in before.items():
            signal.signal(number, handler)
