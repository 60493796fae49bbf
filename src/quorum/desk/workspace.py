"""The workspace: where it is, what lies in it, and how files in it are written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from quorum.desk.agents.roster import AGENTS_YAML
from quorum.desk.settings import (
    AccountsFile,
    AgentsFile,
    ConsensusFile,
    CoordinatorFile,
    EventsFile,
    ExecutionFile,
    InstrumentsFile,
    NotificationsFile,
    RiskFile,
    ScheduleFile,
    closest,
    place,
    read_document,
    read_settings,
    yaml_with_comments,
)
from quorum.desk.settings.coordinator import COORDINATOR_YAML
from quorum.desk.settings.events import EVENTS_YAML
from quorum.desk.settings.host import read_host_risk
from quorum.desk.settings.notices import NOTIFICATIONS_YAML
from quorum.desk.settings.schedule import SCHEDULE_YAML
from quorum.desk.settings.trading import RISK_YAML
from quorum.domain import ConfigError, WorkspaceError

VERSION = 1
MARKER = "workspace.yaml"
NAMES = (".quorum", ".crypto")
FOLDERS = (
    *(
        "config",
        "config/workflows",
        "pipeline",
        "knowledge/strategies",
        "discovery",
        "live-monitoring",
        "portfolio-rebalance",
    ),
    *("state/signals", "state/features", "state/consensus", "state/risk", "state/workflows", "state/decisions"),
    *("state/system", "state/trades", "data", "backtests", "outputs", "models", "logs", "lake"),
)
_ACCOUNTS = """\
# Accounts: the book whose limits hold, the currency, and the cash paid in when the account is opened.
reporting_currency: USD         # what all accounts are added up in
rate_hours: 24                  # how old a rate between currencies may be
accounts:
  paper: {book: crypto, currency: USDT, cash: 100000}
  paper-usd: {book: equities, currency: USD, cash: 100000}
"""
_EXECUTION = """\
# The simulated venue that paper accounts trade at.
simulated_venue:
  fee_bps: 10
  slippage_bps: 2
  max_volume_share: 0.1         # of a bar's volume, at most, fills at once
  process: in_process           # or own_process, started by `quorum broker serve`
# How long a strategy is on paper before it may be asked whether it may trade real money.
going_live: {calendar_days: 30, trading_days: 20}
# What is done where our books and the venue's differ and nothing explains it.
reconciliation:
  foreign_orders: halt          # leave, cancel, or halt the account
  foreign_positions: halt       # or adopt
  cash: halt                    # or adopt
  dust_lots: 0                  # a holding may be off by so many lots
  cash_tolerance: 0.01
  patience_seconds: 120         # so long an order without an answer may be the difference
  look_back_hours: 48           # orders that ended since are asked for late fills
  every_minutes: 15
"""
_INSTRUMENTS = """\
# Steps of quantity; the step of the price comes from the prices unless it is given here.
crypto_lot: 0.00001
equity_lot: 1
symbols: {}                     # BTCUSDT: {tick: 0.01, lot: 0.00001, min_notional: 5}
"""
_CONSENSUS = """\
# Who votes on a signal, and how the votes are counted.
consensus:
  voting_method: weighted
  pool: file4                   # or score, log_odds, hedge
  required_participants: [%s]
  optional_participants: [%s]
  may_replace: {}               # {microstructure: smc}: who may stand in for a required one that is away
  approval_threshold: 0.6
  veto_agents: [risk-manager]
  timeout_seconds: 30
  weights: {smc: 0.35, ml_model: 0.40, microstructure: 0.25}
  unlisted_weight: 0.2          # of a participant without a weight
  weights_from: fixed           # or reliability: each source's record of the last days
  escalate_if_confidence_difference_below: 0.15
  min_confidence: {default: 0.5, smc: 0.4}
  min_reward_risk: 1.0
  tier_c_size: 0                # share of the normal size for signals of tier C; 0 trades A and B only
  conflict_resolution:
    signal_conflict: {strategy: strongest_wins, fallback: no_trade}
    risk_vs_signal: {strategy: risk_always_wins}
    model_vs_discretionary:
      strategy: defer_to_model  # nothing is traded against the model's view, but in
      exceptions: [extreme_market_conditions, news_events]
