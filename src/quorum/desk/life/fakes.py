"""The books in memory, for tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from quorum.desk.life.ports import Books, Record
from quorum.desk.life.shelf import ATTEMPTS, CELLS, DEPLOYMENTS, FAILURES, LEARNINGS, MEETINGS, RUNS, Shelf
from quorum.domain import Clock, NotFound, UsageError, plain
from quorum.validation.life import number_in


class MemoryRecords:
    """Records of one shelf in a dict."""

    def __init__(self, clock: Clock, shelf: Shelf) -> None:
        self._clock = clock
        self._shelf = shelf
        self._kept: dict[tuple[Any, ...], dict[str, Any]] = {}
        self._numbers: dict[str, int] = {}

    def open(self, record: Record) -> Record:
        shelf = self._shelf
        if not shelf.ids:
            raise UsageError(f"records of {shelf.table} have no numbers", "put it under its key")
        if shelf.unique:
            if not record.get(shelf.unique):
                raise UsageError(f"a record of {shelf.table} without {shelf.unique}", "name what it is known by")
            held = next((r for r in self._kept.values() if r[shelf.unique] == record[shelf.unique]), None)
            if held is not None:
                return dict(held)
        series = shelf.series(self._clock.now())
        while True:
            self._numbers[series] = self._numbers.get(series, 0) + 1
            identity = f"{series}-{self._numbers[series]:03d}"
            if (identity,) not in self._kept:
                return self.put({**record, shelf.key[0]: identity})

    def put(self, record: Record) -> Record:
        key = self._shelf.identity(record)
        if self._shelf.ids and not self._shelf.daily:
            known = self._numbers.get(self._shelf.ids, 0)
            self._numbers[self._shelf.ids] = max(known, number_in(key[0], self._shelf.ids))
        whole: dict[str, Any] = plain(self._shelf.whole(record, self._clock.now()))
        self._kept[key] = whole
        return dict(whole)

    def change(self, key: tuple[Any, ...], act: Callable[[Record], Record]) -> Record:
        named = dict(zip(self._shelf.key, key, strict=True))
        return self.put({**act(self.get(*key)), **named})

    def get(self, *key: Any) -> Record:
        if key not in self._kept:
            raise NotFound(f"there is no {' '.join(map(str, key))!r} in {self._shelf.table}")
        return dict(self._kept[key])

    def listed(self, limit: int | None = None, **equal: Any) -> Sequence[Record]:
        if unknown := [name for name in equal if name not in self._shelf]:
            raise UsageError(f"{self._shelf.table} has no column {unknown[0]!r}", "look among its columns")
        rows = sorted(self._kept.values(), key=self._order)
        rows = [dict(r) for r in rows if all(r[name] == value for name, value in equal.items())]
        return rows if limit is None else rows[len(rows) - min(limit, len(rows)) :]

    def _order(self, record: Mapping[str, Any]) -> tuple[Any, ...]:
        keys = (record[name] for name in self._shelf.key)
        return (record[self._shelf.at], *((len(k), k) if isinstance(k, str) else (0, k) for k in keys))


def memory_books(clock: Clock) -> Books:
    """Every book in memory."""

    def kept(shelf: Shelf) -> MemoryRecords:
        return MemoryRecords(clock, shelf)

    return Books(
        runs=kept(RUNS),
        attempts=kept(ATTEMPTS),
        learnings=kept(LEARNINGS),
        failures=kept(FAILURES),
        meetings=kept(MEETINGS),
        cells=kept(CELLS),
        deployments=kept(DEPLOYMENTS),
    )
