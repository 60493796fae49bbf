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
from queue import Queue
from typing import Any

from quorum.adapters.process.roles import FileLock, Supervisor
from quorum.adapters.sql.coordination import SqlPost
from quorum.bootstrap.desk import put_together
from quorum.bootstrap.stores import Log, open_database
from quorum.bootstrap.worker import open_worker
from quorum.bootstrap.workspaces import open_workspace
from quorum.desk import Desk
from quorum.desk.approvals import tell as tell_runs
from quorum.desk.notices import Notice, Occurrence, Outage, deliver, occurrence
from quorum.desk.running import ask_again, known_to, protocols_of, tell_exhausted
from quorum.desk.schedule import (
    Happening,
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
from quorum.domain import HOUR, Clock, ConfigError, QuorumError, StoreError, UsageError

ROLES = ("worker", "scheduler")
UP = "up.lock"
ASK_AGAIN = 20  # rounds between
NEWEST = 500
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
            {"worker": _work, "scheduler": _schedule}[role](given, ended, log, clock)
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
        if worker.alone():
            begin(desk.states, me)
        worker.warm()
        worker.start()
        if desk.states.current().state is SystemState.STARTING:
            desk.states.move(SystemState.OPERATIONAL, me, "the worker takes runs")
        viewer = Viewer(desk, desk.settings.coordinator.views_seconds)
        log("worker_started", {"executor": worker.executor})
        ended.wait()
        log("worker_stopping", {"executor": worker.executor})
        with suppress(StoreError):  # it stops all the same
            if worker.alone():
                rest(desk.states, me)
    viewer.close()
    log("worker_stopped", {"executor": worker.executor})


def _schedule(given: Path | None, ended: threading.Event, log: Log, clock: Clock | None) -> None:
    """Look at schedules, notices and answers, again and again; one that fails leaves the others alone."""
    workspace = open_workspace(given)
    database = open_database(workspace)
    desk = put_together(workspace, database, clock)
    rounds = _Rounds(desk, SqlPost(database, desk.clock), log)
    log("scheduler_started", {})
    pause = desk.settings.coordinator.scheduler.look_seconds
    sender = threading.Thread(target=_again, args=(ended, pause, {"notices": rounds.send}, log), daemon=True)
    sender.start()  # apart, since a mail server that is slow must not make a schedule late
    outage = Outage(desk.outbox, desk.clock)
    _again(ended, pause, {name: outage.over(act) for name, act in rounds.acts.items()}, log)
    sender.join(pause)
    log("scheduler_stopped", {})


def _again(ended: threading.Event, pause: float, acts: Mapping[str, Callable[[], None]], log: Log) -> None:
    """Do these, again and again; what fails is done again and recorded once, and the others go on."""
    before: dict[str, str] = {}
    while not ended.wait(pause):
        for name, act in acts.items():
            try:
                act()
                trouble = ""
            except QuorumError as error:
                trouble = str(error)
            except Exception as error:  # noqa: BLE001 - the rim of the loop
                trouble = f"{type(error).__name__}: {error}"
            if trouble and trouble != before.get(name):
                log("scheduler_trouble", {"at": name, "error": trouble})
            before[name] = trouble


class _Rounds:
    """What the scheduler's process does every round."""

    def __init__(self, desk: Desk, post: SqlPost, log: Log) -> None:
        self.acts = {"schedules": self._due, "events": self._events, "answers": self._answers, "runs": self._lost}
        self._desk, self._post, self._log = desk, post, log
        self._policy = desk.settings.notifications.policy()
        self._armed = _Armed(desk, log)
        self._rounds = 0
        self._before: Pass | None = None
        self._seen: set[str] = set()
        self._troubles: Mapping[str, str] = {}
        self._scheduler = Scheduler(
            clock=desk.clock,
            ticks=desk.ticks,
            workflows=desk.workflows,
            newest=newest_close(desk.lake),
            tell=lambda event, facts: self._told(event, facts),
            patience=Patience.of(desk.settings.schedule),
        )

    def _due(self) -> None:
        if self._desk.states.current().state is SystemState.PAUSED:
            return
        self._before = self._scheduler.run_once(self._armed.schedules(), self._before)
        troubles = {name: str(trouble) for name, trouble in self._before.troubles.items()}
        for name, error in troubles.items() - self._troubles.items():
            self._log("schedule_trouble", {"schedule": name, "error": error})
        self._troubles = troubles

    def _events(self) -> None:
        """Runs that events of the last hour ask for; the id of each comes from its event, so that it is asked once."""
        listening = self._armed.listening()
        since = self._desk.clock.now() - HOUR
        notices = [told.notice for told in self._desk.outbox.listed(NEWEST)] if listening else []
        for notice in reversed(notices):
            if notice.at >= since and notice.notification_id not in self._seen:
                self._start(notice, [schedule for schedule, armed_at in listening if armed_at <= notice.at])
        self._seen = {notice.notification_id for notice in notices}

    def _start(self, notice: Notice, armed: Sequence[Schedule]) -> None:
        found = notice.occurrence
        happened = Happening(str(found.event), notice.notification_id, notice.at, found.details)
        for asked in on_event(happened, armed):
            self._desk.workflows.enqueue(asked.identity, asked.request)
            self._log("run_asked", {"schedule": asked.schedule, "workflow_id": asked.identity})

    def _answers(self) -> None:
        desk = self._desk
        now = desk.clock.now()
        desk.approvals.expire(now)
        desk.approvals.remind(now)
        for error in tell_runs(desk.approvals, desk.workflows):
            raise error  # told of once; the next round tries all of them again

    def _lost(self) -> None:
        """Now and then ask again for runs that the engine does not know of, and tell of those that it gave up."""
        if self._rounds % ASK_AGAIN == 0:
            for identity in ask_again(self._desk.runs, self._desk.workflows, self._desk.clock):
                self._log("run_asked_again", {"workflow_id": identity})
            tell_exhausted(self._desk)
        self._rounds += 1

    def send(self) -> None:
        """Deliver the notices that are due."""
        deliver(self._post, self._desk.channels, self._policy, self._desk.clock)

    def _told(self, event: str, facts: Mapping[str, Any]) -> None:
        self._desk.outbox.raise_(occurrence(event, facts))


class _Armed:
    """The schedules as the files have them now; what is wrong is told once, and leaves what was right as it was."""

    def __init__(self, desk: Desk, log: Log) -> None:
        self._desk, self._log = desk, log
        self._read_at: object = None
        self._right: Mapping[str, Schedule] = {}
        self._wrong: Mapping[str, str] = {}

    def schedules(self) -> Sequence[Schedule]:
        """All that can be read. A file that is wrong as a whole leaves the schedules that were read last."""
        stamp = self._stamp()
        if stamp != self._read_at:
            self._read()
            self._read_at = stamp
        return list(self._right.values())

    def listening(self) -> Sequence[tuple[Schedule, int]]:
        """The schedules that wait for events, each with the instant since when it does."""
        now, found = self._desk.clock.now(), []
        for schedule in self._right.values():
            waits = ", ".join(words for words in schedule.written if words.startswith("event "))
            if waits:
                since = self._desk.ticks.arm(f"{schedule.name}/events", waits if schedule.enabled else "", now)
                found += [(schedule, since)] if schedule.enabled else []
        return found

    def _read(self) -> None:
        folder = self._desk.workspace.config
        try:
            specs = workflows(folder / "workflows", known_to(self._desk), protocols_of(self._desk))
            found = read_schedules(folder / "schedule.yaml", specs)
        except ConfigError as error:
            self._tell({"schedule.yaml": str(error)})
            return
        self._right = {name: s for name, s in found.items() if not isinstance(s, ConfigError)}
        self._tell({name: str(s) for name, s in found.items() if isinstance(s, ConfigError)})

    def _tell(self, wrong: Mapping[str, str]) -> None:
        for name, error in wrong.items() - self._wrong.items():
            self._log("schedule_wrong", {"schedule": name, "error": error})
        self._wrong = wrong

    def _stamp(self) -> object:
        """What changes when a file of schedules or workflows is written."""
        folder = self._desk.workspace.config
        files = [folder / "schedule.yaml", *sorted((folder / "workflows").glob("*.y*ml"))]
        return [(str(file), (s := file.stat()).st_mtime_ns, s.st_size) for file in files if file.exists()]


@contextmanager
def _until_told(under: int | None) -> Iterator[threading.Event]:
    """An event that is set on SIGTERM, on SIGINT, and when the process `under` which this one runs is gone."""
    ended = threading.Event()
    before = {n: signal.signal(n, lambda *_: ended.set()) for n in (signal.SIGTERM, signal.SIGINT)}

    def watch() -> None:
        while os.getppid() == under and not ended.wait(0.5):
            pass
        ended.set()

    if under is not None:
        threading.Thread(target=watch, name="parent", daemon=True).start()
    try:
        yield ended
    finally:
        ended.set()
        for number, handler in before.items():
            signal.signal(number, handler)
