"""Questions to people and their answers; standing approvals."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "approval",
        _text("approval_id"),
        _text("key"),
        _text("workflow_id"),
        _text("step"),
        _text("question"),
        _text("shows"),
        _text("scope"),
        _text("size"),
        _instant("asked_at"),
        _instant("expires_at"),
        sa.Column("remind_at", sa.BigInteger),
        _text("status"),
        sa.Column("answered_at", sa.BigInteger),
        _text("answered_by"),
        _text("surface"),
        _text("reason"),
        sa.Column("told_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("approval_id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("ix_approval_status", "approval", ["status", "expires_at"])
    op.create_table(
        "standing_approval",
        _text("name"),
        _text("scope"),
        _text("most"),
        _instant("granted_at"),
        _instant("expires_at"),
        _text("granted_by"),
        _text("reason"),
        sa.Column("revoked_at", sa.BigInteger),
        _text("revoked_by"),
        sa.PrimaryKeyConstraint("name"),
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _instant(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)
