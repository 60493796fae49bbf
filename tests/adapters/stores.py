"""What the tests of the store begin with: a store in a folder, and words to put into it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from quorum.adapters.sql import Database, Provenance, SqlAccounts, SqlDecisionLog, SqlOrders, SqlTrials
from quorum.domain import (
    MINUTE,
    Choice,
    DecisionKind,
    Fill,
    Money,
    OrderEvent,
    OrderIntent,
    OrderStatus,
    Purpose,
    Side,
    Transaction,
    VirtualClock,
    parse_instant,
    plain,
)
from quorum.execution import AuditReport, audit

NOW = parse_instant("2024-06-03T12:00:00Z")
ACCOUNT, SYMBOL = "paper", "BTCUSDT"
AUDITED = (
    *("entry", "posting", "fill", "balance", "position", "fill_share", "strategy_position"),
    *("intent", "order_event", "order_state", "decision", "account"),
)
PROVENANCE = Provenance("c0de", {"cpu": "any"})


@dataclass(frozen=True)
class Store:
    """Every part of the store over one database."""

    database: Database
    clock: VirtualClock
    decisions: SqlDecisionLog
    accounts: SqlAccounts
    orders: SqlOrders
    trials: SqlTrials

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Every row that a transaction of an account may write."""
        return {name: self.database.rows(name) for name in (*AUDITED, "mark", "counter")}

    def audit(self) -> AuditReport:
        return audit({name: self.database.rows(name) for name in AUDITED})


def opened(place: Path | str, busy_ms: int = 5_000) -> Database:
    """The database in a folder, or at a URL; a file that is not there yet is made with the newest schema."""
    if isinstance(place, str):
        return Database(place, busy_ms)
    if not (place / "desk.db").exists():
        (place / "desk.db").write_bytes(_newest())
    return Database(place / "desk.db", busy_ms)


@cache
def _newest() -> bytes:
    """A file with the newest schema and nothing in it: copied, for to migrate takes as long as many a test."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "desk.db"
        database = Database(path)
        database.migrate()
        database.close()
        with closing(sqlite3.connect(path)) as whole:
            whole.execute("pragma wal_checkpoint(truncate)")
        return path.read_bytes()


def place(text: str) -> Path | str:
    """A folder or a URL, as it was told to another process."""
    return text if "://" in text else Path(text)


def store_at(place: Path | str, busy_ms: int = 5_000) -> Store:
    """A store whose database is in the folder or at the URL `place`, brought up to date."""
    database, clock = opened(place, busy_ms), VirtualClock(NOW)
    database.migrate()
    return Store(
        database,
        clock,
        SqlDecisionLog(database, clock, PROVENANCE),
        SqlAccounts(database, clock, PROVENANCE),
        SqlOrders(database),
        SqlTrials(database, clock),
    )


def funded(place: Path | str, cash: int = 10_000) -> Store:
    """A store with one account."""
    store = store_at(place)
    store.accounts.open(ACCOUNT, "crypto", Money(Decimal(cash), "USDT"))
    return store


def choice(subject: str = SYMBOL, parents: tuple[str, ...] = (), **outcome: Any) -> Choice:
    return Choice(DecisionKind.RISK, subject, NOW, {"seen": [1, 2.5, None]}, outcome, "because", parents)


def intent(number: int, decision_id: str, quantity: str = "2", **changed: Any) -> OrderIntent:
    """A purchase at about 100, numbered."""
    size = Decimal(quantity)
    values: Mapping[str, Any] = {
        "intent_id": f"INT-{number}",
        "client_order_id": f"Q{number}",
        "account": ACCOUNT,
        "symbol": SYMBOL,
        "side": Side.BUY,
        "quantity": size,
        "price": Decimal(100),
        "collar": Decimal(101),
        "reserve": size * 101,
        "purpose": Purpose.SIGNAL,
        "decision_id": decision_id,
        "account_version": 1,
        "created_at": NOW,
        "expires_at": NOW + 60 * MINUTE,
    }
    return OrderIntent(**{**values, **changed})


def fill(number: int, part: int, quantity: str, **changed: Any) -> Fill:
    """A part of the purchase with that number, at 100 with a fee of a tenth."""
    values: Mapping[str, Any] = {
        "fill_id": f"Q{number}-{part}",
        "client_order_id": f"Q{number}",
        "symbol": SYMBOL,
        "side": Side.BUY,
        "quantity": Decimal(quantity),
        "price": Decimal(100),
        "fee": Decimal("0.1"),
        "fee_currency": "USDT",
        "time": NOW + part * MINUTE,
    }
    return Fill(**{**values, **changed})


def moved(number: int, status: OrderStatus) -> OrderEvent:
    return OrderEvent(f"Q{number}", status, NOW, "on the way")


def ordered(transaction: Transaction, number: int, quantity: str = "2", **changed: Any) -> OrderIntent:
    """Record an approval and write its intent."""
    approval = transaction.record(choice(quantity=plain(Decimal(quantity))))
    wanted = intent(number, approval.decision_id, quantity, **changed)
    transaction.intend(wanted)
    return wanted
