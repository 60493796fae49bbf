"""The coordinator's tables. Instants are int64 ns UTC, values JSON texts; an empty text is none."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Float, Index, Integer, Table, Text

from quorum.adapters.sql.tables import METADATA


def _text(name: str, **options: Any) -> Column[Any]:
    return Column(name, Text, nullable=False, **options)


def _instant(name: str, **options: Any) -> Column[Any]:
    return Column(name, BigInteger, nullable=False, **options)


def _maybe(name: str) -> Column[Any]:
    return Column(name, BigInteger)


def _number(name: str, **options: Any) -> Column[Any]:
    return Column(name, Integer, nullable=False, **options)


def _row_id() -> Column[Any]:
    return Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


effect = Table("effect", METADATA, _text("key", primary_key=True), _text("answer"), _instant("at"))

worker = Table(
    "worker",
    METADATA,
    _number("slot", primary_key=True),
    _text("worker_id"),
    _text("host"),
    _number("pid"),
    _instant("epoch"),
    _instant("beat_at"),
    _instant("expires_at"),
)

system_state = Table("system_state", METADATA, _row_id(), _instant("at"), _text("state"), _text("reason"), _text("by"))

tick = Table(
    "tick",
    METADATA,
    _text("schedule", primary_key=True),
    _instant("due_at", primary_key=True),
    _text("status"),
    _instant("seen_at"),
    _text("workflow_id"),
    _text("reason"),
    _number("count"),
)

task = Table(
    "task",
    METADATA,
    _text("task_id", primary_key=True),
    _text("key", unique=True),
    _instant("delegated_at", index=True),
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
    _maybe("finished_at"),
)
Index("ix_task_finished_at", task.c.finished_at)

agent_call = Table(
    "agent_call",
    METADATA,
    _row_id(),
    _text("key", unique=True),
    _instant("at"),
    _text("agent"),
    _text("asked_agent"),
    _text("task_type"),
    _text("workflow_id"),
    _text("outcome"),
    Column("seconds", Float, nullable=False),
    _text("error"),
    _text("effect"),
)
Index("ix_agent_call_agent", agent_call.c.agent, agent_call.c.at)
Index("ix_agent_call_at", agent_call.c.at)

notification = Table(
    "notification",
    METADATA,
    _text("notification_id", primary_key=True),
    _text("key", unique=True),
    _instant("at"),
    _text("event"),
    _text("type"),
    _text("severity"),
    _text("priority"),
    _text("summary"),
    _text("details"),
    _text("action_required"),
    _maybe("escalate_at"),
    _maybe("acknowledged_at"),
    _text("acknowledged_by"),
)

delivery = Table(
    "delivery",
    METADATA,
    _text("notification_id", primary_key=True),
    _text("channel", primary_key=True),
    _number("round", primary_key=True),
    _text("status"),
    _number("attempts"),
    _instant("next_at"),
    _maybe("sent_at"),
    _text("error"),
    _text("parcel", index=True),
)
Index("ix_delivery_next", delivery.c.status, delivery.c.next_at)

escalation = Table(
    "escalation",
    METADATA,
    _text("escalation_id", primary_key=True),
    _text("key", unique=True),
    _instant("at"),
    _text("from_agent"),
    _text("type"),
    _text("severity"),
    _text("message"),
    _text("recommended_action"),
    _number("requires_user_attention"),
)

approval = Table(
    "approval",
    METADATA,
    _text("approval_id", primary_key=True),
    _text("key", unique=True),
    _text("workflow_id"),
    _text("step"),
    _text("question"),
    _text("shows"),
    _text("scope"),
    _text("size"),
    _instant("asked_at"),
    _instant("expires_at"),
    _maybe("remind_at"),
    _text("status"),
    _maybe("answered_at"),
    _text("answered_by"),
    _text("surface"),
    _text("reason"),
    _maybe("told_at"),
)
Index("ix_approval_status", approval.c.status, approval.c.expires_at)

standing_approval = Table(
    "standing_approval",
    METADATA,
    _text("name", primary_key=True),
    _text("scope"),
    _text("most"),
    _instant("granted_at"),
    _instant("expires_at"),
    _text("granted_by"),
    _text("reason"),
    _maybe("revoked_at"),
    _text("revoked_by"),
)
