"""The book of runs, kept among the effects."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from quorum.adapters.sql.coordination.effects import once
from quorum.adapters.sql.coordination.tables import effect
from quorum.adapters.sql.database import Database
from quorum.adapters.sql.decisions import next_number
from quorum.domain import Clock, utc_day

PREFIX, FOLLOW = "run/", "follow/"


class SqlRunBook:
    """RunBook over desk.db."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def enter(self, request: Mapping[str, Any], identity: str | None = None) -> str:
        with self._database.write() as connection:
            return self._enter(connection, request, identity)

    def follow(self, key: str, request: Mapping[str, Any]) -> str:
        with self._database.write() as connection:
            now = self._clock.now()
            found = once(connection, FOLLOW + key, now, lambda: {"run": self._enter(connection, request, None)})
            return str(found["run"])

    def _enter(self, connection: sa.Connection, request: Mapping[str, Any], identity: str | None) -> str:
        now = self._clock.now()
        name = identity or f"WF-{utc_day(now)}-{next_number(connection, f'workflow-{utc_day(now)}'):03d}"
        enter_run(connection, name, request, now)
        return name

    def entered(self, since: int) -> Sequence[tuple[str, Mapping[str, Any]]]:
        query = sa.select(effect.c.key, effect.c.answer).where(effect.c.at >= since, effect.c.key.startswith(PREFIX))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(effect.c.at, effect.c.key)).all()
        return [(key.removeprefix(PREFIX), json.loads(answer)) for key, answer in rows]


def enter_run(connection: sa.Connection, identity: str, request: Mapping[str, Any], now: int) -> None:
    """Write a request down under its id within the caller's transaction; one that is there stays as it is."""
    once(connection, PREFIX + identity, now, lambda: request)