"""


@dataclass(frozen=True, slots=True)
class Settings:
    """Every configuration file, read once."""

    consensus: ConsensusFile
    risk: RiskFile
    accounts: AccountsFile
    execution: ExecutionFile
    instruments: InstrumentsFile
    agents: AgentsFile
    notifications: NotificationsFile
    schedule: ScheduleFile
    coordinator: CoordinatorFile
    events: EventsFile


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder that holds a desk."""

    home: Path

    @property
    def database(self) -> Path:
        return self.home / "desk.db"

    @property
    def lake(self) -> Path:
        return self.home / "lake"

    @property
    def config(self) -> Path:
        return self.home / "config"

    def settings(self) -> Settings:
        """Read config/; ConfigError points at the line that is wrong."""
        folder = self.config
        if folder.exists() and not folder.is_dir():
            raise ConfigError(f"{folder} is no folder", "move it away; `quorum init` makes the folder")
        settings = Settings(
            read_settings(folder / "consensus.yaml", ConsensusFile),
            read_host_risk(self.home).book(read_settings(folder / "risk.yaml", RiskFile)),
            read_settings(folder / "accounts.yaml", AccountsFile),
            read_settings(folder / "execution.yaml", ExecutionFile),
            read_settings(folder / "instruments.yaml", InstrumentsFile),
            read_settings(folder / "agents.yaml", AgentsFile),
            read_settings(folder / "notifications.yaml", NotificationsFile),
            read_settings(folder / "schedule.yaml", ScheduleFile),
            read_settings(folder / "coordinator.yaml", CoordinatorFile),
            read_settings(folder / "events.yaml", EventsFile),
        )
        self._check_books(settings)
        return settings

    def _check_books(self, settings: Settings) -> None:
        """ConfigError for an account whose book has no limits."""
        path, books = self.config / "accounts.yaml", settings.risk.books
        for name, account in settings.accounts.accounts.items():
            if account.book not in books:
                where = place(path, read_document(path), ("accounts", name, "book"))
                raise ConfigError(
                    f"{where}: account {name!r} is in book {account.book!r}, which has no limits"
                    f"{closest(account.book, books)}",
                    f"add it to risk.yaml, which has {', '.join(sorted(books)) or 'none'}",
                )

    @property
    def made(self) -> bool:
        """Whether the folder is a workspace by its own word, the file workspace.yaml."""
        return (self.home / MARKER).exists()

    def must_be(self) -> None:
        """WorkspaceError unless the folder is a workspace, made by this version of Quorum or an older one."""
        self.check_version()
        if not self.made:
            remedy = f"make it one with `quorum init --home {self.home}`, or name another folder"
            raise WorkspaceError(f"{self.home} is no workspace: it has no {MARKER}", remedy)

    def check_version(self) -> None:
        """WorkspaceError when a newer version of Quorum made this workspace, or when it is damaged."""
        marker = self.home / MARKER
        document = read_document(marker)
        if document is None and not marker.exists():
            return
        found = document.get("version") if isinstance(document, dict) else None
        if not isinstance(found, int) or isinstance(found, bool):
            raise WorkspaceError(f"{marker} names no version", f"write `version: {VERSION}` into it")
        if found > VERSION:
            raise WorkspaceError(
                f"workspace {self.home} has version {found}, this quorum knows up to {VERSION}", "upgrade quorum"
            )


def find_workspace(start: Path) -> Path | None:
    """The nearest .quorum or .crypto folder from `start` upwards, or None."""
    for folder in (start, *start.parents):
        for name in NAMES:
            if (folder / name).is_dir():
                return folder / name
    return None


