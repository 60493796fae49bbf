"""Trading: terms and parts of orders, whose a fill is, worth by day, halts, overrides, rates."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _orders()
    _holdings()
    _words()


def _orders() -> None:
    op.add_column("mark", sa.Column("time", sa.BigInteger))
    op.add_column("intent", sa.Column("kind", sa.Text, nullable=False, server_default="market"))
    op.add_column("intent", sa.Column("hold", sa.Text, nullable=False, server_default="gtc"))
    op.add_column("intent", sa.Column("trigger", sa.Text))
    op.add_column("intent", sa.Column("parts", sa.Text, nullable=False, server_default="[]"))
    op.add_column("intent", sa.Column("replaces", sa.Text))
    op.add_column("order_state", sa.Column("sent", sa.BigInteger))
    op.create_index("intent_recent", "intent", ["account", "created_at"])
    op.create_index("intent_entries", "intent", ["account", "symbol", "created_at"])
    op.create_table(
        "fill_share",
        _text("fill_id"),
        _text("strategy_id"),
        _text("quantity"),
        sa.PrimaryKeyConstraint("fill_id", "strategy_id"),
        sa.ForeignKeyConstraint(["fill_id"], ["fill.fill_id"]),
    )


def _holdings() -> None:
    op.create_table(
        "strategy_position",
        *(_text(name) for name in ("account", "strategy_id", "symbol", "quantity", "cost", "realised")),
        sa.PrimaryKeyConstraint("account", "strategy_id", "symbol"),
    )
    op.create_table(
        "strategy_target",
        *(_text(name) for name in ("account", "strategy_id", "symbol", "deployment_id")),
        _instant("since"),
        _instant("decided"),
        _text("goal"),
        _text("price"),
        sa.Column("entered", sa.Integer, nullable=False),
        _text("order_id"),
        _text("stop_id"),
        sa.PrimaryKeyConstraint("account", "strategy_id", "symbol"),
    )
    op.create_table(
        "worth",
        _text("account"),
        _text("strategy_id"),
        _instant("day"),
        *(_text(name) for name in ("opened", "highest", "lowest", "latest", "peak", "deepest", "funded")),
        _instant("resumed"),
        _instant("at"),
        sa.PrimaryKeyConstraint("account", "strategy_id", "day"),
    )


def _words() -> None:
    op.create_table(
        "halt",
        sa.Column("sequence", _ROW_ID, nullable=False),
        *(_text(name) for name in ("scope", "severity", "reason", "by")),
        _instant("at"),
        sa.Column("lifted_at", sa.BigInteger),
        sa.Column("lifted_by", sa.Text),
        sa.Column("lifted_because", sa.Text),
        sa.Column("decision_id", sa.Text),
        sa.PrimaryKeyConstraint("sequence"),
    )
    op.create_table(
        "override",
        *(_text(name) for name in ("override_id", "account", "name", "value", "by", "reason")),
        _instant("begins"),
        _instant("expires"),
        _text("decision_id"),
        sa.PrimaryKeyConstraint("override_id"),
    )
    op.create_index("ix_override_account", "override", ["account"])
    op.create_table(
        "rate",
        _text("base"),
        _text("quote"),
        _instant("time"),
        _text("rate"),
        _text("source"),
        sa.PrimaryKeyConstraint("base", "quote", "time"),
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _instant(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)
