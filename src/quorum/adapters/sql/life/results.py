"""What tiers answered: a row for each run, tier and attempt, written once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from quorum.adapters.sql.database import Database, take_turn
from quorum.adapters.sql.life.tables import tier_result as table
from quorum.domain import Clock, canonical

_KEY = ("strategy_id", "tier", "attempt", "run_id")
_HELD = sa.select(table.c.at).where(*(table.c[name] == sa.bindparam(f"my_{name}") for name in _KEY))


class SqlResults:
    """Results over desk.db."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def keep(self, strategy_id: str, tier: str, attempt: int, run_id: str, result: Mapping[str, Any]) -> None:
        key = dict(zip(_KEY, (strategy_id, tier, attempt, run_id), strict=True))
        with self._database.write() as connection:
            take_turn(connection, f"results of {strategy_id}")
            if connection.execute(_HELD, {f"my_{name}": value for name, value in key.items()}).first() is None:
                row = {**key, "at": self._clock.now(), "result": canonical(result).decode()}
                connection.execute(table.insert(), row)

    def of(self, strategy_id: str, tier: str | None = None) -> Sequence[Mapping[str, Any]]:
        query = table.select().where(table.c.strategy_id == strategy_id)
        if tier is not None:
            query = query.where(table.c.tier == tier)
        query = query.order_by(table.c.at, table.c.tier, table.c.attempt, table.c.run_id)
        with self._database.read() as connection:
            return [_read(row) for row in connection.execute(query).mappings()]


def _read(row: sa.RowMapping) -> dict[str, Any]:
    kept = {name: row[name] for name in ("tier", "attempt", "run_id", "at")}
    return {**json.loads(row["result"]), **kept}
