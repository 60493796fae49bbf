"""The book of tasks that were given to agents."""

from __future__ import annotations

import json
from collections.abc import Sequence

import sqlalchemy as sa

from quorum.adapters.sql.coordination.tables import task as table
from quorum.adapters.sql.database import Database, take_turn
from quorum.adapters.sql.decisions import next_number
from quorum.adapters.sql.tables import counter
from quorum.desk.agents import Delegated, Delegation, Finish, Priority, read_handoff, write_handoff
from quorum.domain import Clock, NotFound, canonical, utc_day

ASKED_AT_ONCE = 500


class SqlTaskBook:
    """TaskBook over desk.db: a batch is one commit."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def delegate_all(self, tasks: Sequence[Delegation]) -> Sequence[Delegated]:
        if not tasks:
            return []
        with self._database.write() as connection:
            return insert_tasks(connection, tasks, self._clock.now())

    def finish_all(self, ends: Sequence[Finish]) -> int:
        if not ends:
            return 0
        with self._database.write() as connection:
            return end_tasks(connection, ends, self._clock.now())

    def get(self, task_id: str) -> Delegated:
        with self._database.read() as connection:
            row = connection.execute(table.select().where(table.c.task_id == task_id)).mappings().first()
        if row is None:
            raise _missing(task_id)
        return _read(row)

    def open(self) -> Sequence[Delegated]:
        query = table.select().where(table.c.finished_at.is_(None))
        return self._found(query.order_by(table.c.delegated_at, table.c.task_id))

    def recent(self, limit: int) -> Sequence[Delegated]:
        length = sa.func.length(table.c.task_id)  # TASK-20240603-1000 comes after TASK-20240603-999
        query = table.select().order_by(table.c.delegated_at.desc(), length.desc(), table.c.task_id.desc())
        return self._found(query.limit(limit))

    def _found(self, query: sa.Select[tuple[object, ...]]) -> list[Delegated]:
        with self._database.read() as connection:
            return [_read(row) for row in connection.execute(query).mappings()]


def insert_tasks(connection: sa.Connection, tasks: Sequence[Delegation], now: int) -> list[Delegated]:
    """Write tasks down within the caller's transaction; one whose key is there comes back as it is."""
    take_turn(connection, "numbers")  # held by who numbers, so that a key is not written twice either
    held = _by_key(connection, [task.key for task in tasks])
    new = list({task.key: task for task in tasks if task.key not in held}.values())
    if new:
        for task, identity in zip(new, _identities(connection, utc_day(now), len(new)), strict=True):
            held[task.key] = task.made(identity, now)
        connection.execute(table.insert(), [_row(held[task.key]) for task in new])
    return [held[task.key] for task in tasks]


def end_tasks(connection: sa.Connection, ends: Sequence[Finish], now: int) -> int:
    """Hand tasks on within the caller's transaction; how many were still open. NotFound for a task there is not."""
    if not ends:
        return 0
    values = [_ended(end, now) for end in ends]
    changed = connection.execute(_END, values).rowcount
    if changed < len(ends):
        for end in ends:
            if connection.execute(sa.select(table.c.task_id).where(table.c.task_id == end.task_id)).first() is None:
                raise _missing(end.task_id)
    return changed


def _ended(end: Finish, now: int) -> dict[str, object]:
    at = now if end.at is None else end.at
    return {"mine": end.task_id, "is": write_handoff(end.signal), "said": end.note, "now": at}


_END = (
    table.update()
    .where(table.c.task_id == sa.bindparam("mine"), table.c.finished_at.is_(None))
    .values(signal=sa.bindparam("is"), note=sa.bindparam("said"), finished_at=sa.bindparam("now"))
)


def _identities(connection: sa.Connection, day: str, count: int) -> list[str]:
    """The next ids of a UTC day, as many as are asked for."""
    name = f"TASK-{day}"
    first = next_number(connection, name)
    if count > 1:
        connection.execute(counter.update().where(counter.c.name == name).values(value=first + count - 1))
    return [f"{name}-{number:03d}" for number in range(first, first + count)]


def _by_key(connection: sa.Connection, keys: Sequence[str]) -> dict[str, Delegated]:
    parts = [keys[i : i + ASKED_AT_ONCE] for i in range(0, len(keys), ASKED_AT_ONCE)]
    rows = (row for part in parts for row in connection.execute(_keyed(part)).mappings())
    return {row["key"]: _read(row) for row in rows}


def _keyed(keys: Sequence[str]) -> sa.Select[tuple[object, ...]]:
    return table.select().where(table.c.key.in_(keys))


def _row(made: Delegated) -> dict[str, object]:
    task = made.task
    return {
        "task_id": made.task_id,
        "key": task.key,
        "delegated_at": made.delegated_at,
        "target_agent": task.target_agent,
        "asked_agent": task.asked_agent,
        "task_type": task.task_type,
        "workflow_id": task.workflow_id,
        "context": canonical({"step": task.step, "inputs_available": task.inputs_available}).decode(),
        "expected_output": task.expected_output,
        "deadline": task.deadline,
        "priority": task.priority.value,
        "signal": "",
        "note": "",
        "finished_at": None,
    }


def _read(row: sa.RowMapping) -> Delegated:
    context = json.loads(row["context"])
    task = Delegation(
        key=row["key"],
        target_agent=row["target_agent"],
        asked_agent=row["asked_agent"],
        task_type=row["task_type"],
        workflow_id=row["workflow_id"],
        step=context["step"],
        deadline=row["deadline"],
        expected_output=row["expected_output"],
        inputs_available=tuple(context["inputs_available"]),
        priority=Priority(row["priority"]),
    )
    signal = read_handoff(row["signal"]) if row["signal"] else None
    return Delegated(row["task_id"], row["delegated_at"], task, signal, row["note"], row["finished_at"])


def _missing(task_id: str) -> NotFound:
    return NotFound(f"there is no task {task_id}", "list them with `quorum agents tasks`")
