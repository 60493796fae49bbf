"""The queue of strategies: each change of a status with its decision and its move, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from quorum.adapters.sql.database import Database, take_turn
from quorum.adapters.sql.decisions import Provenance, insert_decision, next_number
from quorum.adapters.sql.life.counting import count_past, counted
from quorum.adapters.sql.life.tables import strategy as table
from quorum.adapters.sql.life.tables import strategy_move
from quorum.domain import Choice, Clock, DecisionKind, NotFound, UsageError, canonical, plain
from quorum.validation.life import OVER, Candidate, Idea, Move, Status, check_move, number_in

COUNTER = "strategy"
FACTS = ("tier", "attempts", "idea")
_IN_TURN = (table.c.priority.desc(), sa.func.length(table.c.strategy_id), table.c.strategy_id)
_ONE = table.select().where(table.c.strategy_id == sa.bindparam("mine"))


Told = Callable[[sa.Connection, Sequence[Candidate], int], None]


class SqlQueue:
    """StrategyQueue and Intake over desk.db; of two desks that move one strategy, one does.

    `told` hears, within the transaction, of those that wait from now on, and how many wait in all.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        provenance: Provenance,
        told: Told = lambda connection, new, waiting: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._provenance = provenance
        self._told = told

    def add(self, ideas: Sequence[Idea], by: str) -> Sequence[Candidate]:
        if not ideas:
            return []
        now = self._clock.now()
        with self._database.write() as connection:
            take_turn(connection, "numbers")  # held by who numbers, so that an idea is not queued twice either
            waiting, new = _waiting(connection, {idea.identity for idea in ideas}), []
            for idea in ideas:
                if idea.identity not in waiting:
                    identity = f"STR-{next_number(connection, COUNTER):03d}"
                    made = Candidate(identity, idea, Status.PENDING, now, now)
                    waiting[idea.identity] = made
                    self._begin(connection, made, by, idea.hypothesis or f"{idea.name} was queued")
                    new.append(made)
            self._tell(connection, new)
            return [waiting[idea.identity] for idea in ideas]

    def get(self, strategy_id: str) -> Candidate:
        with self._database.read() as connection:
            return _found(connection, strategy_id)

    def listed(self, statuses: Collection[Status] = ()) -> Sequence[Candidate]:
        query = table.select().order_by(*_IN_TURN)
        if statuses:
            query = query.where(table.c.status.in_([status.value for status in statuses]))
        with self._database.read() as connection:
            return [_read(row) for row in connection.execute(query).mappings()]

    def move(
        self, strategy_id: str, before: Status, after: Status, by: str, reason: str, **facts: Any
    ) -> Candidate | None:
        check_move(strategy_id, before, after)
        if unknown := set(facts).difference(FACTS):
            raise UsageError(f"a move changes no {sorted(unknown)[0]}", f"it may change {', '.join(FACTS)}")
        now = self._clock.now()
        with self._database.write() as connection:
            found = _found(connection, strategy_id, hold=True)
            if found.status is not before:
                return None
            tier = facts.pop("tier", after[:2] if after.startswith("L") else found.tier)
            changed = {"status": after, "moved_at": now, "reason": reason, "version": found.version + 1, "tier": tier}
            moved = replace(found, **changed, **facts)
            connection.execute(table.update().where(table.c.strategy_id == strategy_id), _row(moved))
            self._keep(connection, found, moved, by)
            return moved

    def moves(self, strategy_id: str) -> Sequence[Move]:
        mine = strategy_move.c.strategy_id == strategy_id
        with self._database.read() as connection:
            _found(connection, strategy_id)
            query = strategy_move.select().where(mine).order_by(strategy_move.c.sequence)
            return [_read_move(row) for row in connection.execute(query).mappings()]

    def adopt(self, candidates: Sequence[Candidate], by: str, next_number: int = 1) -> Sequence[Candidate]:
        if not candidates and next_number <= 1:
            return []
        with self._database.write() as connection:
            take_turn(connection, "numbers")
            known = set(connection.scalars(sa.select(table.c.strategy_id)))
            new = [c for c in {c.strategy_id: c for c in candidates}.values() if c.strategy_id not in known]
            for candidate in new:
                self._begin(connection, candidate, by, candidate.reason or "found in the queue file")
            count_past(connection, COUNTER, max([next_number - 1, *(number_in(c.strategy_id, "STR") for c in new)]))
            return new

    def revise(self, strategy_id: str, weight: float, other: Mapping[str, Any]) -> Candidate:
        with self._database.write() as connection:
            found = _found(connection, strategy_id, hold=True)
            revised = replace(found, idea=replace(found.idea, weight=weight), other=other)
            connection.execute(table.update().where(table.c.strategy_id == strategy_id), _row(revised))
            return revised

    def next_number(self) -> int:
        with self._database.read() as connection:
            return counted(connection, COUNTER) + 1

    def _begin(self, connection: sa.Connection, made: Candidate, by: str, why: str) -> None:
        connection.execute(table.insert(), _row(made))
        self._keep(connection, None, replace(made, reason=why), by)

    def _tell(self, connection: sa.Connection, new: Sequence[Candidate]) -> None:
        if new and self._told is not None:
            waits = sa.select(sa.func.count()).where(table.c.status == Status.PENDING.value)
            self._told(connection, new, int(connection.execute(waits).scalar_one()))

    def _keep(self, connection: sa.Connection, found: Candidate | None, moved: Candidate, by: str) -> None:
        """The move and the decision that it is."""
        before = found.status.value if found else None
        choice = Choice(
            DecisionKind.STATUS,
            moved.strategy_id,
            moved.moved_at,
            {"before": before, "idea": moved.idea.identity, "attempts": moved.attempts},
            {"after": moved.status.value, "tier": moved.tier, "by": by, "reason": moved.reason},
            f"{moved.strategy_id} {before or 'is new'} -> {moved.status}: {moved.reason}",
        )
        decided = insert_decision(connection, choice, moved.moved_at, self._provenance)
        row = {
            "strategy_id": moved.strategy_id,
            "at": moved.moved_at,
            "before": before or "",
            "after": moved.status.value,
            "by": by,
            "reason": moved.reason,
            "decision_id": decided.decision_id,
        }
        connection.execute(strategy_move.insert(), row)


