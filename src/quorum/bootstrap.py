"""The composition root: the one file that reads the environment and knows the adapters."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from quorum.adapters.notify import FileNotifier
from quorum.adapters.process import (
    BrokerServer,
    FileJournal,
    LakePrices,
    ProcessExecutor,
    RemoteBroker,
    RequestClock,
    socket_path,
)
from quorum.adapters.sql import Database, Provenance, SqlAccounts, SqlDecisionLog, SqlOrders, SqlTrials
from quorum.desk import Desk, Settings, Workspace, find_workspace, recompute
from quorum.domain import (
    BrokerUnreachable,
    Clock,
    DataError,
    Money,
    NotFound,
    SystemClock,
    Timeframe,
    UsageError,
    WorkspaceError,
)
from quorum.engine import code_hash, machine
from quorum.execution import Broker, SimulatedBroker
from quorum.lake import Bars, ImportOptions, Lake
from quorum.stats import cache_kernels


def home_of(given: Path | None) -> Path | None:
    """The workspace's folder: the one given, $QUORUM_HOME, or the nearest .quorum or .crypto upwards; else None."""
    if given is not None:
        return given
    named = os.environ.get("QUORUM_HOME")
    return Path(named) if named else find_workspace(Path.cwd())


def default_home() -> Path:
    """Where a new workspace goes when nothing names another place."""
    return home_of(None) or Path.cwd() / ".quorum"


def use_kernel_cache() -> bool:
    """Keep compiled kernels in $XDG_CACHE_HOME, else ~/.cache; False when that is read-only."""
    named = os.environ.get("XDG_CACHE_HOME")
    return cache_kernels((Path(named) if named else Path.home() / ".cache") / "quorum" / "kernels")


def open_workspace(given: Path | None) -> Workspace:
    """The workspace at hand; WorkspaceError when there is none or a newer Quorum made it."""
    home = home_of(given)
    if home is None or not home.is_dir():
        where = f"at {home}" if home else "here or above"
        raise WorkspaceError(f"there is no workspace {where}", "make one with `quorum init`")
    workspace = Workspace(home.resolve())
    workspace.check_version()
    return workspace


def open_lake(workspace: Workspace) -> Lake:
    """The workspace's market data."""
    return Lake(workspace.lake, SystemClock())


def read_bars(path: Path, timeframe: Timeframe | None) -> Bars:
    """The bars of one file, without a workspace; DataError when it holds those of several symbols."""
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder), SystemClock())
        found = lake.import_path(path, ImportOptions(timeframe=timeframe)).symbols
        if len(found) != 1:
            names = ", ".join(report.symbol for report in found)
            raise DataError(f"{path} holds bars of {names}", "import it into a workspace and ask for one symbol")
        return lake.bars(found[0].symbol, found[0].timeframe, found[0].venue)


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
        executor=ProcessExecutor([sys.executable, "-P", "-m", "quorum", "task"]),
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


def run_task(name: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """A named task of a fresh process: its answer as plain values."""
    tasks = {"replay": _replay}
    if name not in tasks:
        raise NotFound(f"there is no task {name!r}", f"known are {', '.join(tasks)}")
    return tasks[name](payload)


def _replay(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    use_kernel_cache()
    return recompute(open_lake(open_workspace(Path(payload["home"]))), payload)


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
