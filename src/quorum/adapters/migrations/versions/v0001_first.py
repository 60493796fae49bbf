"""The first tables: decisions, accounts, orders, fills, ledger, trials."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _decisions()
    _accounts()
    _intents()
    _orders()
    _ledger()
    _trials()


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _instant(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _decisions() -> None:
    op.create_table("counter", _text("name"), _count("value"), sa.PrimaryKeyConstraint("name"))
    op.create_table(
        "decision",
        sa.Column("sequence", _ROW_ID, nullable=False),
        _text("decision_id"),
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
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("decision_id"),
    )


def _accounts() -> None:
    op.create_table(
        "account",
        _text("account"),
        _text("book"),
        _text("currency"),
        _count("version"),
        sa.PrimaryKeyConstraint("account"),
    )
    op.create_table(
        "mark",
        _text("account"),
        _text("symbol"),
        _text("price"),
        sa.PrimaryKeyConstraint("account", "symbol"),
    )
    op.create_table(
        "position",
        _text("account"),
        _text("symbol"),
        _text("quantity"),
        _text("cost"),
        _text("realised"),
        sa.PrimaryKeyConstraint("account", "symbol"),
    )


def _intents() -> None:
    op.create_table(
        "intent",
        _text("client_order_id"),
        _text("intent_id"),
        _text("account"),
        _text("symbol"),
        _text("side"),
        _text("quantity"),
        _text("price"),
        _text("collar"),
        _text("reserve"),
        _text("purpose"),
        _text("decision_id"),
        _count("account_version"),
        _instant("created_at"),
        _instant("expires_at"),
        _text("exit"),
        sa.PrimaryKeyConstraint("client_order_id"),
        sa.UniqueConstraint("intent_id"),
        sa.ForeignKeyConstraint(["account"], ["account.account"]),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.decision_id"]),
    )


def _orders() -> None:
    op.create_table(
        "order_event",
        sa.Column("sequence", _ROW_ID, nullable=False),
        _text("client_order_id"),
        _text("status"),
        _instant("time"),
        _text("detail"),
        sa.Column("fill_id", sa.Text),
        sa.PrimaryKeyConstraint("sequence"),
        sa.ForeignKeyConstraint(["client_order_id"], ["intent.client_order_id"]),
    )
    op.create_index("ix_order_event_client_order_id", "order_event", ["client_order_id"])
    op.create_table(
        "order_state",
        _text("client_order_id"),
        _text("account"),
        _text("symbol"),
        _text("side"),
        _text("status"),
        _text("filled"),
        _text("reserved"),
        _text("remaining"),
        _count("open"),
        sa.PrimaryKeyConstraint("client_order_id"),
        sa.ForeignKeyConstraint(["client_order_id"], ["intent.client_order_id"]),
    )
    op.create_index("order_state_open", "order_state", ["account", "open"])
    op.create_table(
        "fill",
        _text("fill_id"),
        _text("client_order_id"),
        _text("symbol"),
        _text("side"),
        _text("quantity"),
        _text("price"),
        _text("fee"),
        _text("fee_currency"),
        _instant("time"),
        sa.PrimaryKeyConstraint("fill_id"),
        sa.ForeignKeyConstraint(["client_order_id"], ["intent.client_order_id"]),
    )
    op.create_index("ix_fill_client_order_id", "fill", ["client_order_id"])


def _ledger() -> None:
    op.create_table(
        "entry",
        sa.Column("entry_id", _ROW_ID, nullable=False),
        _text("account"),
        _count("sequence"),
        _instant("time"),
        _text("kind"),
        _text("reference"),
        _text("seal"),
        sa.PrimaryKeyConstraint("entry_id"),
        sa.ForeignKeyConstraint(["account"], ["account.account"]),
        sa.UniqueConstraint("reference"),
    )
    op.create_index("entry_order", "entry", ["account", "sequence"], unique=True)
    op.create_table(
        "posting",
        sa.Column("entry_id", sa.BigInteger, nullable=False),
        _count("line"),
        _text("ledger_account"),
        _text("commodity"),
        _text("amount"),
        sa.PrimaryKeyConstraint("entry_id", "line"),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.entry_id"]),
    )
    op.create_table(
        "balance",
        _text("account"),
        _text("ledger_account"),
        _text("commodity"),
        _text("amount"),
        sa.PrimaryKeyConstraint("account", "ledger_account", "commodity"),
    )


def _trials() -> None:
    op.create_table(
        "trial",
        sa.Column("sequence", _ROW_ID, nullable=False),
        _text("trial_id"),
        _text("family"),
        _instant("recorded_at"),
        _text("inputs"),
        _text("outcome"),
        _text("code_hash"),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("trial_id"),
    )
    op.create_index("ix_trial_family", "trial", ["family"])
