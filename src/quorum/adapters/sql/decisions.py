"""The decision log and its ids."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from quorum.adapters.sql import tables
from quorum.adapters.sql.coordination.effects import once
from quorum.adapters.sql.database import Database, take_turn
from quorum.domain import Choice, Clock, Decision, DecisionKind, NotFound, canonical, utc_day


@dataclass(frozen=True, slots=True)
class Provenance:
    """Which code on which machine decides."""

    code_hash: str
    machine: Mapping[str, str]


_COUNTER = tables.counter.c
_NUMBER = sa.select(_COUNTER.value).where(_COUNTER.name == sa.bindparam("mine"))
_COUNT = tables.counter.update().where(_COUNTER.name == sa.bindparam("mine")).values(value=sa.bindparam("now"))
_DECIDE = tables.decision.insert()


def next_number(connection: sa.Connection, name: str) -> int:
    """The next number of a counter, from 1, never twice and without a gap; within the caller's write transaction.

    All counters are one turn, which lasts to the end of the transaction: two that number several things in different
    orders would else wait for each other.
    """
    take_turn(connection, "numbers")
    found = connection.execute(_NUMBER, {"mine": name}).scalar()
    if found is None:
        connection.execute(tables.counter.insert(), {"name": name, "value": 1})
        return 1
    connection.execute(_COUNT, {"mine": name, "now": found + 1})
    return int(found) + 1


def insert_decision(connection: sa.Connection, choice: Choice, at: int, provenance: Provenance) -> Decision:
    """Append `choice` with the next id of its UTC day."""
    day = utc_day(at)
    identity = f"DEC-{day}-{next_number(connection, f'decision-{day}'):03d}"
    row = {
        "decision_id": identity,
        "at": at,
        "kind": choice.kind.value,
        "subject": choice.subject,
        "as_of": choice.as_of,
        "inputs": canonical(choice.inputs).decode(),
        "outcome": canonical(choice.outcome).decode(),
        "rationale": choice.rationale,
        "parents": json.dumps(choice.parents),
        "code_hash": provenance.code_hash,
        "machine": json.dumps(dict(provenance.machine), sort_keys=True),
    }
    connection.execute(_DECIDE, row)
    return Decision(identity, at, choice, provenance.code_hash, provenance.machine)


def read_decision(row: sa.RowMapping) -> Decision:
    """The decision that a row holds."""
    choice = Choice(
        DecisionKind(row["kind"]),
        row["subject"],
        row["as_of"],
        json.loads(row["inputs"]),
        json.loads(row["outcome"]),
        row["rationale"],
        tuple(json.loads(row["parents"])),
    )
    return Decision(row["decision_id"], row["at"], choice, row["code_hash"], json.loads(row["machine"]))


class SqlDecisionLog:
    """DecisionLog over desk.db."""

    def __init__(self, database: Database, clock: Clock, provenance: Provenance) -> None:
        self._database = database
        self._clock = clock
        self._provenance = provenance

    def record(self, choice: Choice) -> Decision:
        with self._database.write() as connection:
            return insert_decision(connection, choice, self._clock.now(), self._provenance)

    def once(self, key: str, choice: Choice) -> str:
        with self._database.write() as connection:
            now = self._clock.now()

            def record() -> Mapping[str, str]:
                return {"decision_id": insert_decision(connection, choice, now, self._provenance).decision_id}

            return str(once(connection, key, now, record)["decision_id"])

    def get(self, decision_id: str) -> Decision:
        table = tables.decision
        with self._database.read() as connection:
            row = connection.execute(table.select().where(table.c.decision_id == decision_id)).mappings().first()
        if row is None:
            raise NotFound(f"there is no decision {decision_id}", "list them with `quorum decisions`")
        return read_decision(row)

    def following(self, decision_id: str) -> Sequence[Decision]:
        table = tables.decision
        query = table.select().where(table.c.parents.contains(f'"{decision_id}"', autoescape=True))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(table.c.sequence)).mappings()
            return [read_decision(row) for row in rows]

    def recent(self, limit: int, kind: DecisionKind | None = None, subject: str | None = None) -> Sequence[Decision]:
        table = tables.decision
        named = {table.c.kind: kind and kind.value, table.c.subject: subject}
        holds = [column == value for column, value in named.items() if value is not None]
        query = table.select().where(*holds).order_by(table.c.sequence.desc()).limit(limit)
        with self._database.read() as connection:
            return [read_decision(row) for row in connection.execute(query).mappings()]
