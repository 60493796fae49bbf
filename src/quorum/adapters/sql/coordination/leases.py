"""Leases: which process is which worker, and who may still write.

A worker claims a slot, beats to keep it, and loses it to whoever takes over once its lease has run out. On PostgreSQL
the database's own clock judges, so that machines whose clocks differ agree.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import sqlalchemy as sa

from quorum.adapters.sql.coordination.tables import worker
from quorum.adapters.sql.database import Database, on_postgres, take_turn
from quorum.domain import Clock, QuorumError

SECOND = 1_000_000_000
FIRST_SLOT = 1
NOBODY = ""
# Of the database's clock, whatever the transaction has waited for.
SERVER_NOW = "(extract(epoch from clock_timestamp()) * 1000000)::bigint * 1000"


class LeaseLost(QuorumError):
    """The lease of this process was taken over: what it writes would no longer count."""


class Lease(NamedTuple):
    """A slot held since its `epoch`-th change of hands."""

    slot: int
    epoch: int


class Holder(NamedTuple):
    """A worker whose lease has not run out; `age` is seconds since its last beat."""

    slot: int
    worker_id: str
    host: str
    pid: int
    age: float


class Leases:
    """The slots of the workers over one database; a lease runs out `seconds` after its last beat."""

    def __init__(self, database: Database, clock: Clock, seconds: float) -> None:
        self._database = database
        self._clock = clock
        self._length = int(seconds * SECOND)

    def claim(self, worker_id: str, host: str, pid: int) -> Lease:
        """Hold the lowest slot that is free or has run out, else a new one.

        A slot whose last holder still has a transaction open on the server is left to it.
        """
        with self._database.write() as connection:
            take_turn(connection, "leases")
            now = self._now(connection)
            columns = worker.c
            open_slots = sa.select(columns.slot, columns.epoch).where(columns.expires_at <= now)
            found = connection.execute(
                open_slots.order_by(columns.slot).limit(1).with_for_update(skip_locked=True)
            ).first()
            lease = Lease(found.slot, found.epoch + 1) if found else Lease(_next_slot(connection), 1)
            held = {"worker_id": worker_id, "host": host, "pid": pid, "epoch": lease.epoch, **self._from(now)}
            if found:
                connection.execute(worker.update().where(columns.slot == lease.slot).values(**held))
            else:
                connection.execute(worker.insert().values(slot=lease.slot, **held))
            return lease

    def beat(self, lease: Lease) -> None:
        """Hold the slot for another while; LeaseLost when it was taken over. One that ran out unnoticed lives on."""
        with self._database.write() as connection:
            beaten = worker.update().where(_is(lease)).values(**self._from(self._now(connection)))
            if connection.execute(beaten).rowcount == 0:
                raise _lost(lease)

    def release(self, lease: Lease) -> None:
        """Give the slot back, after every transaction that is under way with it; one that is lost stays as it is."""
        with suppress(LeaseLost), self._database.write() as connection:
            if connection.execute(sa.select(worker.c.slot).where(_is(lease)).with_for_update()).first():
                connection.execute(_freed(lease))

    def expired(self) -> list[Lease]:
        """The leases that have run out and that nobody has taken over, lowest slot first."""
        with self._database.read() as connection:
            over = (worker.c.worker_id != NOBODY) & (worker.c.expires_at <= self._now(connection))
            query = sa.select(worker.c.slot, worker.c.epoch).where(over).order_by(worker.c.slot)
            return [Lease(row.slot, row.epoch) for row in connection.execute(query)]

    def held(self) -> list[Lease]:
        """Every lease that nobody has taken over or given back, also one that has run out; lowest slot first."""
        with self._database.read() as connection:
            query = sa.select(worker.c.slot, worker.c.epoch).where(worker.c.worker_id != NOBODY).order_by(worker.c.slot)
            return [Lease(row.slot, row.epoch) for row in connection.execute(query)]

    def take_over(self, slot: int, epoch: int) -> bool:
        """Free a slot whose lease has run out; True for the one caller that did it, who then owns what it left.

        Never waits. False too while the holder is amid a transaction: the server ends that one in time, ask again.
        """
        lease = Lease(slot, epoch)
        with self._database.write() as connection:
            over = _is(lease) & (worker.c.worker_id != NOBODY) & (worker.c.expires_at <= self._now(connection))
            query = sa.select(worker.c.slot).where(over).with_for_update(skip_locked=True)
            if connection.execute(query).first() is None:
                return False
            return connection.execute(_freed(lease)).rowcount == 1

    def fence(self, lease: Lease) -> Callable[[sa.Connection], None]:
        """What keeps a process that lost `lease` from writing: for `Database.fence`; raises LeaseLost.

        Until its transaction ends nobody can take over. Beats go on meanwhile, for they leave the row's key alone.
        """
        query = sa.select(worker.c.slot).where(_is(lease)).with_for_update(read=True, key_share=True)

        def stand(connection: sa.Connection) -> None:
            if connection.execute(query).first() is None:
                raise _lost(lease)

        return stand

    def living(self) -> list[Holder]:
        """The workers whose leases run, lowest slot first."""
        with self._database.read() as connection:
            now = connection.execute(sa.select(self._now(connection))).scalar_one()
            alive = (worker.c.worker_id != NOBODY) & (worker.c.expires_at > now)
            rows = connection.execute(worker.select().where(alive).order_by(worker.c.slot))
            return [Holder(r.slot, r.worker_id, r.host, r.pid, (now - r.beat_at) / SECOND) for r in rows]

    def _now(self, connection: sa.Connection) -> sa.ColumnElement[int]:
        """Now by the clock that judges, in ns UTC."""
        if on_postgres(connection):
            return sa.literal_column(SERVER_NOW, sa.BigInteger)
        return sa.literal(self._clock.now(), sa.BigInteger)

    def _from(self, now: sa.ColumnElement[int]) -> dict[str, Any]:
        return {"beat_at": now, "expires_at": now + self._length}


def _is(lease: Lease) -> sa.ColumnElement[bool]:
    return (worker.c.slot == lease.slot) & (worker.c.epoch == lease.epoch)


def _freed(lease: Lease) -> sa.Update:
    return worker.update().where(_is(lease)).values(worker_id=NOBODY, epoch=lease.epoch + 1, expires_at=0)


def _next_slot(connection: sa.Connection) -> int:
    return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(worker.c.slot) + 1, FIRST_SLOT))).scalar_one())


def _lost(lease: Lease) -> LeaseLost:
    found = f"the lease of worker slot {lease.slot} (epoch {lease.epoch}) was taken over"
    return LeaseLost(found, "this process stood still for too long: start it again")
