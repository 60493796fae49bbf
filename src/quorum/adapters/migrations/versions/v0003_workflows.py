"""Effects of workflow steps, workers and their leases, the system's states, ticks of schedules."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "effect",
        _text("key"),
        _text("answer"),
        _instant("at"),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "worker",
        sa.Column("slot", sa.Integer, nullable=False),
        _text("worker_id"),
        _text("host"),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        _instant("beat_at"),
        _instant("expires_at"),
        sa.PrimaryKeyConstraint("slot"),
    )
    op.create_table(
        "system_state",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        _instant("at"),
        _text("state"),
        _text("reason"),
        _text("by"),
        sa.PrimaryKeyConstraint("sequence"),
    )
    op.create_table(
        "tick",
        _text("schedule"),
        _instant("due_at"),
        _text("status"),
        _instant("seen_at"),
        _text("workflow_id"),
        _text("reason"),
        sa.Column("count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("schedule", "due_at"),
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _instant(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)
