"""The desk of a workspace, and its venues."""

from __future__ import annotations

from pathlib import Path

from quorum.adapters.notify import FileNotifier
from quorum.adapters.process import (
    BrokerServer,
    FileJournal,
    LakePrices,
    RemoteBroker,
    RequestClock,
    socket_path,
)
from quorum.adapters.sql import Database, Provenance, SqlAccounts, SqlDecisionLog, SqlOrders, SqlTrials
from quorum.bootstrap import workers
from quorum.bootstrap.places import use_kernel_cache
from quorum.bootstrap.workspaces import open_lake, open_workspace
from quorum.desk import Desk, Settings, Workspace
from quorum.domain import BrokerUnreachable, Clock, Money, SystemClock, UsageError
from quorum.engine import code_hash, machine
from quorum.execution import Broker, SimulatedBroker
from quorum.lake import Lake


def open_desk(given: Path | None = None, clock: Clock | None = None) -> Desk:
    """The desk of a workspace, its database brought up to date; `clock` is the machine's unless one is given."""
    use_kernel_cache()
    workspace = open_workspace(given)
    settings = workspace.settings()
    database = _database(workspace)
    wall = SystemClock()
    provenance = Provenance(code_hash(), machine())
    lake = open_lake(workspace)
    accounts = SqlAccounts(database, wall, provenance)
    return Desk(
        workspace=workspace,
        settings=settings,
        clock=clock or wall,
        lake=lake,
        decisions=SqlDecisionLog(database, wall, provenance),
        accounts=accounts,
        orders=SqlOrders(database),
        trials=SqlTrials(database, wall),
        broker=_Venues(workspace, settings, lake, accounts).broker,
        executor=workers.open_executor(),
        notifier=FileNotifier(workspace.home / "logs" / "notifications.jsonl", wall),
        rows=database.rows,
    )


def serve_broker(given: Path | None, account: str) -> BrokerServer:
    """The simulated venue of an account, ready to serve in this process until it is stopped."""
    workspace = open_workspace(given)
    settings = workspace.settings()
    path = _socket(workspace, account)
    if _listens(path):
        raise UsageError(f"the venue of account {account} is already served", "stop the other one first")
    clock = RequestClock(0)
    desk_accounts = SqlAccounts(_database(workspace), SystemClock(), Provenance(code_hash(), machine()))
    venues = _Venues(workspace, settings, open_lake(workspace), desk_accounts)
    return BrokerServer(path, venues.simulated(account, clock), clock)


def schema_of(database: Path) -> str:
    """The revision of a database file's schema; a QuorumError when it cannot be read or is too new."""
    return Database(database).known_revision() or "none yet"


def _database(workspace: Workspace) -> Database:
    database = Database(workspace.database)
    database.migrate()
    return database


class _Venues:
    """The venues of a workspace's accounts; each simulated one is opened once and tells time by the caller's clock."""

    def __init__(self, workspace: Workspace, settings: Settings, lake: Lake, accounts: SqlAccounts) -> None:
        self._workspace = workspace
        self._settings = settings
        self._lake = lake
        self._accounts = accounts
        self._open: dict[str, SimulatedBroker] = {}

    def broker(self, account: str, clock: Clock) -> Broker:
        """The door to the account's venue, in this process or in its own."""
        if self._settings.execution.simulated_venue.process == "own_process":
            return RemoteBroker(_socket(self._workspace, account), clock)
        return self.simulated(account, clock)

    def simulated(self, account: str, clock: Clock) -> SimulatedBroker:
        """The account's venue in this process; UsageError for an account that is not configured."""
        if account not in self._open:
            self._open[account] = self._opened(account, clock)
        return self._open[account].on(clock)

    def _opened(self, account: str, clock: Clock) -> SimulatedBroker:
        configured = self._settings.accounts.accounts
        if account not in configured:
            raise UsageError(f"there is no account {account!r}", f"there are {', '.join(configured)}")
        section = configured[account]
        prices = LakePrices(self._lake)
        return SimulatedBroker(
            FileJournal(self._workspace.home / "venue" / f"{account}.jsonl"),
            prices,
            clock,
            self._settings.execution.simulated_venue.costs(),
            self._accounts.paid_in(account) or Money(section.cash, section.currency),
            lambda symbol: self._settings.instruments.instrument(prices.series(symbol, 0)),
        )


def _socket(workspace: Workspace, account: str) -> Path:
    return socket_path(workspace.home / account)


def _listens(path: Path) -> bool:
    if not path.exists():
        return False
    try:
        RemoteBroker(path, SystemClock(), timeout=2.0).account()
    except BrokerUnreachable:
        return False
    return True
