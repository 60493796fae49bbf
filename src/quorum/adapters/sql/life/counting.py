"""Counters of ids that files may bring along: the next one goes on behind the highest that is known."""

from __future__ import annotations

import sqlalchemy as sa

from quorum.adapters.sql.tables import counter


def count_past(connection: sa.Connection, name: str, highest: int) -> None:
    """Let a counter go on behind the highest number; within a transaction that has the turn of numbers."""
    found = counted(connection, name)
    if highest > found and found:
        connection.execute(counter.update().where(counter.c.name == name).values(value=highest))
    elif highest > found:
        connection.execute(counter.insert(), {"name": name, "value": highest})


def counted(connection: sa.Connection, name: str) -> int:
    """The number that a counter gave last; 0 where it gave none."""
    return connection.execute(sa.select(counter.c.value).where(counter.c.name == name)).scalar() or 0
