"""The tables of the strategy's life. Instants are int64 ns UTC, values JSON texts; an empty text is none."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Float, Index, Integer, Table

from quorum.adapters.sql.tables import METADATA, instant, text


def _whole(name: str, **options: Any) -> Column[Any]:
    return Column(name, Integer, nullable=False, **options)


def _number(name: str) -> Column[Any]:
    return Column(name, Float, nullable=False)


strategy = Table(
    "strategy",
    METADATA,
    text("strategy_id", primary_key=True),
    text("identity", index=True),
    text("name"),
    text("document"),
    text("status", index=True),
    text("tier"),
    text("reason"),
    _whole("attempts"),
    _whole("version"),
    _number("priority"),
    instant("added_at"),
    instant("moved_at"),
    text("other"),
)

strategy_move = Table(
    "strategy_move",
    METADATA,
    Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    text("strategy_id", index=True),
    instant("at"),
    text("before"),
    text("after"),
    text("by"),
    text("reason"),
    text("decision_id"),
)

tier_result = Table(
    "tier_result",
    METADATA,
    text("strategy_id", primary_key=True),
    text("tier", primary_key=True),
    _whole("attempt", primary_key=True, autoincrement=False),
    text("run_id", primary_key=True),
    instant("at"),
    text("result"),
)

validation_run = Table(
    "validation_run",
    METADATA,
    text("run_id", primary_key=True),
    instant("at"),
    text("tier"),
    text("status"),
    text("document"),
)
Index("ix_validation_run_status", validation_run.c.status, validation_run.c.at)

fix_attempt = Table(
    "fix_attempt",
    METADATA,
    text("strategy_id", primary_key=True),
    text("tier", primary_key=True),
    _whole("number", primary_key=True, autoincrement=False),
    instant("at"),
    text("document"),
)

learning = Table(
    "learning",
    METADATA,
    text("learning_id", primary_key=True),
    text("key", unique=True),
    instant("at"),
    text("source"),
    text("category"),
    text("severity"),
    text("keywords"),
    text("title"),
    text("text"),
    text("action"),
    _whole("frequency"),
    text("document"),
)

failure = Table(
    "failure",
    METADATA,
    text("key", primary_key=True),
    instant("at"),
    text("strategy_id", index=True),
    text("tier"),
    text("root"),
    text("reason"),
    text("document"),
)

meeting = Table(
    "meeting",
    METADATA,
    text("meeting_id", primary_key=True),
    instant("at"),
    text("status"),
    text("document"),
)

cell = Table(
    "cell",
    METADATA,
    text("key", primary_key=True),
    _whole("tested"),
    _whole("survived"),
    instant("updated_at"),
    text("document"),
)

deployment = Table(
    "deployment",
    METADATA,
    text("deployment_id", primary_key=True),
    text("strategy_id", index=True),
    instant("at"),
    text("stage"),
    text("account"),
    text("book"),
    _number("allocation"),
    text("baseline"),
    text("approval_id"),
    text("status"),
    text("document"),
)
Index("ix_deployment_status", deployment.c.status, deployment.c.at)
