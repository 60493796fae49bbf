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


def _text(name: str, **options: Any) -> Column[Any]:
    return Column(name, Text, nullable=False, **options)


def _exact(name: str) -> Column[Any]:
    return Column(name, Exact, nullable=False)


def _instant(name: str) -> Column[Any]:
    return Column(name, BigInteger, nullable=False)


def _row_id() -> Column[Any]:
    return Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


counter = Table("counter", METADATA, _text("name", primary_key=True), Column("value", Integer, nullable=False))

decision = Table(
    "decision",
    METADATA,
    _row_id(),
    _text("decision_id", unique=True),
    _instant("at"),
    _text("kind"),
    _text("subject"),
    _instant("as_of"),
    _text("inputs"),
    _text("outcome"),
    _text("rationale"),
    _text("parents"),
    _text("code_hash"),
    _text("machine"),
)

account = Table(
    "account",
    METADATA,
    _text("account", primary_key=True),
    _text("book"),
    _text("currency"),
    Column("version", Integer, nullable=False),
)

mark = Table(
    "mark",
    METADATA,
    _text("account", primary_key=True),
    _text("symbol", primary_key=True),
    _exact("price"),
    Column("time", BigInteger),
)

intent = Table(
    "intent",
    METADATA,
    _text("client_order_id", primary_key=True),
    _text("intent_id", unique=True),
    Column("account", Text, ForeignKey("account.account"), nullable=False),
    _text("symbol"),
    _text("side"),
    _exact("quantity"),
    _exact("price"),
    _exact("collar"),
    _exact("reserve"),
    _text("purpose"),
    Column("decision_id", Text, ForeignKey("decision.decision_id"), nullable=False),
    Column("account_version", Integer, nullable=False),
    _instant("created_at"),
    _instant("expires_at"),
    _text("exit"),
    _text("kind", server_default="market"),
    _text("hold", server_default="gtc"),
    Column("trigger", Exact),
    _text("parts", server_default="[]"),
    Column("replaces", Text),
)
Index("intent_recent", intent.c.account, intent.c.created_at)

order_event = Table(
    "order_event",
    METADATA,
    _row_id(),
    Column("client_order_id", Text, ForeignKey("intent.client_order_id"), nullable=False, index=True),
    _text("status"),
    _instant("time"),
    _text("detail"),
    Column("fill_id", Text),
)

order_state = Table(
    "order_state",
    METADATA,
    Column("client_order_id", Text, ForeignKey("intent.client_order_id"), primary_key=True),
    _text("account"),
    _text("symbol"),
    _text("side"),
    _text("status"),
    _exact("filled"),
    _exact("reserved"),
    _exact("remaining"),
    Column("open", Integer, nullable=False),
    Column("sent", BigInteger),
)
Index("order_state_open", order_state.c.account, order_state.c.open)

fill = Table(
    "fill",
    METADATA,
    _text("fill_id", primary_key=True),
    Column("client_order_id", Text, ForeignKey("intent.client_order_id"), nullable=False, index=True),
    _text("symbol"),
    _text("side"),
    _exact("quantity"),
    _exact("price"),
    _exact("fee"),
    _text("fee_currency"),
    _instant("time"),
)

position = Table(
    "position",
    METADATA,
    _text("account", primary_key=True),
    _text("symbol", primary_key=True),
    _exact("quantity"),
    _exact("cost"),
    _exact("realised"),
)

entry = Table(
    "entry",
    METADATA,
    Column("entry_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("account", Text, ForeignKey("account.account"), nullable=False),
    Column("sequence", Integer, nullable=False),
    _instant("time"),
    _text("kind"),
    _text("reference", unique=True),
    _text("seal"),
)
Index("entry_order", entry.c.account, entry.c.sequence, unique=True)

posting = Table(
    "posting",
    METADATA,
    Column("entry_id", BigInteger, ForeignKey("entry.entry_id"), primary_key=True),
    Column("line", Integer, primary_key=True),
    _text("ledger_account"),
    _text("commodity"),
    _exact("amount"),
)

balance = Table(
    "balance",
    METADATA,
    _text("account", primary_key=True),
    _text("ledger_account", primary_key=True),
    _text("commodity", primary_key=True),
    _exact("amount"),
)

trial_inputs = Table("trial_inputs", METADATA, _text("address", primary_key=True), _text("inputs"))

trial_days = Table(
    "trial_days",
    METADATA,
    _text("address", primary_key=True),
    Column("days", LargeBinary, nullable=False),
)

trial = Table(
    "trial",
    METADATA,
    _row_id(),
    _text("trial_id", unique=True),
    _text("family", index=True),
    _instant("recorded_at"),
    Column("inputs", Text, ForeignKey("trial_inputs.address"), nullable=False),
    Column("parameters", Text),
    _text("outcome"),
    _text("code_hash"),
    Column("days", Text, ForeignKey("trial_days.address")),
    Column("returns", LargeBinary),
)
