"""The doors to the venues of a workspace's accounts."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from quorum.adapters.alpaca.trading import AlpacaBroker, Clockwork, Line, TradeUpdates, open_line
from quorum.adapters.keys import Keys
from quorum.adapters.process import FileJournal, LakePrices, RemoteBroker, socket_path
from quorum.adapters.sql import Database, SqlAccounts, SqlOrders
from quorum.bootstrap.venues.real import Agreed, permit_of
from quorum.desk import Settings, Workspace
from quorum.desk.settings.trading import AccountSection
from quorum.desk.trading.live import Consents
from quorum.domain import BrokerUnreachable, Clock, Money, NotFound, SystemClock, UsageError
from quorum.execution import Broker, SimulatedBroker
from quorum.execution.hours import Hours, RoundTheClock
from quorum.lake import Lake

_LOG = logging.getLogger("quorum.venues")


class Venues:
    """The venues of a workspace's accounts; each one is opened once and tells time by the caller's clock."""

    def __init__(
        self,
        workspace: Workspace,
        settings: Settings,
        lake: Lake,
        accounts: SqlAccounts,
        database: Database,
        consents: Consents | None = None,
    ) -> None:
        """Without `consents` nothing leaves for real money."""
        self._workspace = workspace
        self._settings = settings
        self._lake = lake
        self._accounts = accounts
        self._orders = SqlOrders(database)
        self._consents = consents
        self._simulated: dict[str, SimulatedBroker] = {}
        self._alpaca: dict[str, AlpacaBroker] = {}
        self._lines: dict[str, Line] = {}

    def broker(self, account: str, clock: Clock) -> Broker:
        """The door to the account's venue, in this process or elsewhere; UsageError for an unknown account."""
        section = self._section(account)
        if section.venue == "alpaca":
            door = self.alpaca(account, clock)
            return Agreed(door, self._consents, section) if section.live and self._consents else door
        if self._settings.execution.simulated_venue.process == "own_process":
            return RemoteBroker(socket_of(self._workspace, account), clock)
        return self.simulated(account, clock)

    def simulated(self, account: str, clock: Clock) -> SimulatedBroker:
        """The account's simulated venue in this process; UsageError for an account whose venue is another one."""
        section = self._section(account)
        if section.venue != "simulated":
            raise UsageError(f"account {account} trades at {section.venue}", "serve an account at the simulated venue")
        if account not in self._simulated:
            self._simulated[account] = self._opened(account, section, clock)
        return self._simulated[account].on(clock)

    def alpaca(self, account: str, clock: Clock) -> AlpacaBroker:
        """The account's door to Alpaca; ConfigError for its keys.

        Of an account with real money each request is NeedsApproval unless two approvals stand behind it.
        """
        if account not in self._alpaca:
            self._alpaca[account] = AlpacaBroker(self._line(account), clock, self._expiry)
        return self._alpaca[account].on(clock)

    def hours(self, account: str, clock: Clock) -> Hours:
        """When the account's venue trades, and what may be bought there."""
        if self._section(account).venue == "alpaca":
            return Clockwork(self._line(account), clock)
        return RoundTheClock()

    def updates(
        self, account: str, heard: Callable[[str], object], look: Callable[[], bool]
    ) -> AbstractContextManager[object]:
        """A listener to the account's trade updates while a `with` lasts; nothing at a venue that sends none.

        `heard` and `look` as in TradeUpdates; both are called in a thread of its own.
        """
        section = self._section(account)
        if section.venue != "alpaca":
            return nullcontext()
        line = self._line(account)
        if section.live:
            self._permit(account, section)()
        return TradeUpdates(line.base, line.keys, heard, look, tell=_LOG.warning)

    def _line(self, account: str) -> Line:
        """The account's line, opened once."""
        if account not in self._lines:
            section = self._section(account)
            keys = Keys(os.environ, self._workspace.home)
            references = (section.keys.key, section.keys.secret)
            permit = self._permit(account, section) if section.live else None
            self._lines[account] = open_line(account, section.host, references, keys, SystemClock(), permit)
        return self._lines[account]

    def _permit(self, account: str, section: AccountSection) -> Callable[[], None]:
        return permit_of(self._workspace.home, account, section, self._consents)

    def _section(self, account: str) -> AccountSection:
        configured = self._settings.accounts.accounts
        if account not in configured:
            raise UsageError(f"there is no account {account!r}", f"there are {', '.join(configured)}")
        return configured[account]

    def _expiry(self, client_order_id: str) -> int | None:
        """Until when an order of ours was approved; None for one that is not ours."""
        try:
            return self._orders.get(client_order_id).intent.expires_at
        except NotFound:
            return None

    def _opened(self, account: str, section: AccountSection, clock: Clock) -> SimulatedBroker:
        prices = LakePrices(self._lake)
        return SimulatedBroker(
            FileJournal(self._workspace.home / "venue" / f"{account}.jsonl"),
            prices,
            clock,
            self._settings.execution.simulated_venue.costs(),
            self._accounts.paid_in(account) or Money(section.cash, section.currency),
            lambda symbol: self._settings.instruments.instrument(prices.series(symbol, 0)),
        )


def socket_of(workspace: Workspace, account: str) -> Path:
    """Where the simulated venue of an account listens when it lives in a process of its own."""
    return socket_path(workspace.home / account)


def listens(path: Path) -> bool:
    """Whether a venue answers there."""
    if not path.exists():
        return False
    try:
        RemoteBroker(path, SystemClock(), timeout=2.0).account()
    except BrokerUnreachable:
        return False
    return True
