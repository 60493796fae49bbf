"""Accounts: opened, listed, and changed by one serialised transaction at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from quorum.adapters.sql import tables
from quorum.adapters.sql.database import Database, take_turn
from quorum.adapters.sql.decisions import Provenance
from quorum.adapters.sql.ledger.reading import entries_of
from quorum.adapters.sql.trading.transaction import SqlTransaction, Whose, mine
from quorum.domain import ZERO, Clock, Money, NotFound
from quorum.execution import Booked, entry_of_funding
from quorum.execution.ledger import CAPITAL

__all__ = ["SqlAccounts", "SqlTransaction"]
_ACCOUNTS = tables.account.select().order_by(tables.account.c.account)
_ACCOUNT = mine(tables.account).with_for_update()


class SqlAccounts:
    """UnitOfWork over desk.db; a transaction holds its account's row, so that those of one account take turns."""

    def __init__(self, database: Database, clock: Clock, provenance: Provenance, rate_hours: float = 24.0) -> None:
        self._database = database
        self._clock = clock
        self._provenance = provenance
        self._rate_hours = rate_hours

    @contextmanager
    def transaction(self, account: str) -> Iterator[SqlTransaction]:
        with self._database.write() as connection:
            yield self._within(connection, account)

    @contextmanager
    def both(self, first: str, second: str) -> Iterator[tuple[SqlTransaction, SqlTransaction]]:
        """One transaction over two accounts, all of it committed or none; they wait for each other in one order."""
        with self._database.write() as connection:
            found = {name: self._within(connection, name) for name in sorted({first, second})}
            yield found[first], found[second]

    def _within(self, connection: sa.Connection, account: str) -> SqlTransaction:
        row = connection.execute(_ACCOUNT, {"mine": account}).mappings().first()
        if row is None:
            raise NotFound(f"there is no account {account!r}", "see `quorum account list`")
        found = Whose(row["account"], row["currency"], row["version"])
        return SqlTransaction(connection, found, self._clock, self._provenance, self._rate_hours)

    def open(self, account: str, book: str, money: Money) -> bool:
        """Create an account and pay `money` in; False when it exists already, and then nothing changes."""
        table = tables.account
        known = sa.select(table.c.account).where(table.c.account == account)
        with self._database.read() as connection:
            if connection.execute(known).first():
                return False
        with self._database.write() as connection:
            take_turn(connection, f"account {account}")
            if connection.execute(known).first():
                return False
            connection.execute(table.insert().values(account=account, book=book, currency=money.currency, version=0))
            opened = SqlTransaction(connection, Whose(account, money.currency, 0), self._clock, self._provenance)
            opened.post(entry_of_funding(account, money, self._clock.now(), f"funding-{account}-1"))
            return True

    def paid_in(self, account: str) -> Money | None:
        """The capital that the ledger says was paid in; None for an account that is not open yet."""
        table = tables.account
        with self._database.read() as connection:
            query = sa.select(table.c.currency).where(table.c.account == account)
            currency = connection.execute(query).scalar()
            if currency is None:
                return None
            balance = tables.balance.c
            mine = (balance.account == account) & (balance.ledger_account == CAPITAL) & (balance.commodity == currency)
            amount = connection.execute(sa.select(balance.amount).where(mine)).scalar()
        return Money(-amount if amount is not None else ZERO, currency)

    def entries(self, account: str) -> list[Booked]:
        """Every entry of an account, in order."""
        with self._database.read() as connection:
            return entries_of(connection, account)

    def listed(self) -> list[dict[str, Any]]:
        """Name, book and currency of every account, by name."""
        with self._database.read() as connection:
            return [dict(r) for r in connection.execute(_ACCOUNTS).mappings()]
