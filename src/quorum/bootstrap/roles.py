"""The roles of a running desk, each in its own process, and the supervisor above them."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from quorum.adapters.process.roles import FileLock, Supervisor
from quorum.adapters.sql.coordination import SqlPost
from quorum.bootstrap.desk import put_together
from quorum.bootstrap.stores import open_database
from quorum.bootstrap.worker import open_worker
from quorum.bootstrap.workspaces import open_workspace
from quorum.desk import Desk
from quorum.desk.approvals import tell as tell_runs
from quorum.desk.notices import deliver, occurrence
from quorum.desk.running import ask_again, known_to, protocols_of
from quorum.desk.schedule import (
    Occurrence,
    Pass,
    Patience,
    Schedule,
    Scheduler,
    newest_close,
    on_event,
    read_schedules,
)
from quorum.desk.system import Part, SystemState, begin, rest
from quorum.desk.team import Viewer
from quorum.desk.workflows import workflows
from quorum.domain import HOUR, ConfigError, QuorumError, UsageError

ROLES = ("worker", "scheduler")
REREAD = 20
Log = Callable[[str, Mapping[str, Any]], None]


def run_up(given: Path | None, roles: Sequence[str], log: Log) -> None:
    """Run the desk: every role in a process of its own, until SIGTERM or SIGINT.

    UsageError when this workspace is up already, or for a role that there is not.
    """
    workspace = open_workspace(given)
    _known(roles)
    lock = FileLock(workspace.home / "up.lock")
    if not lock.take("up"):
        holder = lock.holder()
        raise UsageError(f"the desk is up already{f' (process {holder.pid})' if holder else ''}", "stop that one first")
    desk = put_together(workspace, open_database(workspace))
    command = [sys.executable, "-P", "-m", "quorum", "up", "--home", str(workspace.home), "--role"]

    def tell(event: str, facts: Mapping[str, Any]) -> None:
        log(event, facts)
        desk.outbox.raise_(occurrence(event, {**facts, "key": f"{facts['role']}/{desk.clock.now()}"}))

    try:
        Supervisor({role: [*command, role] for role in roles}, tell).run()
    finally:
        lock.release()


def run_role(given: Path | None, role: str, log: Log) -> None:
    """Run one role in this process until SIGTERM or SIGINT, or until the process that started it is gone."""
    _known([role])
    with _until_told() as ended:
        {"worker": _work, "scheduler": _schedule}[role](given, ended, log)


def _known(roles: Sequence[str]) -> None:
    for role in roles:
        if role not in ROLES:
            raise UsageError(f"there is no role {role!r}", f"choose of {', '.join(ROLES)}")


def _work(given: Path | None, ended: threading.Event, log: Log) -> None:
    worker = open_worker(given)
    if worker is None:
        raise UsageError("another process is this workspace's worker", "stop it first, or let it work")
    desk, me = worker.desk, Part(f"worker {os.getpid()}")
    with worker:
        begin(desk.states, me)
        worker.warm()
        worker.start()
        if desk.states.current().state is SystemState.STARTING:
            desk.states.move(SystemState.OPERATIONAL, me, "the worker takes runs")
        viewer = Viewer(desk, desk.settings.coordinator.views_seconds)
        log("worker_started", {"pid": os.getpid(), "executor": worker.executor})
        ended.wait()
        log("worker_stopping", {"pid": os.getpid()})
        rest(desk.states, me)
        viewer.close()
    log("worker_stopped", {"pid": os.getpid()})


def _schedule(given: Path | None, ended: threading.Event, log: Log) -> None:
    """Look at schedules, notices and answers, again and again; one that fails leaves the others alone."""
    workspace = open_workspace(given)
    database = open_database(workspace)
    desk = put_together(workspace, database)
    rounds = _Rounds(desk, SqlPost(database, desk.clock), log)
    log("scheduler_started", {"pid": os.getpid()})
    pause = desk.settings.coordinator.scheduler.look_seconds
    sender = threading.Thread(target=_again, args=(ended, pause, {"notices": rounds.send}, log), daemon=True)
    sender.start()  # apart, since a mail server that is slow must not make a schedule late
    _again(ended, pause, rounds.acts, log)
    sender.join(pause)
    log("scheduler_stopped", {"pid": os.getpid()})


def _again(ended: threading.Event, pause: float, acts: Mapping[str, Callable[[], None]], log: Log) -> None:
    """Do these, again and again; what fails is recorded and done again, and the others go on."""
    while not ended.wait(pause):
        for name, act in acts.items():
            try:
                act()
            except QuorumError as error:
                log("scheduler_trouble", {"at": name, "error": str(error)})
            except Exception as error:  # noqa: BLE001 - the rim of the loop
                log("scheduler_trouble", {"at": name, "error": f"{type(error).__name__}: {error}"})


class _Rounds:
    """What the scheduler's process does every round."""

    def __init__(self, desk: Desk, post: SqlPost, log: Log) -> None:
        self.acts = {"schedules": self._due, "events": self._events, "answers": self._answers}
        self._desk, self._post, self._log = desk, post, log
        self._policy = desk.settings.notifications.policy()
        self._schedules: Sequence[Schedule] = ()
        self._rounds = 0
        self._before: Pass | None = None
        self._seen: set[str] = set()
        self._scheduler = Scheduler(
            clock=desk.clock,
            ticks=desk.ticks,
            workflows=desk.workflows,
            newest=newest_close(desk.lake),
            tell=lambda event, facts: self._told(event, facts),
            patience=Patience.of(desk.settings.schedule),
        )

    def _due(self) -> None:
        self._reread()
        self._before = self._scheduler.run_once(self._schedules, self._before)
        for name, trouble in self._before.troubles.items():
            self._log("schedule_trouble", {"schedule": name, "error": str(trouble)})

    def _events(self) -> None:
        """Runs that events of the last hour ask for; the id of each comes from its event, so that it is asked once."""
        since = self._desk.clock.now() - HOUR
        for told in self._desk.outbox.listed(500):
            notice = told.notice
            if notice.at < since or notice.notification_id in self._seen:
                continue
            self._seen.add(notice.notification_id)
            found = notice.occurrence
            happened = Occurrence(str(found.event), notice.notification_id, notice.at, found.details)
            for asked in on_event(happened, self._schedules):
                self._desk.workflows.enqueue(asked.identity, asked.request)

    def _answers(self) -> None:
        desk = self._desk
        now = desk.clock.now()
        desk.approvals.expire(now)
        desk.approvals.remind(now)
        for error in tell_runs(desk.approvals, desk.workflows):
            self._log("answer_untold", {"error": str(error)})

    def send(self) -> None:
        """Deliver the notices that are due."""
        deliver(self._post, self._desk.channels, self._policy, self._desk.clock)

    def _reread(self) -> None:
        """Read the schedules again now and then, so that an edited file takes effect without a restart."""
        if self._rounds % REREAD == 0:
            folder = self._desk.workspace.config
            specs = workflows(folder / "workflows", known_to(self._desk), protocols_of(self._desk))
            found = read_schedules(folder / "schedule.yaml", specs)
            self._schedules = [s for s in found.values() if not isinstance(s, ConfigError)]
            for name, wrong in found.items():
                if isinstance(wrong, ConfigError):
                    self._log("schedule_wrong", {"schedule": name, "error": str(wrong)})
            ask_again(self._desk.runs, self._desk.workflows, self._desk.clock)
        self._rounds += 1

    def _told(self, event: str, facts: Mapping[str, Any]) -> None:
        self._desk.outbox.raise_(occurrence(event, facts))


@contextmanager
def _until_told() -> Iterator[threading.Event]:
    """An event that is set on SIGTERM, on SIGINT, and when the process that started this one is gone."""
    ended, parent = threading.Event(), os.getppid()
    before = {n: signal.signal(n, lambda *_: ended.set()) for n in (signal.SIGTERM, signal.SIGINT)}

    def watch() -> None:
        while not ended.wait(1.0):
            if os.getppid() != parent:
                ended.set()

    threading.Thread(target=watch, name="parent", daemon=True).start()
    try:
        yield ended
    finally:
        ended.set()
        for number, handler in before.items():
            signal.signal(number, handler)
