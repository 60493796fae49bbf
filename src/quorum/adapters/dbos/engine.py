"""The worker's side: it alone runs workflows, all of them by one body that interprets its request."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Condition, Thread
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSConfig, SetWorkflowID
from dbos._recovery import recover_pending_workflows

from quorum.adapters.dbos.serializer import JsonSerializer
from quorum.desk.workflows.ports import MOST_DEATHS, Durable

ENGINE_VERSION = "1"
NAME = "quorum"
QUEUE = "desk"
BODY = "run"
POLL_SECONDS = 0.1

Body = Callable[[Durable, Mapping[str, Any]], Mapping[str, Any]]


class WorkerGone(BaseException):
    """The worker was closed while a run waited; the run goes on with the next one."""


class _Threads(ThreadPoolExecutor):
    """A thread for each run, none of which keeps the process from ending."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def work() -> None:
            try:
                future.set_result(fn(*args, **named))
            except BaseException as error:  # noqa: BLE001 - told to whoever waits for the run
                future.set_exception(error)

        Thread(target=work, name="run", daemon=True).start()
        return future


class _Shift:
    """How many runs are at work, those that wait for a message or another run not counted."""

    def __init__(self) -> None:
        self.over = False
        self._busy = 0
        self._changed = Condition()

    @contextmanager
    def working(self) -> Iterator[None]:
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    @contextmanager
    def resting(self) -> Iterator[None]:
        self._count(-1)
        try:
            yield
        finally:
            self._count(1)

    def wait(self, seconds: float) -> None:
        """Come back when no run is at work, or after so long."""
        with self._changed:
            self._changed.wait_for(lambda: self._busy == 0, seconds)

    def _count(self, change: int) -> None:
        with self._changed:
            self._busy += change
            self._changed.notify_all()


@dataclass(frozen=True, slots=True)
class _Run:
    """Durable over DBOS's context of the running thread."""

    identity: str
    shift: _Shift

    def step(self, name: str, work: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        if self.shift.over:
            raise WorkerGone(self.identity)
        answer: Mapping[str, Any] = DBOS.run_step({"name": name}, work)
        return answer

    def wait(self, topic: str, seconds: float) -> Mapping[str, Any] | None:
        with self.shift.resting():
            message: Mapping[str, Any] | None = DBOS.recv(topic, seconds)
        return message

    def children(self, asked: Sequence[tuple[str, Mapping[str, Any]]]) -> Sequence[Mapping[str, Any]]:
        handles = []
        for identity, request in asked:
            with SetWorkflowID(identity):
                handles.append(DBOS.start_workflow(_entry, request))
        with self.shift.resting():
            return [handle.get_result(polling_interval_sec=POLL_SECONDS) for handle in handles]


_engines: list[tuple[Body, _Shift]] = []


@DBOS.workflow(name=BODY, max_recovery_attempts=MOST_DEATHS - 1)
def _entry(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one workflow that DBOS knows."""
    identity = DBOS.workflow_id
    assert identity is not None
    body, shift = _engines[-1]
    with shift.working():
        return body(_Run(identity, shift), request)


def _silent(record: logging.LogRecord) -> bool:
    """Passes nothing: what a run says that finds its engine closed, since it goes on with the next worker."""
    return False


def _log_level() -> int:
    """The level that DBOS logs at; where nobody has set up a log, its errors alone go to standard error."""
    logger = logging.getLogger("dbos")
    logger.removeFilter(_silent)
    logger.setLevel(logger.level or logging.ERROR)
    if not logger.handlers and logging.lastResort is not None:
        logger.addHandler(logging.lastResort)  # its own would keep the standard error of this moment
        logger.propagate = False
    return logger.level


class Engine:
    """DBOS at work in this process, one at a time; `executor` is a name that only this process has now.

    All runs have one version of the engine, since a request names the interpreter that it is for.
    """

    def __init__(self, database: sa.Engine, executor: str, body: Body, at_once: int) -> None:
        level = _log_level()
        config: DBOSConfig = {
            "name": NAME,
            "system_database_engine": database,
            "serializer": JsonSerializer(),
            "application_version": ENGINE_VERSION,
            "executor_id": executor,
            "log_level": logging.getLevelName(level),
            "notification_listener_polling_interval_sec": POLL_SECONDS,
            "use_listen_notify": False,
        }
        self._dbos = DBOS(config=config)
        self._at_once = at_once
        self._executor = executor
        self._database = database
        self._shift = _Shift()
        _engines.append((body, self._shift))

    def start(self) -> None:
        """Run what this slot left unfinished, and whatever is enqueued from now on."""
        DBOS.launch()
        self._dbos._executor_field = _Threads()  # noqa: SLF001 - its own would keep the process while a run waits
        DBOS.register_queue(
            QUEUE, worker_concurrency=self._at_once, polling_interval_sec=POLL_SECONDS, on_conflict="always_update"
        )

    def run(self, identity: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Run here and now, to the end; a run with that id that has ended answers as it did."""
        with SetWorkflowID(identity):
            handle = DBOS.start_workflow(_entry, request)
        answer: Mapping[str, Any] = handle.get_result(polling_interval_sec=POLL_SECONDS)
        return answer

    def executors(self) -> set[str]:
        """The executors that have runs under way."""
        found = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
        return {run.executor_id for run in found if run.executor_id is not None}

    def take_over(self, executor: str) -> int:
        """Enqueue again what a dead executor left unfinished; how many runs that were."""
        return len(recover_pending_workflows(self._dbos, [executor]))

    def close(self, grace_seconds: int = 0) -> None:
        """Stop; a run at work is let end for `grace_seconds`, the rest goes on at the next start."""
        for event in self._dbos.background_thread_stop_events:
            event.set()
        self._shift.wait(grace_seconds)
        with suppress(sa.exc.SQLAlchemyError):
            self._forgive()
        logging.getLogger("dbos").addFilter(_silent)
        DBOS.destroy()
        self._shift.over = True
        _engines.pop()
        self._database.dispose()

    def _forgive(self) -> None:
        """Count no death for runs under way: one that waits long sees many workers come and go."""
        schema = None if self._database.dialect.name == "sqlite" else "dbos"
        names = ("executor_id", "status", "recovery_attempts")
        runs = sa.table("workflow_status", *(sa.Column(name) for name in names), schema=schema)
        mine = (runs.c.executor_id == self._executor, runs.c.status == "PENDING")
        with self._database.begin() as connection:
            connection.execute(sa.update(runs).where(*mine).values(recovery_attempts=1))
