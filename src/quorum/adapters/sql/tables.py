"""The tables of desk.db. Money and quantities are decimal texts, instants int64 ns UTC, values JSON texts.

Arrays are little-endian bytes: days int64 ns UTC, returns float64.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)


class Exact(TypeDecorator[Decimal]):
    """A Decimal written as the text of all its digits."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        return None if value is None else format(value, "f")

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


METADATA = MetaData()


def text(name: str, **options: Any) -> Column[Any]:
    """A column of texts, none of them missing."""
    return Column(name, Text, nullable=False, **options)


def exact(name: str) -> Column[Any]:
    """A column of Decimals, to the last digit."""
    return Column(name, Exact, nullable=False)


def instant(name: str, **options: Any) -> Column[Any]:
    """A column of instants (int64 ns UTC)."""
    return Column(name, BigInteger, nullable=False, **options)


def row_id() -> Column[Any]:
    """The number of a row, given by the database."""
    return Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


counter = Table("counter", METADATA, text("name", primary_key=True), Column("value", Integer, nullable=False))

decision = Table(
    "decision",
    METADATA,
    row_id(),
    text("decision_id", unique=True),
    instant("at"),
    text("kind"),
    text("subject"),
    instant("as_of"),
    text("inputs"),
    text("outcome"),
    text("rationale"),
    text("parents"),
    text("code_hash"),
    text("machine"),
)

account = Table(
    "account",
    METADATA,
    text("account", primary_key=True),
    text("book"),
    text("currency"),
    Column("version", Integer, nullable=False),
)

mark = Table(
    "mark",
    METADATA,
    text("account", primary_key=True),
    text("symbol", primary_key=True),
    exact("price"),
    Column("time", BigInteger),
)

intent = Table(
    "intent",
    METADATA,
    text("client_order_id", primary_key=True),
    text("intent_id", unique=True),
    Column("account", Text, ForeignKey("account.account"), nullable=False),
    text("symbol"),
    text("side"),
    exact("quantity"),
    exact("price"),
    exact("collar"),
    exact("reserve"),
    text("purpose"),
    Column("decision_id", Text, ForeignKey("decision.decision_id"), nullable=False),
    Column("account_version", Integer, nullable=False),
    instant("created_at"),
    instant("expires_at"),
    text("exit"),
    text("kind", server_default="market"),
    text("hold", server_default="gtc"),
    Column("trigger", Exact),
    text("parts", server_default="[]"),
    Column("replaces", Text),
)
Index("intent_recent", intent.c.account, intent.c.created_at)
Index("intent_entries", intent.c.account, intent.c.symbol, intent.c.created_at)

order_event = Table(
    "order_event",
    METADATA,
    row_id(),
    Column("client_order_id", Text, ForeignKey("intent.client_order_id"), nullable=False, index=True),
    text("status"),
    instant("time"),
    text("detail"),
    Column("fill_id", Text),
)

order_state = Table(
    "order_state",
    METADATA,
    Column("client_order_id", Text, ForeignKey("intent.client_order_id"), primary_key=True),
    text("account"),
    text("symbol"),
    text("side"),
    text("status"),
    exact("filled"),
    exact("reserved"),
    exact("remaining"),
    Column("open", Integer, nullable=False),
    Column("sent", BigInteger),
)
Index("order_state_open", order_state.c.account, order_state.c.open)

fill = Table(
    "fill",
    METADATA,
    text("fill_id", primary_key=True),
    Column("client_order_id", Text, ForeignKey("intent.client_order_id"), nullable=False, index=True),
    text("symbol"),
    text("side"),
    exact("quantity"),
    exact("price"),
    exact("fee"),
    text("fee_currency"),
    instant("time"),
)

position = Table(
    "position",
    METADATA,
    text("account", primary_key=True),
    text("symbol", primary_key=True),
    exact("quantity"),
    exact("cost"),
    exact("realised"),
)

entry = Table(
    "entry",
    METADATA,
    Column("entry_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("account", Text, ForeignKey("account.account"), nullable=False),
    Column("sequence", Integer, nullable=False),
    instant("time"),
    text("kind"),
    text("reference", unique=True),
    text("seal"),
)
Index("entry_order", entry.c.account, entry.c.sequence, unique=True)

posting = Table(
    "posting",
    METADATA,
    Column("entry_id", BigInteger, ForeignKey("entry.entry_id"), primary_key=True),
    Column("line", Integer, primary_key=True),
    text("ledger_account"),
    text("commodity"),
    exact("amount"),
)

balance = Table(
    "balance",
    METADATA,
    text("account", primary_key=True),
    text("ledger_account", primary_key=True),
    text("commodity", primary_key=True),
    exact("amount"),
)

trial_inputs = Table("trial_inputs", METADATA, text("address", primary_key=True), text("inputs"))

trial_days = Table(
    "trial_days",
    METADATA,
    text("address", primary_key=True),
    Column("days", LargeBinary, nullable=False),
)

trial = Table(
    "trial",
    METADATA,
    row_id(),
    text("trial_id", unique=True),
    text("family", index=True),
    instant("recorded_at"),
    Column("inputs", Text, ForeignKey("trial_inputs.address"), nullable=False),
    Column("parameters", Text),
    text("outcome"),
    text("code_hash"),
    Column("days", Text, ForeignKey("trial_days.address")),
    Column("returns", LargeBinary),
)
