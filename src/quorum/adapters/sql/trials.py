"""Trials: every backtest counts, once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from quorum.adapters.sql import tables
from quorum.adapters.sql.database import Database
from quorum.domain import Clock, NotFound, canonical


class SqlTrials:
    """Trials over desk.db."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def count(self, family: str) -> int:
        table = tables.trial
        with self._database.read() as connection:
            query = sa.select(sa.func.count()).select_from(table).where(table.c.family == family)
            return int(connection.execute(query).scalar_one())

    def record(self, trial_id: str, family: str, inputs: Mapping[str, Any], outcome: Mapping[str, Any]) -> None:
        table = tables.trial
        with self._database.write() as connection:
            if connection.execute(sa.select(table.c.trial_id).where(table.c.trial_id == trial_id)).first():
                return
            connection.execute(
                table.insert().values(
                    trial_id=trial_id,
                    family=family,
                    recorded_at=self._clock.now(),
                    inputs=canonical(inputs).decode(),
                    outcome=canonical(outcome).decode(),
                    code_hash=str(inputs["code_hash"]),
                )
            )

    def get(self, trial_id: str) -> Mapping[str, Any]:
        """Family, inputs and outcome of a trial; NotFound when there is none."""
        table = tables.trial
        with self._database.read() as connection:
            row = connection.execute(table.select().where(table.c.trial_id == trial_id)).mappings().first()
        if row is None:
            raise NotFound(f"there is no trial {trial_id}", "`quorum backtest` records one")
        return {**row, "inputs": json.loads(row["inputs"]), "outcome": json.loads(row["outcome"])}
