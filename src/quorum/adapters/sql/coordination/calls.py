"""Every call of an agent, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from quorum.adapters.sql.coordination.tables import agent_call as table
from quorum.adapters.sql.database import Database, take_turn
from quorum.desk.agents import Call, CallOutcome

ASKED_AT_ONCE = 500
COLUMNS = tuple(column for column in table.c if column.name != "sequence")
TURN = "agent_call"


class SqlCalls:
    """Calls over desk.db: a batch is one commit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, call: Call) -> None:
        self.record_all((call,))

    def record_all(self, calls: Sequence[Call]) -> None:
        if calls:
            with self._database.write() as connection:
                insert_calls(connection, calls)

    def of(self, agent: str, since: int) -> Sequence[Call]:
        return self._found(table.c.agent == agent, table.c.at >= since)

    def last(self, agents: Sequence[str], count: int) -> Mapping[str, Sequence[Call]]:
        with self._database.read() as connection:
            return {agent: _last(connection, agent, count) for agent in agents}

    def since(self, instant: int) -> Sequence[Call]:
        return self._found(table.c.at >= instant)

    def _found(self, *conditions: sa.ColumnElement[bool]) -> list[Call]:
        query = sa.select(*COLUMNS).where(*conditions).order_by(table.c.at, table.c.sequence)
        with self._database.read() as connection:
            return [_read(row) for row in connection.execute(query)]


def insert_calls(connection: sa.Connection, calls: Sequence[Call]) -> None:
    """Append calls within the caller's transaction; one whose key is there already is left out."""
    take_turn(connection, TURN)
    asked = {call.key: call for call in reversed(calls)}
    held = _known(connection, list(asked))
    rows = [_row(call) for key, call in reversed(asked.items()) if key not in held]
    if rows:
        connection.execute(table.insert(), rows)


_NEWEST = (
    sa.select(*COLUMNS)
    .where(table.c.agent == sa.bindparam("mine"))
    .order_by(table.c.at.desc(), table.c.sequence.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)


def _known(connection: sa.Connection, keys: Sequence[str]) -> set[str]:
    parts = [keys[i : i + ASKED_AT_ONCE] for i in range(0, len(keys), ASKED_AT_ONCE)]
    return {key for part in parts for key in connection.scalars(sa.select(table.c.key).where(table.c.key.in_(part)))}


def _last(connection: sa.Connection, agent: str, count: int) -> list[Call]:
    return [_read(row) for row in connection.execute(_NEWEST, {"mine": agent, "most": count})][::-1]


def _row(call: Call) -> dict[str, object]:
    return {column.name: getattr(call, column.name) for column in COLUMNS} | {"outcome": call.outcome.value}


def _read(row: sa.Row[tuple[object, ...]]) -> Call:
    told = dict(row._mapping)  # noqa: SLF001 - the documented way to a row's names
    return Call(**{**told, "outcome": CallOutcome(told["outcome"])})
