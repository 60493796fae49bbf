"""Ticks of schedules: each is made by one scheduler, with the id of its run in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from quorum.adapters.sql.coordination.runs import enter_run
from quorum.adapters.sql.coordination.tables import tick as table
from quorum.adapters.sql.database import Database
from quorum.adapters.sql.decisions import next_number
from quorum.desk.schedule import RUNS, Tick, TickStatus
from quorum.domain import Clock, utc_day

_STANDING = 0  # the due time of the row that says since when a schedule is armed, and with which trigger
_ARMED = "armed"


class SqlTicks:
    """Ticks over desk.db."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def arm(self, schedule: str, trigger: str, now: int) -> int:
        key = (table.c.schedule == schedule) & (table.c.due_at == _STANDING)
        query = sa.select(table.c.reason, table.c.seen_at).where(key)
        with self._database.read() as connection:
            known = connection.execute(query).first()
        if known is not None and known[0] == trigger:
            return int(known[1])
        with self._database.write() as connection:
            row = {"schedule": schedule, "due_at": _STANDING, "status": _ARMED, "seen_at": now, "reason": trigger}
            if not _inserted(connection, {**row, "workflow_id": "", "count": 0}):
                changed = table.update().where(key, table.c.reason != trigger)
                connection.execute(changed.values(reason=trigger, seen_at=now))
            return int(connection.execute(sa.select(table.c.seen_at).where(key)).scalar_one())

    def claim(self, tick: Tick) -> Tick | None:
        with self._database.write() as connection:
            if not _inserted(connection, _row(tick)):
                return None
            if tick.status not in RUNS:
                return tick
            day = utc_day(self._clock.now())
            made = replace(tick, workflow_id=f"WF-{day}-{next_number(connection, f'workflow-{day}'):03d}")
            connection.execute(table.update().where(_is(tick)).values(workflow_id=made.workflow_id))
            return made

    def move(
        self, tick: Tick, status: TickStatus, reason: str | None = None, request: Mapping[str, Any] | None = None
    ) -> bool:
        values = {"status": status.value} if reason is None else {"status": status.value, "reason": reason}
        with self._database.write() as connection:
            moved = table.update().where(_is(tick), table.c.status == tick.status.value).values(**values)
            if connection.execute(moved).rowcount == 0:
                return False
            if request is not None:
                enter_run(connection, tick.workflow_id, request, self._clock.now())
            return True

    def open(self) -> Sequence[Tick]:
        with self._database.read() as connection:
            query = (
                table.select()
                .where(table.c.status.in_([status.value for status in RUNS]))
                .order_by(table.c.due_at, table.c.schedule)
            )
            return [_tick(row) for row in connection.execute(query).mappings()]

    def newest(
        self, schedule: str, limit: int = 1, until: int | None = None, *, only_runs: bool = False
    ) -> Sequence[Tick]:
        query = table.select().where(table.c.schedule == schedule, table.c.due_at > _STANDING)
        if until is not None:
            query = query.where(table.c.due_at <= until)
        if only_runs:
            query = query.where(table.c.status.in_([TickStatus.CLAIMED.value, TickStatus.SENT.value]))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(table.c.due_at.desc()).limit(limit)).mappings()
            return [_tick(row) for row in rows]


def _inserted(connection: sa.Connection, row: Mapping[str, Any]) -> bool:
    """Whether the row was new; a transaction that inserts the same one at the same time is waited for."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    made = insert(table).values(**row).on_conflict_do_nothing().returning(table.c.due_at)
    return connection.execute(made).first() is not None


def _is(tick: Tick) -> sa.ColumnElement[bool]:
    return (table.c.schedule == tick.schedule) & (table.c.due_at == tick.due_at)


def _row(tick: Tick) -> dict[str, Any]:
    names = ("schedule", "due_at", "seen_at", "reason", "count", "workflow_id")
    return {"status": tick.status.value, **{name: getattr(tick, name) for name in names}}


def _tick(row: sa.RowMapping) -> Tick:
    return Tick(**{**row, "status": TickStatus(row["status"])})
