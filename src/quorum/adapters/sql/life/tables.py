"""The tables of the strategy's life. Instants are int64 ns UTC, values JSON texts; an empty text is none."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Float, Index, Integer, Table, Text

from quorum.adapters.sql.tables import METADATA


def _text(name: str, **options: Any) -> Column[Any]:
    return Column(name, Text, nullable=False, **options)


def _instant(name: str) -> Column[Any]:
    return Column(name, BigInteger, nullable=False)


def _whole(name: str, **options: Any) -> Column[Any]:
    return Column(name, Integer, nullable=False, **options)


def _number(name: str) -> Column[Any]:
    return Column(name, Float, nullable=False)


strategy = Table(
    "strategy",
    METADATA,
    _text("strategy_id", primary_key=True),
    _text("identity", index=True),
    _text("name"),
    _text("document"),
    _text("status", index=True),
    _text("tier"),
    _text("reason"),
    _whole("attempts"),
    _whole("version"),
    _number("priority"),
    _instant("added_at"),
    _instant("moved_at"),
    _text("other"),
)

strategy_move = Table(
    "strategy_move",
    METADATA,
    Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    _text("strategy_id", index=True),
    _instant("at"),
    _text("before"),
    _text("after"),
    _text("by"),
    _text("reason"),
    _text("decision_id"),
)

tier_result = Table(
    "tier_result",
    METADATA,
    _text("strategy_id", primary_key=True),
    _text("tier", primary_key=True),
    _whole("attempt", primary_key=True, autoincrement=False),
    _text("run_id", primary_key=True),
    _instant("at"),
    _text("result"),
)

validation_run = Table(
    "validation_run",
    METADATA,
    _text("run_id", primary_key=True),
    _instant("at"),
    _text("tier"),
    _text("status"),
    _text("document"),
)
Index("ix_validation_run_status", validation_run.c.status, validation_run.c.at)

fix_attempt = Table(
    "fix_attempt",
    METADATA,
    _text("strategy_id", primary_key=True),
    _text("tier", primary_key=True),
    _whole("number", primary_key=True, autoincrement=False),
    _instant("at"),
    _text("document"),
)

learning = Table(
    "learning",
    METADATA,
    _text("learning_id", primary_key=True),
    _text("key", unique=True),
    _instant("at"),
    _text("source"),
    _text("category"),
    _text("severity"),
    _text("keywords"),
    _text("title"),
    _text("text"),
    _text("action"),
    _whole("frequency"),
    _text("document"),
)

failure = Table(
    "failure",
    METADATA,
    _text("key", primary_key=True),
    _instant("at"),
    _text("strategy_id", index=True),
    _text("tier"),
    _text("root"),
    _text("reason"),
    _text("document"),
)

meeting = Table(
    "meeting",
    METADATA,
    _text("meeting_id", primary_key=True),
    _instant("at"),
    _text("status"),
    _text("document"),
)

cell = Table(
    "cell",
    METADATA,
    _text("key", primary_key=True),
    _whole("tested"),
    _whole("survived"),
    _instant("updated_at"),
    _text("document"),
)

deployment = Table(
    "deployment",
    METADATA,
    _text("deployment_id", primary_key=True),
    _text("strategy_id", index=True),
    _instant("at"),
    _text("stage"),
    _text("account"),
    _text("book"),
    _number("allocation"),
    _text("baseline"),
    _text("approval_id"),
    _text("status"),
    _text("document"),
)
Index("ix_deployment_status", deployment.c.status, deployment.c.at)
