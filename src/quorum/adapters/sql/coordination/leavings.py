"""What runs that are over left behind, and how it goes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

import sqlalchemy as sa

from quorum.adapters.sql.coordination.runs import FOLLOW, PREFIX
from quorum.adapters.sql.coordination.tables import agent_call, delivery, effect, task, tick
from quorum.adapters.sql.database import Database
from quorum.desk.schedule import TickStatus

ENDED = [status.value for status in (TickStatus.SENT, TickStatus.SKIPPED, TickStatus.MISSED)]
OWN = ("", PREFIX, FOLLOW)
_TOGETHER = 100


class SqlLeavings:
    """Leavings over desk.db."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def runs(self, before: int) -> Sequence[str]:
        query = sa.select(effect.c.key).where(effect.c.at < before, effect.c.key.startswith(PREFIX))
        with self._database.read() as connection:
            found = connection.execute(query.order_by(effect.c.at, effect.c.key)).scalars()
            return [key.removeprefix(PREFIX) for key in found]

    def remove(self, before: int, runs: Collection[str], *, dry_run: bool) -> Mapping[str, int]:
        wanted = [("effects", effect, where) for where in _effects(runs, before)]
        wanted += [("tasks", task, where) for where in _tasks(runs, before)]
        wanted += [("calls", agent_call, agent_call.c.at < before)]
        wanted += [("deliveries", delivery, _delivered(before)), ("ticks", tick, _ticks(before))]
        counts = dict.fromkeys(("effects", "tasks", "calls", "deliveries", "ticks"), 0)
        for name, table, where in wanted:
            counts[name] += self._count(table, where) if dry_run else self._delete(table, where)
        return counts

    def _count(self, table: sa.Table, where: sa.ColumnElement[bool]) -> int:
        with self._database.read() as connection:
            query = sa.select(sa.func.count()).select_from(table).where(where)
            return int(connection.execute(query).scalar_one())

    def _delete(self, table: sa.Table, where: sa.ColumnElement[bool]) -> int:
        """Each part is a transaction of its own, so that no writer waits for all of them."""
        with self._database.write() as connection:
            return connection.execute(table.delete().where(where)).rowcount


def _effects(runs: Collection[str], before: int) -> Iterator[sa.ColumnElement[bool]]:
    """The effects of runs, some runs at a time; those of their parts have ids that begin with theirs."""
    left = iter(runs)
    while some := list(islice(left, _TOGETHER)):
        own = [effect.c.key.in_([PREFIX + run for run in some])]
        theirs = [effect.c.key.startswith(f"{start}{run}/", autoescape=True) for run in some for start in OWN]
        yield sa.and_(effect.c.at < before, sa.or_(*own, *theirs))


def _tasks(runs: Collection[str], before: int) -> Iterator[sa.ColumnElement[bool]]:
    """Tasks that were handed on, and those that their run left open; a part has an id that begins with its run's."""
    yield sa.and_(task.c.delegated_at < before, task.c.finished_at.is_not(None))
    left = iter(runs)
    while some := list(islice(left, _TOGETHER)):
        parts = [task.c.workflow_id.startswith(f"{run}/", autoescape=True) for run in some]
        theirs = sa.or_(task.c.workflow_id.in_(some), *parts)
        yield sa.and_(task.c.delegated_at < before, task.c.finished_at.is_(None), theirs)


def _delivered(before: int) -> sa.ColumnElement[bool]:
    return sa.and_(delivery.c.status == "sent", delivery.c.sent_at < before)


def _ticks(before: int) -> sa.ColumnElement[bool]:
    other = tick.alias()
    newest = sa.select(sa.func.max(other.c.due_at)).where(other.c.schedule == tick.c.schedule).scalar_subquery()
    return sa.and_(tick.c.due_at > 0, tick.c.due_at < before, tick.c.due_at != newest, tick.c.status.in_(ENDED))
