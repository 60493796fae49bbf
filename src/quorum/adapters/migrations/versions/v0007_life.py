"""The strategy's life: queue and moves, results of tiers, runs, fixes, learnings, meetings, cells, deployments."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _queue()
    _tiers()
    _lessons()
    _choices()


def _queue() -> None:
    op.create_table(
        "strategy",
        _text("strategy_id"),
        _text("identity"),
        _text("name"),
        _text("document"),
        _text("status"),
        _text("tier"),
        _text("reason"),
        _whole("attempts"),
        _whole("version"),
        sa.Column("priority", sa.Float, nullable=False),
        _instant("added_at"),
        _instant("moved_at"),
        _text("other"),
        sa.PrimaryKeyConstraint("strategy_id"),
    )
    op.create_index("ix_strategy_identity", "strategy", ["identity"])
    op.create_index("ix_strategy_status", "strategy", ["status"])
    op.create_table(
        "strategy_move",
        sa.Column("sequence", _ROW_ID, nullable=False),
        _text("strategy_id"),
        _instant("at"),
        _text("before"),
        _text("after"),
        _text("by"),
        _text("reason"),
        _text("decision_id"),
        sa.PrimaryKeyConstraint("sequence"),
    )
    op.create_index("ix_strategy_move_strategy_id", "strategy_move", ["strategy_id"])


def _tiers() -> None:
    op.create_table(
        "tier_result",
        _text("strategy_id"),
        _text("tier"),
        _whole("attempt"),
        _text("run_id"),
        _instant("at"),
        _text("result"),
        sa.PrimaryKeyConstraint("strategy_id", "tier", "attempt", "run_id"),
    )
    op.create_table(
        "validation_run",
        _text("run_id"),
        _instant("at"),
        _text("tier"),
        _text("status"),
        _text("document"),
        sa.PrimaryKeyConstraint("run_id"),
    )
    op.create_index("ix_validation_run_status", "validation_run", ["status", "at"])
    op.create_table(
        "fix_attempt",
        _text("strategy_id"),
        _text("tier"),
        _whole("number"),
        _instant("at"),
        _text("document"),
        sa.PrimaryKeyConstraint("strategy_id", "tier", "number"),
    )


def _lessons() -> None:
    op.create_table(
        "learning",
        _text("learning_id"),
        _text("key"),
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
        sa.PrimaryKeyConstraint("learning_id"),
        sa.UniqueConstraint("key"),
    )
    op.create_table(
        "failure",
        _text("key"),
        _instant("at"),
        _text("strategy_id"),
        _text("tier"),
        _text("root"),
        _text("reason"),
        _text("document"),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_failure_strategy_id", "failure", ["strategy_id"])


def _choices() -> None:
    op.create_table(
        "meeting",
        _text("meeting_id"),
        _instant("at"),
        _text("status"),
        _text("document"),
        sa.PrimaryKeyConstraint("meeting_id"),
    )
    op.create_table(
        "cell",
        _text("key"),
        _whole("tested"),
        _whole("survived"),
        _instant("updated_at"),
        _text("document"),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "deployment",
        _text("deployment_id"),
        _text("strategy_id"),
        _instant("at"),
        _text("stage"),
        _text("account"),
        _text("book"),
        sa.Column("allocation", sa.Float, nullable=False),
        _text("baseline"),
        _text("approval_id"),
        _text("status"),
        _text("document"),
        sa.PrimaryKeyConstraint("deployment_id"),
    )
    op.create_index("ix_deployment_strategy_id", "deployment", ["strategy_id"])
    op.create_index("ix_deployment_status", "deployment", ["status", "at"])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _instant(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)
