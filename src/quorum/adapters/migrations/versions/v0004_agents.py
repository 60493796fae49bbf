"""Tasks given to agents with their hand-offs, and every call of one."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "task",
        _text("task_id"),
        _text("key"),
        _instant("delegated_at"),
        _text("target_agent"),
        _text("asked_agent"),
        _text("task_type"),
        _text("workflow_id"),
        _text("context"),
        _text("expected_output"),
        _instant("deadline"),
        _text("priority"),
        _text("signal"),
        _text("note"),
        sa.Column("finished_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("task_id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_task_delegated_at", "task", ["delegated_at"])
    op.create_index("ix_task_finished_at", "task", ["finished_at"])
    op.create_table(
        "agent_call",
        sa.Column("sequence", _ROW_ID, nullable=False),
        _text("key"),
        _instant("at"),
        _text("agent"),
        _text("asked_agent"),
        _text("task_type"),
        _text("workflow_id"),
        _text("outcome"),
        sa.Column("seconds", sa.Float, nullable=False),
        _text("error"),
        _text("effect"),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_agent_call_agent", "agent_call", ["agent", "at"])
    op.create_index("ix_agent_call_at", "agent_call", ["at"])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _instant(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)
