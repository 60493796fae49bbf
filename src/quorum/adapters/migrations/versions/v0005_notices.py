"""Notifications, their deliveries to channels, and escalations."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "notification",
        _text("notification_id"),
        _text("key"),
        _instant("at"),
        _text("event"),
        _text("type"),
        _text("severity"),
        _text("priority"),
        _text("summary"),
        _text("details"),
        _text("action_required"),
        sa.Column("escalate_at", sa.BigInteger),
        sa.Column("acknowledged_at", sa.BigInteger),
        _text("acknowledged_by"),
        sa.PrimaryKeyConstraint("notification_id"),
        sa.UniqueConstraint("key"),
    )
    op.create_table(
        "delivery",
        _text("notification_id"),
        _text("channel"),
        sa.Column("round", sa.Integer, nullable=False),
        _text("status"),
        sa.Column("attempts", sa.Integer, nullable=False),
        _instant("next_at"),
        sa.Column("sent_at", sa.BigInteger),
        _text("error"),
        _text("parcel"),
        sa.PrimaryKeyConstraint("notification_id", "channel", "round"),
    )
    op.create_index("ix_delivery_parcel", "delivery", ["parcel"])
    op.create_index("ix_delivery_next", "delivery", ["status", "next_at"])
    op.create_table(
        "escalation",
        _text("escalation_id"),
        _text("key"),
        _instant("at"),
        _text("from_agent"),
        _text("type"),
        _text("severity"),
        _text("message"),
        _text("recommended_action"),
        sa.Column("requires_user_attention", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("escalation_id"),
        sa.UniqueConstraint("key"),
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _instant(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)
