"""The composition root: the one file that reads the environment and knows the adapters."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from quorum.adapters.notify import FileNotifier
from quorum.adapters.process import (
    ArrayFolder,
    Beat,
    BrokerServer,
    FileJournal,
    LakePrices,
    ProcessExecutor,
    RemoteBroker,
    RequestClock,
    Task,
    called,
    mapped,
    serve,
    socket_path,
)
from quorum.adapters.ray import RayExecutor
from quorum.adapters.sql import Database, Provenance, SqlAccounts, SqlDecisionLog, SqlOrders, SqlTrials
from quorum.desk import Desk, Settings, Workspace, find_workspace, recompute
from quorum.desk.settings import SourcesFile, read_settings
from quorum.domain import (
    BrokerUnreachable,
    Clock,
    DataError,
    Limits,
    Money,
    SystemClock,
    Timeframe,
    UsageError,
    WorkspaceError,
)
from quorum.engine import Elsewhere, Trials, code_hash, machine
from quorum.engine.sweeps import work
from quorum.execution import Broker, SimulatedBroker
from quorum.lake import Bars, ImportOptions, Lake
from quorum.lake.pull import BarVendor
from quorum.signals import AnyStrategy, ConsensusRules, find_strategy
from quorum.stats import cache_kernels
from quorum.validation.lookahead.apart import examine_here, witness_here

NURSERY = ("-P", "-c", "from quorum.bootstrap import serve_tasks; serve_tasks()")
RAY_SETTINGS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}


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


def lab(strategy: str | AnyStrategy, home: str | Path | None) -> tuple[AnyStrategy, Trials | None]:
    """What a backtest from Python needs: the strategy, and where trials are counted, None without a home."""
    use_kernel_cache()
    where = None if home is None else Path(home)
    rules = ConsensusRules(required=("smc", "momentum"), optional=()) if where is None else consensus_rules(where)
    rule = find_strategy(strategy, rules) if isinstance(strategy, str) else strategy
    return rule, None if where is None else SqlTrials(_database(open_workspace(where)), SystemClock())


def open_trials(path: Path) -> Trials:
    """A store of trials alone, in the database file at `path`."""
    database = Database(path)
    database.migrate()
    return SqlTrials(database, SystemClock())


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


def open_vendor(
    workspace: Workspace, source: str, symbol: str, tell: Callable[[str], None], from_trades: bool = False
) -> BarVendor:
    """The source called `source`, ready to be asked for bars of `symbol`; its settings are config/sources.yaml's."""
    from quorum.adapters.keys import Keys
    from quorum.adapters.vendors import Bench, vendor

    settings = read_settings(workspace.config / "sources.yaml", SourcesFile)
    keys = Keys(os.environ, workspace.home)
    return vendor(source, Bench(settings, keys, SystemClock(), symbol, from_trades, tell))


def read_bars(path: Path, options: ImportOptions) -> Bars:
    """The bars of one file, without a workspace; DataError when it holds those of several symbols."""
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder), SystemClock())
        found = lake.import_path(path, options).symbols
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
        executor=open_executor(),
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


def consensus_rules(given: Path | None) -> ConsensusRules:
    """The rules of the vote as the workspace has them, the default ones where there is no workspace."""
    home = home_of(given)
    if home is None or not home.is_dir():
        return ConsensusRules()
    return open_workspace(home).settings().consensus.consensus.rules()


def schema_of(database: Path) -> str:
    """The revision of a database file's schema; a QuorumError when it cannot be read or is too new."""
    return Database(database).known_revision() or "none yet"


def open_executor() -> ProcessExecutor:
    """Tasks in other processes, in which no library starts threads of its own."""
    single = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    fresh = [sys.executable, "-P", "-m", "quorum", "task"]
    return ProcessExecutor(fresh, [sys.executable, *NURSERY], {**os.environ, **single})


def open_cluster(address: str | None = None) -> RayExecutor:
    """Tasks on a Ray cluster; without an address on one of this machine's own, reached by loopback only."""
    if address is None:
        for name, value in RAY_SETTINGS.items():
            os.environ.setdefault(name, value)
    return RayExecutor(NURSERY, address)


ENGINES = ("inline", "process", "ray")


@contextmanager
def open_elsewhere(engine: str, limits: Limits, strategy: str, home: Path | None) -> Iterator[Elsewhere | None]:
    """Where a sweep's combinations run: None for this process, else its own processes or a Ray cluster on loopback.

    UsageError for another engine's name; QuorumError when Ray is not installed.
    """
    if engine not in ENGINES:
        raise UsageError(f"there is no engine {engine!r}", f"choose one of {', '.join(ENGINES)}")
    if engine == "inline":
        yield None
        return
    with open_executor() if engine == "process" else open_cluster() as executor, ArrayFolder() as arrays:
        yield Elsewhere(executor, limits, arrays.put, strategy, None if home is None else str(home))


def serve_tasks() -> None:
    """Fork a worker of the named tasks whenever the process at standard input asks for one, until it is gone."""
    use_kernel_cache()
    serve(_TASKS)


def run_task(name: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """A named task of a fresh process: its answer as plain values."""
    return called(_TASKS, name, payload, lambda share: None)


def _replay(payload: Mapping[str, Any], beat: Beat) -> Mapping[str, Any]:
    use_kernel_cache()
    return recompute(open_lake(open_workspace(Path(payload["home"]))), payload)


def _sweep(payload: Mapping[str, Any], beat: Beat) -> Mapping[str, Any]:
    use_kernel_cache()
    home = None if payload["home"] is None else Path(payload["home"])
    return work(payload, find_strategy(payload["strategy"], consensus_rules(home)), mapped, beat)


def _examine(payload: Mapping[str, Any], beat: Beat) -> Mapping[str, Any]:
    with redirect_stdout(sys.stderr):
        return examine_here(*_examined(payload), payload)


def _witness(payload: Mapping[str, Any], beat: Beat) -> Mapping[str, Any]:
    with redirect_stdout(sys.stderr):
        return witness_here(*_examined(payload), payload)


def _examined(payload: Mapping[str, Any]) -> tuple[AnyStrategy, list[Bars]]:
    """The strategy that a payload names, and the bars of its symbols."""
    use_kernel_cache()
    home = None if payload["home"] is None else Path(payload["home"])
    strategy = find_strategy(payload["strategy"], consensus_rules(home))
    if not payload["symbols"]:
        return strategy, []
    lake, length = open_lake(open_workspace(home)), Timeframe.parse(payload["timeframe"])
    return strategy, [lake.bars(symbol, length, payload["venue"]) for symbol in payload["symbols"]]


_TASKS: Mapping[str, Task] = {"examine": _examine, "replay": _replay, "sweep": _sweep, "witness": _witness}


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
