"""The tables of trading: whose a fill is, strategies' holdings, worth by day, halts, overrides and rates."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Table, Text, text

from quorum.adapters.sql.tables import METADATA, Exact

fill_share = Table(
    "fill_share",
    METADATA,
    Column("fill_id", Text, ForeignKey("fill.fill_id"), primary_key=True),
    Column("strategy_id", Text, primary_key=True),
    Column("quantity", Exact, nullable=False),
)

strategy_position = Table(
    "strategy_position",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("strategy_id", Text, primary_key=True),
    Column("symbol", Text, primary_key=True),
    Column("quantity", Exact, nullable=False),
    Column("cost", Exact, nullable=False),
    Column("realised", Exact, nullable=False),
)

strategy_target = Table(
    "strategy_target",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("strategy_id", Text, primary_key=True),
    Column("symbol", Text, primary_key=True),
    Column("deployment_id", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("decided", BigInteger, nullable=False),
    Column("goal", Exact, nullable=False),
    Column("price", Exact, nullable=False),
    Column("entered", Integer, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("stop_id", Text, nullable=False),
    Column("refused", BigInteger, nullable=False, server_default="0"),
    Column("said", Text, nullable=False, server_default=text("''")),
)

worth = Table(
    "worth",
    METADATA,
    Column("account", Text, primary_key=True),
    Column("strategy_id", Text, primary_key=True),
    Column("day", BigInteger, primary_key=True),
    Column("opened", Exact, nullable=False),
    Column("highest", Exact, nullable=False),
    Column("lowest", Exact, nullable=False),
    Column("latest", Exact, nullable=False),
    Column("peak", Exact, nullable=False),
    Column("deepest", Exact, nullable=False),
    Column("funded", Exact, nullable=False),
    Column("resumed", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
)

halt = Table(
    "halt",
    METADATA,
    Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("scope", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("lifted_at", BigInteger),
    Column("lifted_by", Text),
    Column("lifted_because", Text),
    Column("decision_id", Text),
)

override = Table(
    "override",
    METADATA,
    Column("override_id", Text, primary_key=True),
    Column("account", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("value", Exact, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("begins", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("decision_id", Text, nullable=False),
)

rate = Table(
    "rate",
    METADATA,
    Column("base", Text, primary_key=True),
    Column("quote", Text, primary_key=True),
    Column("time", BigInteger, primary_key=True),
    Column("rate", Exact, nullable=False),
    Column("source", Text, nullable=False),
)
