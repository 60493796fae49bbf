"""The worker: the process that runs workflows, with its engine, its team and its warm pool."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa

from quorum.adapters.dbos import Engine, open_system, run_bare
from quorum.adapters.process.pool import Pool
from quorum.adapters.process.roles import FileLock
from quorum.adapters.sql import Database
from quorum.adapters.sql.coordination import Leases, SqlPost
from quorum.bootstrap.desk import put_together
from quorum.bootstrap.executors import open_pool
from quorum.bootstrap.leases import Right, take_right
from quorum.bootstrap.stores import database_url, engine_place, open_database
from quorum.bootstrap.workspaces import open_workspace
from quorum.desk import Desk, Workspace
from quorum.desk.approvals import tell
from quorum.desk.notices import deliver, occurrence
from quorum.desk.running import Compiled, ask_again, protocols_of, tell_exhausted
from quorum.desk.team import CANCELLED, Hands, Team, rebuild, refuse_late
from quorum.desk.workflows import Durable
from quorum.desk.workflows.interpret import interpret
from quorum.domain import Clock, QuorumError, SystemClock

LOGGER = logging.getLogger("quorum.worker")
AGENTS = ("-P", "-c", "from quorum.bootstrap import serve_agents; serve_agents()")
WARM = "warm"
JUST_ENDED = 20
INTERPRETERS = {1: interpret}
"""Every interpreter that runs may still be under way with; one that has been released stays here."""


class Worker:
    """Runs workflows until it is closed. What an earlier worker of the workspace left unfinished goes on."""

    def __init__(self, desk: Desk, database: Database, right: Right, hands: Hands) -> None:
        self.desk = desk
        self._database = database
        self._right = right
        self._hands = hands
        self._compiled = Compiled(protocols_of(desk))
        self.team = Team(desk, hands)
        section = desk.settings.coordinator.worker
        system = open_system(engine_place(desk.workspace), right.guard)
        self.engine = Engine(system, right.executor, self._body, section.runs_at_once)
        self._grace = round(section.grace_seconds)
        self._closing = False
        self._unwatch: Callable[[], None] = lambda: None
        self.watch_writes(refuse_late)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def executor(self) -> str:
        """The name under which it runs workflows."""
        return self._right.executor

    def alone(self) -> bool:
        """Whether no other worker is at work over the same database."""
        return self._right.alone()

    def start(self) -> None:
        """Go on with what was left, and take what is asked for.

        A worker that died just after a run had ended may have left documents of it unwritten: they are written now.
        """
        rebuild(self.desk, self._compiled, JUST_ENDED)
        self.engine.start()
        self._unwatch = self._right.watch(self.engine)
        ask_again(self.desk.runs, self.desk.workflows, self.desk.clock)
        tell(self.desk.approvals, self.desk.workflows)
        tell_exhausted(self.desk)

    def warm(self) -> None:
        """Let every process of the pool load what agents need, so that their first call is as fast as any."""
        self._hands.warm(WARM, {"home": str(self.desk.workspace.home)})

    def watch_writes(self, watch: Callable[[sa.Connection], None]) -> None:
        """Have `watch` called at the beginning of each write to the desk's database, before the fence."""
        fence = self._database.fence

        def both(connection: sa.Connection) -> None:
            watch(connection)
            if fence is not None:
                fence(connection)

        self._database.fence = both

    def run(self, identity: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Run here and now, to the end, its documents written."""
        answer = self.engine.run(identity, request)
        self.team.flush(identity)
        return answer

    def deliver(self) -> None:
        """Send the notices that are due, where no scheduler's process does."""
        desk = self.desk
        deliver(SqlPost(self._database, desk.clock), desk.channels, desk.settings.notifications.policy(), desk.clock)

    def run_bare(self, identity: str) -> None:
        """Run what the engine is measured against: six steps that do nothing, on its library alone."""
        run_bare(identity)

    def close(self, grace_seconds: int | None = None) -> None:
        """Let running steps end for a while, then stop; the rest goes on with the next worker."""
        self._closing = True
        self._unwatch()
        self.engine.close(self._grace if grace_seconds is None else grace_seconds)
        self.team.close()
        self._hands.close()
        self._right.release()

    def _body(self, run: Durable, request: Mapping[str, Any]) -> Mapping[str, Any]:
        number, told = request["interpreter"], {"workflow_id": run.identity, "workflow": request["workflow"]}
        LOGGER.info("run_begun", extra=told)
        try:
            if number not in INTERPRETERS:
                raise QuorumError(f"run {run.identity} needs interpreter {number}", "upgrade quorum")
            end = INTERPRETERS[number](self._compiled.of(request), request, run, self.team)
            LOGGER.info("run_ended", extra={**told, "status": end["status"], "reason": end["reason"]})
            return end
        except Exception as error:
            if not self._closing:
                LOGGER.warning("run_failed", extra={**told, "reason": str(error)})
            self._ended_early(run.identity, f"the run failed: {error}")
            raise
        except BaseException:  # how the engine ends a run that was cancelled, or that another worker has
            if not self._closing and self.desk.workflows.run(run.identity)[0].status == "cancelled":
                self._ended_early(run.identity, CANCELLED)
            raise

    def _ended_early(self, identity: str, why: str) -> None:
        """Documents that will not come say why; a worker that stops leaves them to the next one."""
        if not self._closing:
            with suppress(QuorumError):
                self.team.ended_early(self._compiled, identity, why)


def open_worker(given: Path | None = None, clock: Clock | None = None, hands: Hands | None = None) -> Worker | None:
    """A worker of the workspace, not started yet; None when another process of this machine is its worker.

    Its agents work in a warm pool of processes, unless other `hands` are given.
    """
    workspace = open_workspace(given)
    database = open_database(workspace)
    desk = put_together(workspace, database, clock)

    def lost(event: str, executor: str) -> None:
        facts = {
            "executor": executor,
            "key": f"{event}/{executor}",
            "summary": f"{executor}: {event.replace('_', ' ')}",
        }
        desk.outbox.raise_(occurrence(event, facts))

    seconds = desk.settings.coordinator.worker.lease_seconds
    right = take_right(workspace.home, database_url(), database, seconds, lost)
    if right is None:
        return None
    return Worker(desk, database, right, hands or open_hands(desk.settings.coordinator.worker.pool))


def open_hands(size: int | None = None) -> Pool:
    """A warm pool of processes that do agents' tasks, one a core without a size."""
    return open_pool(AGENTS, size)


def works_elsewhere(given: Path | None = None) -> bool:
    """Whether a worker of the workspace is at work, here or on another machine."""
    return workers_of(open_workspace(given))()


def workers_of(workspace: Workspace) -> Callable[[], bool]:
    """Tells, as often as it is asked, whether a worker of the workspace is at work."""
    if database_url() is None:
        lock = FileLock(workspace.home / "worker.lock")
        return lambda: lock.holder() is not None
    leases = Leases(open_database(workspace), SystemClock(), 1.0)
    return lambda: bool(leases.living())
