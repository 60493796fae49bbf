"""The system's state over desk.db: moves are appended one after the other, each judged against the last."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sqlalchemy as sa

from quorum.adapters.sql.coordination.tables import system_state
from quorum.adapters.sql.database import Database
from quorum.adapters.sql.decisions import Provenance, insert_decision, next_number
from quorum.desk.system.states import NEVER_STARTED, Moved, Part, Person, SystemState, judge
from quorum.domain import Choice, Clock, DecisionKind

Publish = Callable[[sa.Connection, Moved], None]
_KINDS: dict[str, type[Person] | type[Part]] = {"person": Person, "part": Part}
_MOVES = system_state.select().order_by(system_state.c.sequence.desc()).limit(sa.bindparam("most", type_=sa.Integer))


class SqlStates:
    """States over desk.db; `publish` is called inside each move's transaction, so that a notice commits with it."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        provenance: Provenance,
        publish: Publish = lambda connection, moved: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._provenance = provenance
        self._publish = publish

    def move(self, to: SystemState, by: Person | Part, reason: str) -> Moved:
        with self._database.write() as connection:
            number = next_number(connection, "system-state")  # whoever moves at the same time waits here
            before = _newest(connection)
            judge(before, to, by, reason)
            moved = Moved(self._clock.now(), to, by, reason)
            connection.execute(system_state.insert().values(sequence=number, **_row(moved)))
            self._record(connection, before, moved)
            self._publish(connection, moved)
            return moved

    def current(self) -> Moved:
        with self._database.read() as connection:
            return _newest(connection)

    def history(self, limit: int = 50) -> Sequence[Moved]:
        with self._database.read() as connection:
            return _moves(connection, limit)

    def _record(self, connection: sa.Connection, before: Moved, moved: Moved) -> None:
        inputs = {"state": before.state, "since": before.at, "reason": before.reason}
        outcome = {"state": moved.state, "by": moved.by.name, "person": isinstance(moved.by, Person)}
        choice = Choice(DecisionKind.SYSTEM, "system", moved.at, inputs, outcome, moved.reason)
        insert_decision(connection, choice, moved.at, self._provenance)


def _newest(connection: sa.Connection) -> Moved:
    return next(iter(_moves(connection, 1)), NEVER_STARTED)


def _moves(connection: sa.Connection, limit: int) -> list[Moved]:
    return [_read(row) for row in connection.execute(_MOVES, {"most": limit}).mappings()]


def _row(moved: Moved) -> dict[str, object]:
    kind = "person" if isinstance(moved.by, Person) else "part"
    return {"at": moved.at, "state": moved.state.value, "reason": moved.reason, "by": f"{kind}:{moved.by.name}"}


def _read(row: sa.RowMapping) -> Moved:
    kind, _, name = row["by"].partition(":")
    return Moved(row["at"], SystemState(row["state"]), _KINDS[kind](name), row["reason"])
