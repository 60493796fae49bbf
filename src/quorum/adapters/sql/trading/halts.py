"""Halts in the store, each with its decision."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import sqlalchemy as sa

from quorum.adapters.sql.database import Database
from quorum.adapters.sql.decisions import Provenance, insert_decision, next_number
from quorum.adapters.sql.trading.tables import halt as table
from quorum.domain import Choice, Clock, DecisionKind, Halt, QuorumError, Scope, Severity, plain

_STANDING = table.select().where(table.c.lifted_at.is_(None)).order_by(table.c.sequence)


class SqlHalts:
    """HaltBook over desk.db."""

    def __init__(self, database: Database, clock: Clock, provenance: Provenance) -> None:
        self._database = database
        self._clock = clock
        self._provenance = provenance

    def standing(self) -> Sequence[Halt]:
        try:
            with self._database.read() as connection:
                return [_read(row) for row in connection.execute(_STANDING).mappings()]
        except (QuorumError, sa.exc.SQLAlchemyError, ValueError, KeyError) as error:
            said = f"the store's halts cannot be read: {error}"
            return (Halt(Scope.DESK, "", Severity.BLACK, said, "quorum", 0),)

    def leaving(self) -> AbstractContextManager[Sequence[Halt]]:
        """See Halts; here nobody waits: who halts cancels what left meanwhile."""
        return nullcontext(self.standing())

    def raise_(self, halt: Halt) -> None:
        with self._database.write() as connection:
            next_number(connection, "halt")  # whoever halts or resumes at the same time waits here
            if halt in [_read(row) for row in connection.execute(_STANDING).mappings()]:
                return
            decided = self._decided(
                connection, halt, {"halted": halt.name, "severity": halt.severity.name}, halt.reason
            )
            connection.execute(table.insert().values(**_row(halt), decision_id=decided))

    def lift(self, halt: Halt, by: str, reason: str) -> None:
        with self._database.write() as connection:
            next_number(connection, "halt")
            for row in connection.execute(_STANDING).mappings().all():
                if _read(row) == halt:
                    now = self._clock.now()
                    self._decided(connection, halt, {"resumed": halt.name, "by": by}, reason)
                    lifted = {"lifted_at": now, "lifted_by": by, "lifted_because": reason}
                    connection.execute(table.update().where(table.c.sequence == row["sequence"]).values(**lifted))

    def _decided(self, connection: sa.Connection, halt: Halt, outcome: dict[str, str], reason: str) -> str:
        now = self._clock.now()
        choice = Choice(DecisionKind.HALT, halt.of or "desk", now, {"halt": plain(halt)}, outcome, reason)
        return insert_decision(connection, choice, now, self._provenance).decision_id


def _row(halt: Halt) -> dict[str, object]:
    name = f"{halt.scope}:{halt.of}" if halt.of else halt.scope.value
    return {"scope": name, "severity": halt.severity.name, "reason": halt.reason, "by": halt.by, "at": halt.at}


def _read(row: sa.RowMapping) -> Halt:
    scope, _, of = row["scope"].partition(":")
    return Halt(Scope(scope), of, Severity[row["severity"]], row["reason"], row["by"], row["at"])
