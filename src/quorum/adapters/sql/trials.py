"""Trials: every backtest counts, once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from quorum.adapters.sql import tables
from quorum.adapters.sql.database import Database, take_turn
from quorum.domain import Clock, NotFound, canonical

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from quorum.engine.trial import TrialRecord

ASKED_AT_ONCE = 5_000


class SqlTrials:
    """Trials over desk.db: a batch is one commit, in which shared inputs and days are written once."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def record_many(self, trials: Sequence[TrialRecord]) -> None:
        batch = _Batch(self._clock.now(), tuple(trials))
        with self._database.write() as connection:
            take_turn(connection, "trials")
            batch.write(connection, _known(connection, batch.trials))

    def known(self, trial_ids: Collection[str]) -> set[str]:
        with self._database.read() as connection:
            return _known(connection, trial_ids)

    def get(self, trial_id: str) -> Mapping[str, Any]:
        table, shared = tables.trial, tables.trial_inputs
        query = sa.select(table, shared.c.inputs.label("shared")).join(shared).where(table.c.trial_id == trial_id)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            raise NotFound(f"there is no trial {trial_id}", "`quorum backtest` records one")
        inputs = json.loads(row["shared"])
        if row["parameters"] is not None:
            inputs["parameters"] = json.loads(row["parameters"])
        told = {name: row[name] for name in ("trial_id", "family", "recorded_at", "code_hash")}
        return {**told, "inputs": inputs, "outcome": json.loads(row["outcome"])}

    def count(self, family: str) -> int:
        table = tables.trial
        with self._database.read() as connection:
            query = sa.select(sa.func.count()).select_from(table).where(table.c.family == family)
            return int(connection.execute(query).scalar_one())

    def family(self, name: str) -> Sequence[TrialRecord]:
        table, inputs, days = tables.trial, tables.trial_inputs, tables.trial_days
        mine = table.c.family == name
        with self._database.read() as connection:
            shared = connection.execute(sa.select(inputs).join(table).where(mine).distinct()).all()
            spans = connection.execute(sa.select(days).join(table).where(mine).distinct()).all()
            rows = connection.execute(table.select().where(mine).order_by(table.c.sequence)).all()
        return _records(rows, dict(map(tuple, shared)), dict(map(tuple, spans)))


class _Batch:
    """The rows of some trials; what several share has one row, under the hash of its content."""

    def __init__(self, now: int, trials: tuple[TrialRecord, ...]) -> None:
        self.trials: dict[str, dict[str, Any]] = {}
        self._inputs: dict[str, str] = {}
        self._days: dict[str, bytes] = {}
        self._addresses: dict[int, str] = {}  # by identity: a sweep's trials hold the very same inputs and days
        for trial in trials:
            if trial.trial_id not in self.trials:
                self.trials[trial.trial_id] = self._row(now, trial)

    def _row(self, now: int, trial: TrialRecord) -> dict[str, Any]:
        return {
            "trial_id": trial.trial_id,
            "family": trial.family,
            "recorded_at": now,
            "inputs": self._addresses.get(id(trial.inputs)) or self._share_inputs(trial.inputs),
            "parameters": canonical(trial.parameters).decode(),
            "outcome": canonical(trial.outcome).decode(),
            "code_hash": str(trial.inputs["code_hash"]),
            "days": self._addresses.get(id(trial.day)) or self._share_days(trial.day),
            "returns": trial.returns.astype("<f8").tobytes(),
        }

    def _share_inputs(self, inputs: Mapping[str, Any]) -> str:
        text = canonical(inputs)
        self._addresses[id(inputs)] = address = hashlib.sha256(text).hexdigest()
        self._inputs[address] = text.decode()
        return address

    def _share_days(self, day: NDArray[np.int64]) -> str:
        span = day.astype("<i8").tobytes()
        self._addresses[id(day)] = address = hashlib.sha256(span).hexdigest()
        self._days[address] = span
        return address

    def write(self, connection: sa.Connection, held: set[str]) -> None:
        """Insert all rows but those of the trials in `held`."""
        new = [row for identity, row in self.trials.items() if identity not in held]
        if not new:
            return
        _insert_shared(connection, tables.trial_inputs, {r["inputs"]: self._inputs[r["inputs"]] for r in new})
        _insert_shared(connection, tables.trial_days, {r["days"]: self._days[r["days"]] for r in new})
        connection.execute(tables.trial.insert(), new)


def _insert_shared(connection: sa.Connection, table: sa.Table, content: Mapping[str, Any]) -> None:
    """Insert what is not there yet; nobody else writes between the question and the answer."""
    address, value = table.c
    held = set(connection.scalars(sa.select(address).where(address.in_(content))))
    if new := [{address.name: key, value.name: content[key]} for key in content if key not in held]:
        connection.execute(table.insert(), new)


def _known(connection: sa.Connection, trial_ids: Collection[str]) -> set[str]:
    asked, column = list(trial_ids), tables.trial.c.trial_id
    parts = [asked[i : i + ASKED_AT_ONCE] for i in range(0, len(asked), ASKED_AT_ONCE)]
    return {known for part in parts for known in connection.scalars(sa.select(column).where(column.in_(part)))}


def _records(rows: Iterable[Any], shared: Mapping[str, str], spans: Mapping[str, bytes]) -> list[TrialRecord]:
    """The trials of rows; imported here, since what opens the store need not load the kernel's compiler."""
    import numpy as np

    from quorum.engine.trial import TrialRecord

    inputs = {address: json.loads(text) for address, text in shared.items()}
    days = {address: np.frombuffer(span, "<i8") for address, span in spans.items()}
    none = np.empty(0, np.int64)
    records = []
    for row in rows:
        told = inputs[row.inputs]
        parameters = told.pop("parameters", {}) if row.parameters is None else json.loads(row.parameters)
        outcome, returns = json.loads(row.outcome), np.frombuffer(row.returns or b"", "<f8")
        records.append(
            TrialRecord(row.trial_id, row.family, told, parameters, outcome, days.get(row.days, none), returns)
        )
    return records
