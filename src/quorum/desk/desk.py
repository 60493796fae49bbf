"""The desk: the parts that one workspace's use cases work with, put together by bootstrap."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from quorum.desk.workspace import Settings, Workspace
from quorum.domain import (
    Book,
    Clock,
    DecisionLog,
    Executor,
    Fill,
    Money,
    Notifier,
    Order,
    Position,
    Transaction,
    UnitOfWork,
    UsageError,
)
from quorum.engine import Trials
from quorum.execution import Booked, Broker, Cross, Entry, HaltBook, Sender
from quorum.execution.hours import Hours
from quorum.execution.target import StrategyTarget
from quorum.lake import Lake
from quorum.lake.pull import BarVendor
from quorum.risk import Around, Asked, LastTrade, Override, RiskLimits, Wide

if TYPE_CHECKING:  # these rooms' parts are made for a desk, and some of their work takes one
    from quorum.desk.agents import Staff
    from quorum.desk.approvals import Approvals
    from quorum.desk.life import Life
    from quorum.desk.notices import Channels, Outbox
    from quorum.desk.running import RunBook
    from quorum.desk.schedule import Ticks
    from quorum.desk.system import States
    from quorum.desk.trading.accounting.ports import Rates, Till
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


class Accounting(Transaction, Protocol):
    """A serialised change of an account that reaches its ledger."""

    def value(self, last: Mapping[str, LastTrade], now: int) -> Book:
        """The book at these prices, each with its own time; what the account is worth at `now` (ns UTC) is kept."""
        ...

    def around(self, book: Book, now: int, asked: Asked | None = None) -> Around:
        """Losses, recent orders, last trades, open risk, strategies and overrides around the book at `now` (ns UTC).

        Sectors, clusters and halts are none of the store's.
        """
        ...

    def wide(self, limits: Mapping[str, Decimal], now: int) -> Wide:
        """All other accounts added up in this one's currency, under limits of the whole desk, at `now` (ns UTC).

        From here on no other account that asks the same does so before this transaction ends.
        """
        ...

    def allow(self, override: Override, made: tuple[int, str]) -> str:
        """Write a person's override, which holds from an instant (ns UTC) by a decision, both in `made`; its id."""
        ...

    def adopt(self, entry: Entry, held: Position | None = None) -> None:
        """Post an entry, which leaves `held` of a symbol where it moves one; an entry that is there changes nothing."""
        ...

    def cross(self, symbol: str, cross: Cross, price: Decimal, at: tuple[int, str]) -> bool:
        """Move a quantity from one strategy to another at `price`; `at` is instant and reference, booked once."""
        ...

    def enter(self, entry: Entry) -> bool:
        """Post an entry that is no fill and move the holdings by it; False when its reference is booked already."""
        ...

    def split(self, symbol: str, ratio: Decimal, at: tuple[int, str]) -> bool:
        """Give every holder of a symbol `ratio` units for one; `at` is instant and reference, booked once."""
        ...

    def holdings(self) -> Mapping[tuple[str, str], Position]:
        """What strategies hold, by strategy and symbol."""
        ...

    def targets(self) -> Sequence[StrategyTarget]:
        """What strategies are to hold by their newest decisions."""
        ...

    def keep_target(self, target: StrategyTarget) -> None:
        """Write what a strategy is to hold of a symbol."""
        ...


class Accounts(UnitOfWork, Protocol):
    """Accounts that can be opened and listed."""

    def transaction(self, account: str) -> AbstractContextManager[Accounting]:
        """See UnitOfWork."""
        ...

    def both(self, first: str, second: str) -> AbstractContextManager[tuple[Accounting, Accounting]]:
        """One transaction over two accounts."""
        ...

    def entries(self, account: str) -> Sequence[Booked]:
        """Every entry of an account's ledger, in order."""
        ...

    def open(self, account: str, book: str, money: Money) -> bool:
        """Open an account and pay `money` in; False when it exists already."""
        ...

    def listed(self) -> Sequence[Mapping[str, Any]]:
        """Name, book and currency of every account."""
        ...


@dataclass(frozen=True)
class Desk:
    """One workspace at work. `broker` opens the door to an account's venue for the clock that a cycle runs on.

    `hours` says when that venue trades. `updates` listens to it for the time of a `with`: the first function is given
    client order ids that it tells of, the second looks at every open order and says whether there was news. `vendors`
    opens a source of bars by its name, for a symbol.
    """

    workspace: Workspace
    settings: Settings
    clock: Clock
    lake: Lake
    decisions: DecisionLog
    accounts: Accounts
    orders: Orders
    rates: Rates
    till: Till
    trials: Trials
    broker: Callable[[str, Clock], Broker]
    hours: Callable[[str, Clock], Hours]
    updates: Callable[[str, Callable[[str], object], Callable[[], bool]], AbstractContextManager[object]]
    vendors: Callable[[str, str], BarVendor]
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
        """The account named, or the first one in currency `quote` without real money; it is opened when it is new.

        UsageError when there is none, or when it was opened in another currency.
        """
        configured = self.settings.accounts.accounts
        if name is None:
            name = next((n for n, a in configured.items() if a.currency == quote and not a.live), None)
        if name is None:
            raise UsageError(f"no account is in {quote}", "add one to config/accounts.yaml")
        if name not in configured:
            raise UsageError(f"there is no account {name!r}", f"there are {', '.join(configured)}")
        section = configured[name]
        opened = next((row["currency"] for row in self.accounts.listed() if row["account"] == name), None)
        if opened is None:
            self.accounts.open(name, section.book, self._opening(name))
        elif opened != section.currency:
            raise UsageError(
                f"account {name} was opened in {opened}, config/accounts.yaml says {section.currency}",
                "put the currency back, or add another account",
            )
        return name

    def _opening(self, account: str) -> Money:
        """What an account begins with: what its venue holds, at the simulated venue what the settings say."""
        section = self.settings.accounts.accounts[account]
        if section.venue == "simulated":
            return Money(section.cash, section.currency)
        held = self.broker(account, self.clock).account().cash.get(section.currency)
        if held is None or held <= 0:
            raise UsageError(f"account {account} holds no {section.currency} at {section.venue}", "pay some in there")
        return Money(held, section.currency)

    def limits(self, account: str) -> RiskLimits:
        """The limits of the account's book."""
        section = self.settings.accounts.accounts[account]
        return self.settings.risk.limits(section.book)
