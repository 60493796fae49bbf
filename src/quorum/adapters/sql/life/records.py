"""The books of the strategy's life: a row a record, what has no column in the row's document."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from quorum.adapters.sql.database import Database, take_turn
from quorum.adapters.sql.decisions import next_number
from quorum.adapters.sql.life import tables
from quorum.adapters.sql.life.counting import count_past
from quorum.desk.life.ports import Books, Record
from quorum.desk.life.shelf import ATTEMPTS, CELLS, DEPLOYMENTS, FAILURES, LEARNINGS, MEETINGS, RUNS, Shelf
from quorum.domain import Clock, NotFound, UsageError, canonical
from quorum.validation.life import number_in


class SqlRecords:
    """Records of one shelf over desk.db; those who write to one book take turns."""

    def __init__(self, database: Database, clock: Clock, shelf: Shelf) -> None:
        self._database = database
        self._clock = clock
        self._shelf = shelf
        self._table = tables.strategy.metadata.tables[shelf.table]

    def open(self, record: Record) -> Record:
        shelf, now = self._shelf, self._clock.now()
        if not shelf.ids:
            raise UsageError(f"records of {shelf.table} have no numbers", "put it under its key")
        with self._database.write() as connection:
            take_turn(connection, "numbers")  # held by who numbers, so that a key is not written twice either
            if shelf.unique and (held := self._held(connection, record)):
                return held
            return self._write(connection, {**record, shelf.key[0]: self._next(connection, now)}, now)

    def put(self, record: Record) -> Record:
        (identity, *_) = self._shelf.identity(record)
        with self._database.write() as connection:
            take_turn(connection, self._shelf.table)
            if self._counts:
                take_turn(connection, "numbers")
                count_past(connection, self._shelf.ids, number_in(identity, self._shelf.ids))
            return self._write(connection, record, self._clock.now())

    def change(self, key: tuple[Any, ...], act: Callable[[Record], Record]) -> Record:
        with self._database.write() as connection:
            take_turn(connection, self._shelf.table)
            found = self._get(connection, key)
            named = dict(zip(self._shelf.key, key, strict=True))
            return self._write(connection, {**act(found), **named}, self._clock.now())

    def get(self, *key: Any) -> Record:
        with self._database.read() as connection:
            return self._get(connection, key)

    def listed(self, limit: int | None = None, **equal: Any) -> Sequence[Record]:
        if unknown := [name for name in equal if name not in self._shelf]:
            raise UsageError(f"{self._shelf.table} has no column {unknown[0]!r}", "look among its columns")
        query = self._table.select().where(*(self._table.c[name] == value for name, value in equal.items()))
        query = query.order_by(*(column.desc() for column in self._order())).limit(limit)
        with self._database.read() as connection:
            rows = [self._read(row) for row in connection.execute(query).mappings()]
        return rows[::-1]

    @property
    def _counts(self) -> bool:
        """Whether a file may bring ids that its counter has to go past."""
        return bool(self._shelf.ids) and not self._shelf.daily

    def _next(self, connection: sa.Connection, now: int) -> str:
        """The next id of the book that nobody has; a host's file may have brought some."""
        series = self._shelf.series(now)
        while True:
            identity = f"{series}-{next_number(connection, series):03d}"
            if connection.execute(self._table.select().where(*self._at((identity,)))).first() is None:
                return identity

    def _order(self) -> list[sa.ColumnElement[Any]]:
        """Time, and then the key, in which 1000 comes after 999."""
        keys = (self._table.c[name] for name in self._shelf.key)
        parts = ((sa.func.length(c), c) if isinstance(c.type, sa.Text) else (c,) for c in keys)
        return [self._table.c[self._shelf.at], *(column for part in parts for column in part)]

    def _held(self, connection: sa.Connection, record: Record) -> Record | None:
        column = self._table.c[self._shelf.unique]
        wanted = record.get(self._shelf.unique)
        if not wanted:
            raise UsageError(f"a record of {self._shelf.table} without {column.name}", "name what it is known by")
        row = connection.execute(self._table.select().where(column == wanted)).mappings().first()
        return None if row is None else self._read(row)

    def _get(self, connection: sa.Connection, key: tuple[Any, ...]) -> Record:
        row = connection.execute(self._table.select().where(*self._at(key))).mappings().first()
        if row is None:
            named = " ".join(str(part) for part in key)
            raise NotFound(f"there is no {named!r} in {self._shelf.table}")
        return self._read(row)

    def _at(self, key: tuple[Any, ...]) -> list[sa.ColumnElement[bool]]:
        return [self._table.c[name] == value for name, value in zip(self._shelf.key, key, strict=True)]

    def _write(self, connection: sa.Connection, record: Record, now: int) -> Record:
        whole = self._shelf.whole(record, now)
        row = self._row(whole)
        key = self._shelf.identity(whole)
        if connection.execute(self._table.update().where(*self._at(key)), row).rowcount == 0:
            connection.execute(self._table.insert(), row)
        return self._read(row)

    def _row(self, whole: Mapping[str, Any]) -> dict[str, Any]:
        columns = {name: value for name, value in whole.items() if name in self._shelf}
        texts = {name: canonical(columns[name]).decode() for name in self._shelf.texts}
        document = {name: value for name, value in whole.items() if name not in self._shelf}
        return {**columns, **texts, "document": canonical(document).decode()}

    def _read(self, row: Mapping[Any, Any]) -> dict[str, Any]:
        columns = {name: value for name, value in row.items() if name != "document"}
        texts = {name: json.loads(columns[name]) for name in self._shelf.texts}
        return {**columns, **texts, **json.loads(row["document"])}


def sql_books(database: Database, clock: Clock) -> Books:
    """Every book over one database."""

    def kept(shelf: Shelf) -> SqlRecords:
        return SqlRecords(database, clock, shelf)

    return Books(
        runs=kept(RUNS),
        attempts=kept(ATTEMPTS),
        learnings=kept(LEARNINGS),
        failures=kept(FAILURES),
        meetings=kept(MEETINGS),
        cells=kept(CELLS),
        deployments=kept(DEPLOYMENTS),
    )