def make_workspace(home: Path, participants: Sequence[str] | None) -> tuple[Path, ...]:
    """Make folders and configuration files that are not there yet; the paths made.

    `participants` become the required ones of consensus.yaml, also in a workspace that exists; the default is
    file 4's. What is there already stays as it is.
    """
    Workspace(home).check_version()
    consensus = home / "config" / "consensus.yaml"
    asked = participants if participants is not None and consensus.exists() else None
    if asked is not None:
        read_settings(consensus, ConsensusFile)
    made: list[Path] = []
    try:
        for folder in FOLDERS:
            _make_folder(home / folder, made)
        files = [path for path, text in _files(home, participants) if _make_file(path, text, made)]
        if asked is not None:
            _require(consensus, asked)
    except OSError as error:
        _take_back(made)
        raise WorkspaceError(
            f"workspace {home}: {error.strerror or error}", "choose a folder that you may write with --home"
        ) from error
    return (*files, *(() if asked is None else (consensus,)))


def _make_folder(folder: Path, made: list[Path]) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent, made)
        folder.mkdir(exist_ok=True)
        made.append(folder)


def _make_file(path: Path, text: str, made: list[Path]) -> bool:
    if path.exists():
        return False
    write_text(path, text)
    made.append(path)
    return True


def _take_back(made: list[Path]) -> None:
    """Remove what was made before the disk refused, so that half a workspace is left nowhere."""
    for path in reversed(made):
        if path.is_dir():
            with suppress(OSError):  # another process has put something there: the folder is its own now
                path.rmdir()
        else:
            path.unlink(missing_ok=True)


def _files(home: Path, participants: Sequence[str] | None) -> tuple[tuple[Path, str], ...]:
    required = ", ".join(participants if participants is not None else ("smc", "ml_model"))
    optional = "" if participants is not None else "microstructure"
    from quorum.desk.settings.life import life_files  # its rooms load much that nothing else of a workspace needs

    config = home / "config"
    return (
        (home / MARKER, f"version: {VERSION}\n"),
        (config / "consensus.yaml", _CONSENSUS % (required, optional)),
        (config / "risk.yaml", RISK_YAML),
        (config / "accounts.yaml", _ACCOUNTS),
        (config / "execution.yaml", _EXECUTION),
        (config / "instruments.yaml", _INSTRUMENTS),
        (config / "agents.yaml", AGENTS_YAML),
        (config / "notifications.yaml", NOTIFICATIONS_YAML),
        (config / "schedule.yaml", SCHEDULE_YAML),
        (config / "coordinator.yaml", COORDINATOR_YAML),
        (config / "events.yaml", EVENTS_YAML),
        *((config / name, text) for name, text in life_files().items()),
    )


def _require(path: Path, participants: Sequence[str]) -> None:
    """Put the participants into an existing file, keeping its other keys and comments."""
    yaml, text = yaml_with_comments(), StringIO()
    document: Any = read_document(path)
    if document is None:
        text.write(path.read_text(encoding="utf-8").rstrip("\n") + "\n")
        document = CommentedMap()
    section = document.setdefault("consensus", CommentedMap())
    optional = [name for name in section.get("optional_participants", ()) if name not in participants]
    for key, names in (("required_participants", participants), ("optional_participants", optional)):
        line = section.setdefault(key, CommentedSeq())
        line[:] = names
        line.fa.set_flow_style()
    yaml.dump(document, text)
    write_text(path, text.getvalue().lstrip("\n"))


def write_text(path: Path, text: str, *, durable: bool = True) -> None:
    """Write a file so that a reader sees the old text or the new one, and never a part.

    One that is not `durable` may be the old one again after a power loss: fit for a view, which can be made anew.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        try:
            left = text.encode()
            while left:
                left = left[os.write(handle, left) :]
            if durable:
                os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
