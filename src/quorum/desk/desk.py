"""The desk: the parts that one workspace's use cases work with, put together by bootstrap."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from quorum.desk.workspace import Settings, Workspace
from quorum.domain import (
    Clock,
    DecisionLog,
    Executor,
    Fill,
    Money,
    Notifier,
    Order,
    UnitOfWork,
    UsageError,
)
from quorum.engine import Trials
from quorum.execution import Broker, HaltBook, Sender
from quorum.lake import Lake
from quorum.risk import RiskLimits

if TYPE_CHECKING:  # these rooms' parts are made for a desk, and some of their work takes one
    from quorum.desk.agents import Staff
    from quorum.desk.approvals import Approvals
    from quorum.desk.life import Life
    from quorum.desk.notices import Channels, Outbox
    from quorum.desk.running import RunBook
    from quorum.desk.schedule import Ticks
    from quorum.desk.system import States
    from quorum.desk.work.assignment import Job
    from quorum.desk.workflows import Workflows


class Orders(Protocol):
    """Orders and fills to look at."""

    def get(self, identity: str) -> Order:
        """The order with that client order id or intent id; NotFound when there is none."""
        ...

    def of(self, account: str, symbol: str | None = None, *, only_open: bool = False) -> Sequence[Order]:
        """The orders of an account, of one symbol in it, or those that have not ended, oldest first."""
        ...

    def of_decision(self, decision_id: str) -> Sequence[Order]:
        """The orders that a risk decision approved."""
        ...

    def fills_of(self, client_order_id: str) -> Sequence[Fill]:
        """The fills of one order, oldest first."""
        ...

    def events_of(self, client_order_id: str) -> Sequence[Mapping[str, Any]]:
        """The events of one order, oldest first."""
        ...


class Accounts(UnitOfWork, Protocol):
    """Accounts that can be opened and listed."""

    def open(self, account: str, book: str, money: Money) -> bool:
        """Open an account and pay `money` in; False when it exists already."""
        ...

    def listed(self) -> Sequence[Mapping[str, Any]]:
        """Name, book and currency of every account."""
        ...


@dataclass(frozen=True)
class Desk:
    """One workspace at work. `broker` opens the door to an account's venue for the clock that a cycle runs on."""

    workspace: Workspace
    settings: Settings
    clock: Clock
    lake: Lake
    decisions: DecisionLog
    accounts: Accounts
    orders: Orders
    trials: Trials
    broker: Callable[[str, Clock], Broker]
    halts: HaltBook
    executor: Executor
    notifier: Notifier
    rows: Callable[[Iterable[str]], Mapping[str, Sequence[Mapping[str, Any]]]]
    staff: Staff
    approvals: Approvals
    outbox: Outbox
    channels: Channels
    states: States
    ticks: Ticks
    runs: RunBook
    workflows: Workflows
    life: Life
    tasks: Mapping[str, Job]

    def sender(self, account: str, clock: Clock | None = None) -> Sender:
        """The one way in which orders of an account leave; on the desk's clock unless one is given."""
        clock = clock or self.clock
        return Sender(self.broker(account, clock), self.accounts, clock, self.halts)

    def account_for(self, quote: str, name: str | None = None) -> str:
        """The account named, or the first of the configured ones in currency `quote`; it is opened when it is new.

        UsageError when there is none, or when it was opened in another currency.
        """
        configured = self.settings.accounts.accounts
        if name is None:
            name = next((n for n, a in configured.items() if a.currency == quote), None)
        if name is None:
            raise UsageError(f"no account is in {quote}", "add one to config/accounts.yaml")
        if name not in configured:
            raise UsageError(f"there is no account {name!r}", f"there are {', '.join(configured)}")
        section = configured[name]
        opened = next((row["currency"] for row in self.accounts.listed() if row["account"] == name), None)
        if opened is None:
            self.accounts.open(name, section.book, Money(section.cash, section.currency))
        elif opened != section.currency:
            raise UsageError(
                f"account {name} was opened in {opened}, config/accounts.yaml says {section.currency}",
                "put the currency back, or add another account",
            )
        return name

    def limits(self, account: str) -> RiskLimits:
        """The limits of the account's book."""
        section = self.settings.accounts.accounts[account]
        return self.settings.risk.books[section.book].limits()
