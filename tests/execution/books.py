"""A real store with a funded account or two, for the tests of what is sent and booked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from domain.words import NOW, intent
from quorum.adapters.sql import Database, Provenance, SqlAccounts, SqlOrders
from quorum.domain import (
    Book,
    Choice,
    DecisionKind,
    Fill,
    Money,
    Order,
    OrderIntent,
    OrderStatus,
    Proposal,
    VirtualClock,
    plain,
)
from quorum.execution import AuditReport, Sender, audit
from quorum.execution.fakes import NoHalts

AUDITED = (
    *("entry", "posting", "fill", "balance", "position", "fill_share", "strategy_position"),
    *("intent", "order_event", "order_state", "decision"),
)
PROVENANCE = Provenance("c0de", {"cpu": "any"})


def wish_of(wanted: OrderIntent) -> Proposal:
    """The proposal from which an intent comes."""
    return Proposal(
        wanted.purpose,
        wanted.account,
        wanted.symbol,
        wanted.side,
        wanted.quantity,
        wanted.price,
        wanted.created_at,
        wanted.expires_at,
        wanted.intent_id,
        "DEC-20240603-001",
        wanted.exit,
    )


def judged(wanted: OrderIntent, **changed: Any) -> Choice:
    """Risk's word on an intent's proposal, as the desk records it: the whole of it approved, unless changed."""
    outcome = {"proposal": plain(wish_of(wanted)), "verdict": "approved", "quantity": plain(wanted.quantity)}
    return Choice(DecisionKind.RISK, wanted.symbol, NOW, {}, {**outcome, "reasons": [], **changed}, "room is left")


@dataclass(frozen=True)
class Books:
    """A store, the parts of it that a sender works with, and the clock."""

    database: Database
    clock: VirtualClock
    work: SqlAccounts
    orders: SqlOrders

    def commit(self, number: int = 1, **changed: Any) -> Order:
        """Approve and write the intent with that number."""
        wanted = intent(intent_id=f"INT-{number}", client_order_id=f"Q{number}", **changed)
        with self.work.transaction(wanted.account) as transaction:
            approval = transaction.record(judged(wanted))
            values = {name: getattr(wanted, name) for name in wanted.__slots__}
            return transaction.intend(OrderIntent(**{**values, "decision_id": approval.decision_id}))

    def book(self, account: str = "paper") -> Book:
        with self.work.transaction(account) as transaction:
            return transaction.book()

    def sender(self, broker: Any) -> Sender:
        """The way out to a broker; nothing is halted."""
        return Sender(broker, self.work, self.clock, NoHalts())

    def get(self, number: int = 1) -> Order:
        return self.orders.get(f"Q{number}")

    def statuses(self, number: int = 1) -> list[OrderStatus]:
        """Everything that happened to an order, in order."""
        return [OrderStatus(event["status"]) for event in self.orders.events_of(f"Q{number}")]

    def fills(self, number: int = 1) -> list[Fill]:
        return list(self.orders.fills_of(f"Q{number}"))

    def rows(self) -> Mapping[str, list[dict[str, Any]]]:
        return {name: self.database.rows(name) for name in AUDITED}

    def audit(self) -> AuditReport:
        return audit(self.rows())


def books_at(folder: Path) -> Books:
    """A store in `folder` with 10,000 USDT on the account `paper`, and as many USD on `shares`."""
    database, clock = Database(folder / "desk.db", busy_ms=5_000), VirtualClock(NOW)
    database.migrate()
    work = SqlAccounts(database, clock, PROVENANCE)
    work.open("paper", "crypto", Money(Decimal(10_000), "USDT"))
    work.open("shares", "equities", Money(Decimal(10_000), "USD"))
    return Books(database, clock, work, SqlOrders(database))
