"""Rates between currencies on record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import sqlalchemy as sa

from quorum.adapters.sql.database import Database
from quorum.adapters.sql.trading.tables import rate as table
from quorum.adapters.sql.trading.writing import replace_row
from quorum.execution.rates import Rate, found_rate

_LATEST = (
    sa.select(table.c.base, table.c.quote, sa.func.max(table.c.time).label("time"))
    .group_by(table.c.base, table.c.quote)
    .subquery()
)
_NEWEST = (
    sa.select(table)
    .join(_LATEST, sa.and_(*(_LATEST.c[name] == table.c[name] for name in ("base", "quote", "time"))))
    .order_by(table.c.base, table.c.quote)
)


class SqlRates:
    """Rates over desk.db."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, rate: Rate) -> None:
        with self._database.write() as connection:
            key = {"base": rate.base, "quote": rate.quote, "time": rate.time}
            replace_row(connection, table, key, {"rate": rate.rate, "source": rate.source})

    def newest(self) -> Sequence[Rate]:
        with self._database.read() as connection:
            return newest(connection)


def newest(connection: sa.Connection) -> Sequence[Rate]:
    """The last rate of every pair."""
    rows = connection.execute(_NEWEST).mappings()
    return [Rate(row["base"], row["quote"], row["rate"], row["time"], row["source"]) for row in rows]


def rates_of(
    connection: sa.Connection, currencies: Iterable[str], into: str, seen: tuple[int, float]
) -> tuple[Mapping[str, Decimal], Mapping[str, str]]:
    """What a unit of each currency is worth, and of which there is no rate and why; `seen` is now and the hours."""
    known = newest(connection)
    rates: dict[str, Decimal] = {}
    lacking: dict[str, str] = {}
    for name in currencies:
        rate = found_rate(known, (name, into), seen)
        if isinstance(rate, str):
            lacking[name] = rate
        else:
            rates[name] = rate.rate
    return rates, lacking
