"""The worker's side: it alone runs workflows, all of them by one body that interprets its request."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class _Run:
    """Durable over DBOS's context of the running thread."""

    identity: str

    def step(self, name: str, work: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = DBOS.run_step({"name": name}, work)
        return answer

    def wait(self, topic: str, seconds: float) -> Mapping[str, Any] | None:
        message: Mapping[str, Any] | None = DBOS.recv(topic, seconds)
        return message

    def children(self, asked: Sequence[tuple[str, Mapping[str, Any]]]) -> Sequence[Mapping[str, Any]]:
        handles = []
        for identity, request in asked:
            with SetWorkflowID(identity):
                handles.append(DBOS.start_workflow(_entry, request))
        return [handle.get_result(polling_interval_sec=POLL_SECONDS) for handle in handles]


_bodies: list[Body] = []


@DBOS.workflow(name=BODY, max_recovery_attempts=MOST_DEATHS - 1)
def _entry(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one workflow that DBOS knows."""
    identity = DBOS.workflow_id
    assert identity is not None
    return _bodies[-1](_Run(identity), request)


class Engine:
    """DBOS at work in this process, one at a time; `executor` is a name that only this process has now.

    All runs have one version of the engine, since a request names the interpreter that it is for.
    """

    def __init__(self, database: sa.Engine, executor: str, body: Body, at_once: int) -> None:
        level = logging.getLogger("dbos").level or logging.ERROR  # where nobody has set up a log, its errors alone
        logging.getLogger("dbos").setLevel(level)
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
        _bodies.append(body)

    def start(self) -> None:
        """Run what this slot left unfinished, and whatever is enqueued from now on."""
        DBOS.launch()
        DBOS.register_queue(
            QUEUE, worker_concurrency=self._at_once, polling_interval_sec=POLL_SECONDS, on_conflict="always_update"
        )

    def begin(self, identity: str, request: Mapping[str, Any]) -> None:
        """Run here, and come back at once."""
        with SetWorkflowID(identity):
            DBOS.start_workflow(_entry, request)

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
        """Stop; a running step is let end for `grace_seconds`, the rest goes on at the next start."""
        with suppress(sa.exc.SQLAlchemyError):
            self._forgive()
        DBOS.destroy(workflow_completion_timeout_sec=grace_seconds)
        _bodies.pop()
        self._database.dispose()

    def _forgive(self) -> None:
        """Count no death for runs under way: one that waits long sees many workers come and go."""
        schema = None if self._database.dialect.name == "sqlite" else "dbos"
        names = ("executor_id", "status", "recovery_attempts")
        runs = sa.table("workflow_status", *(sa.Column(name) for name in names), schema=schema)
        mine = (runs.c.executor_id == self._executor, runs.c.status == "PENDING")
        with self._database.begin() as connection:
            connection.execute(sa.update(runs).where(*mine).values(recovery_attempts=1))