def _waiting(connection: sa.Connection, identities: Collection[str]) -> dict[str, Candidate]:
    """The strategies of those identities whose lives are not over."""
    over = [status.value for status in OVER]
    query = table.select().where(table.c.identity.in_(identities), table.c.status.not_in(over))
    return {row["identity"]: _read(row) for row in connection.execute(query).mappings()}


def _found(connection: sa.Connection, strategy_id: str, *, hold: bool = False) -> Candidate:
    query = _ONE.with_for_update() if hold else _ONE
    row = connection.execute(query, {"mine": strategy_id}).mappings().first()
    if row is None:
        raise NotFound(f"there is no strategy {strategy_id!r} in the queue", "list them with `quorum queue show`")
    return _read(row)


def _row(candidate: Candidate) -> dict[str, Any]:
    idea = candidate.idea
    return {
        "strategy_id": candidate.strategy_id,
        "identity": idea.identity,
        "name": idea.name,
        "document": canonical(idea).decode(),
        "status": candidate.status.value,
        "tier": candidate.tier or "",
        "reason": candidate.reason,
        "attempts": candidate.attempts,
        "version": candidate.version,
        "priority": idea.weight,
        "added_at": candidate.added_at,
        "moved_at": candidate.moved_at,
        "other": canonical(candidate.other).decode(),
    }


def _read(row: sa.RowMapping) -> Candidate:
    document = json.loads(row["document"])
    idea = Idea(**{**document, "symbols": tuple(document["symbols"])})
    return Candidate(
        strategy_id=row["strategy_id"],
        idea=idea,
        status=Status(row["status"]),
        added_at=row["added_at"],
        moved_at=row["moved_at"],
        tier=row["tier"] or None,
        reason=row["reason"],
        attempts=row["attempts"],
        version=row["version"],
        other=plain(json.loads(row["other"])),
    )


def _read_move(row: sa.RowMapping) -> Move:
    before = Status(row["before"]) if row["before"] else None
    after = Status(row["after"])
    return Move(row["strategy_id"], row["at"], before, after, row["by"], row["reason"], row["decision_id"] or None)
