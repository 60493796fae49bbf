"""The desk of a workspace, and its venues."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import sqlalchemy as sa

from quorum.adapters.halts import BothHalts, HaltFile
from quorum.adapters.keys import Keys
from quorum.adapters.notify import AppriseChannels, FileNotifier
from quorum.adapters.process import BrokerServer, RequestClock
from quorum.adapters.sql import Database, Provenance, SqlAccounts, SqlDecisionLog, SqlOrders, SqlTrials
from quorum.adapters.sql.coordination import (
    SqlApprovals,
    SqlCalls,
    SqlOutbox,
    SqlRunBook,
    SqlStates,
    SqlTaskBook,
    SqlTicks,
    insert_notice,
)
from quorum.adapters.sql.ledger.rates import SqlRates
from quorum.adapters.sql.life import SqlQueue, SqlResults, sql_books
from quorum.adapters.sql.trading.halts import SqlHalts
from quorum.bootstrap.emergency.card import write_card
from quorum.bootstrap.engine import LaterWorkflows, open_workflows
from quorum.bootstrap.executors import open_executor
from quorum.bootstrap.places import use_kernel_cache
from quorum.bootstrap.stores import database_url, open_database
from quorum.bootstrap.venues import Venues, listens, socket_of
from quorum.bootstrap.venues.tills import open_till
from quorum.bootstrap.workspaces import open_lake, open_vendor, open_workspace
from quorum.desk import Desk, Settings, Workspace
from quorum.desk.agents import Staff
from quorum.desk.approvals import Approval, headline
from quorum.desk.approvals import facts as approval_facts
from quorum.desk.life import Life
from quorum.desk.notices import Channels, Event, occurrence
from quorum.desk.system import ALLOWS, Moved, Person, SystemState
from quorum.desk.trading.live import Consents
from quorum.desk.work import TASKS
from quorum.domain import Clock, Severity, SystemClock, UsageError, plain
from quorum.engine import code_hash, machine
from quorum.validation.life import Candidate

_LOG = logging.getLogger("quorum.sources")


def open_desk(given: Path | None = None, clock: Clock | None = None) -> Desk:
    """The desk of a workspace, its database brought up to date; `clock` is the machine's unless one is given."""
    workspace = open_workspace(given)
    return put_together(workspace, open_database(workspace), clock)


def put_together(workspace: Workspace, database: Database, clock: Clock | None = None) -> Desk:
    """The desk over a database that is open; the engine is opened when it is first asked."""
    use_kernel_cache()
    settings = workspace.settings()
    wall = SystemClock()
    provenance = Provenance(code_hash(), machine())
    lake = open_lake(workspace)
    accounts = SqlAccounts(database, wall, provenance, settings.accounts.rate_hours)
    runs = SqlRunBook(database, wall)
    queue = SqlQueue(database, wall, provenance, _published_queue(wall))
    approvals = SqlApprovals(database, clock or wall, provenance, _published_approval(wall))
    life = Life(queue, queue, SqlResults(database, wall), sql_books(database, wall))
    consents = Consents(life.books.deployments, approvals)
    venues = Venues(workspace, settings, lake, accounts, database, consents)
    desk = Desk(
        workspace=workspace,
        settings=settings,
        clock=clock or wall,
        lake=lake,
        decisions=SqlDecisionLog(database, wall, provenance),
        accounts=accounts,
        orders=SqlOrders(database),
        rates=SqlRates(database),
        till=open_till(workspace, settings, accounts),
        trials=SqlTrials(database, wall),
        broker=venues.broker,
        hours=venues.hours,
        updates=venues.updates,
        vendors=lambda source, symbol: open_vendor(workspace, source, symbol, _LOG.info),
        halts=BothHalts(HaltFile(workspace.home / "state" / "halts.json"), SqlHalts(database, wall, provenance)),
        executor=open_executor(),
        notifier=_notifications(workspace),
        rows=database.snapshot,
        staff=Staff(settings.agents.rules(), SqlCalls(database), SqlTaskBook(database, wall)),
        approvals=approvals,
        outbox=SqlOutbox(database, wall),
        channels=open_channels(workspace, settings),
        states=SqlStates(database, wall, provenance, _published_move(wall)),
        ticks=SqlTicks(database, wall),
        runs=runs,
        workflows=LaterWorkflows(lambda: open_workflows(workspace, runs)),
        life=life,
        tasks=TASKS,
    )
    write_card(desk, database_url() is not None, plain(provenance))
    return desk


def open_channels(workspace: Workspace, settings: Settings) -> Channels:
    """The ways to people that notifications.yaml names; a key is looked for when it is needed."""
    section = settings.notifications
    keys, log = Keys(os.environ, workspace.home), _notifications(workspace)
    return AppriseChannels(section.addresses(), keys, log, section.timeout_seconds)


def _notifications(workspace: Workspace) -> FileNotifier:
    return FileNotifier(workspace.home / "logs" / "notifications.jsonl", SystemClock())


def _published_approval(clock: Clock) -> Callable[[sa.Connection, str, Approval], None]:
    def publish(connection: sa.Connection, event: str, approval: Approval) -> None:
        found = approval_facts(approval)
        key = f"{approval.approval_id}/1" if event == Event.APPROVAL_REMINDER else approval.approval_id
        told = {**found, "key": key, "summary": headline(approval)}
        insert_notice(connection, occurrence(event, told), clock.now())

    return publish


def _published_queue(clock: Clock) -> Callable[[sa.Connection, Sequence[Candidate], int], None]:
    def publish(connection: sa.Connection, new: Sequence[Candidate], waiting: int) -> None:
        names = [candidate.strategy_id for candidate in new]
        told = {"strategies": names, "pending": waiting, "key": names[0]}
        summary = f"{', '.join(names)}: queued, {waiting} wait to be validated"
        insert_notice(connection, occurrence(Event.STRATEGY_QUEUED, {**told, "summary": summary}), clock.now())

    return publish


def _published_move(clock: Clock) -> Callable[[sa.Connection, Moved], None]:
    def publish(connection: sa.Connection, moved: Moved) -> None:
        event = _event_of(moved)
        worse = {"severity": Severity.YELLOW} if moved.state is SystemState.DEGRADED else {}
        facts = {"state": moved.state.value, "by": moved.by.name, "reason": moved.reason, **worse}
        told = {**facts, "key": f"{moved.state}/{moved.at}", "summary": f"the desk is {moved.state}: {moved.reason}"}
        insert_notice(connection, occurrence(event, told), moved.at)

    return publish


def _event_of(moved: Moved) -> Event:
    if moved.state is SystemState.HALTED:
        return Event.HALTED
    resumed = isinstance(moved.by, Person) and ALLOWS[moved.state].opens
    return Event.RESUMED if resumed else Event.SYSTEM_STATE_CHANGED


def serve_broker(given: Path | None, account: str) -> BrokerServer:
    """The simulated venue of an account, ready to serve in this process until it is stopped."""
    workspace = open_workspace(given)
    settings = workspace.settings()
    path = socket_of(workspace, account)
    if listens(path):
        raise UsageError(f"the venue of account {account} is already served", "stop the other one first")
    clock = RequestClock(0)
    database = open_database(workspace)
    desk_accounts = SqlAccounts(database, SystemClock(), Provenance(code_hash(), machine()))
    venues = Venues(workspace, settings, open_lake(workspace), desk_accounts, database)
    return BrokerServer(path, venues.simulated(account, clock), clock)


def schema_of(database: Path) -> str:
    """The revision of a database file's schema; a QuorumError when it cannot be read or is too new."""
    return Database(database).known_revision() or "none yet"
