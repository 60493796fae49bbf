"""The coordinator's tables. Instants are int64 ns UTC, values JSON texts; an empty text is none."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Float, Index, Integer, Table

from quorum.adapters.sql.tables import METADATA, instant, row_id, text


def _maybe(name: str) -> Column[Any]:
    return Column(name, BigInteger)


def _number(name: str, **options: Any) -> Column[Any]:
    return Column(name, Integer, nullable=False, **options)


effect = Table("effect", METADATA, text("key", primary_key=True), text("answer"), instant("at"))

worker = Table(
    "worker",
    METADATA,
    _number("slot", primary_key=True),
    text("worker_id"),
    text("host"),
    _number("pid"),
    instant("epoch"),
    instant("beat_at"),
    instant("expires_at"),
)

system_state = Table("system_state", METADATA, row_id(), instant("at"), text("state"), text("reason"), text("by"))

tick = Table(
    "tick",
    METADATA,
    text("schedule", primary_key=True),
    instant("due_at", primary_key=True),
    text("status"),
    instant("seen_at"),
    text("workflow_id"),
    text("reason"),
    _number("count"),
)

task = Table(
    "task",
    METADATA,
    text("task_id", primary_key=True),
    text("key", unique=True),
    instant("delegated_at", index=True),
    text("target_agent"),
    text("asked_agent"),
    text("task_type"),
    text("workflow_id"),
    text("context"),
    text("expected_output"),
    instant("deadline"),
    text("priority"),
    text("signal"),
    text("note"),
    _maybe("finished_at"),
)
Index("ix_task_finished_at", task.c.finished_at)

agent_call = Table(
    "agent_call",
    METADATA,
    row_id(),
    text("key", unique=True),
    instant("at"),
    text("agent"),
    text("asked_agent"),
    text("task_type"),
    text("workflow_id"),
    text("outcome"),
    Column("seconds", Float, nullable=False),
    text("error"),
    text("effect"),
)
Index("ix_agent_call_agent", agent_call.c.agent, agent_call.c.at)
Index("ix_agent_call_at", agent_call.c.at)

notification = Table(
    "notification",
    METADATA,
    text("notification_id", primary_key=True),
    text("key", unique=True),
    instant("at"),
    text("event"),
    text("type"),
    text("severity"),
    text("priority"),
    text("summary"),
    text("details"),
    text("action_required"),
    _maybe("escalate_at"),
    _maybe("acknowledged_at"),
    text("acknowledged_by"),
)

delivery = Table(
    "delivery",
    METADATA,
    text("notification_id", primary_key=True),
    text("channel", primary_key=True),
    _number("round", primary_key=True),
    text("status"),
    _number("attempts"),
    instant("next_at"),
    _maybe("sent_at"),
    text("error"),
    text("parcel", index=True),
)
Index("ix_delivery_next", delivery.c.status, delivery.c.next_at)

escalation = Table(
    "escalation",
    METADATA,
    text("escalation_id", primary_key=True),
    text("key", unique=True),
    instant("at"),
    text("from_agent"),
    text("type"),
    text("severity"),
    text("message"),
    text("recommended_action"),
    _number("requires_user_attention"),
)

approval = Table(
    "approval",
    METADATA,
    text("approval_id", primary_key=True),
    text("key", unique=True),
    text("workflow_id"),
    text("step"),
    text("question"),
    text("shows"),
    text("scope"),
    text("size"),
    instant("asked_at"),
    instant("expires_at"),
    _maybe("remind_at"),
    text("status"),
    _maybe("answered_at"),
    text("answered_by"),
    text("surface"),
    text("reason"),
    _maybe("told_at"),
)
Index("ix_approval_status", approval.c.status, approval.c.expires_at)

standing_approval = Table(
    "standing_approval",
    METADATA,
    text("name", primary_key=True),
    text("scope"),
    text("most"),
    instant("granted_at"),
    instant("expires_at"),
    text("granted_by"),
    text("reason"),
    _maybe("revoked_at"),
    text("revoked_by"),
)
