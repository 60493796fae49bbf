"""What accounts and their strategies were worth, by UTC day, with the peak and the deepest fall since a resume.

An account's rows hold its equity, a strategy's what it has earned; both move with every valuation. Capital that was
paid in or out since a row was written shifts it.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

import sqlalchemy as sa

from quorum.adapters.sql import tables as store
from quorum.adapters.sql.trading import tables
from quorum.adapters.sql.trading.writing import replace_row
from quorum.domain import DAY, ZERO, Book
from quorum.execution.ledger import CASH
from quorum.risk import RAISED_BY, drawdown, fallen

_WORTH, _HALT = tables.worth, tables.halt
_MINE: sa.BindParameter[str] = sa.bindparam("mine")
_HELD = tables.strategy_position.select().where(tables.strategy_position.c.account == _MINE)
_OWN_CASH = store.balance.select().where(
    (store.balance.c.account == _MINE) & store.balance.c.ledger_account.startswith(f"{CASH}:", autoescape=True)
)
_OTHER = _WORTH.alias("other")
_NEWEST_DAY = (
    sa.select(sa.func.max(_OTHER.c.day))
    .where(
        (_OTHER.c.account == _WORTH.c.account)
        & (_OTHER.c.strategy_id == _WORTH.c.strategy_id)
        & (_OTHER.c.day <= sa.bindparam("today"))
    )
    .scalar_subquery()
)
_NEWEST = _WORTH.select().where((_WORTH.c.account == _MINE) & (_WORTH.c.day == _NEWEST_DAY))
_WEEK = (
    _WORTH.select()
    .where(
        (_WORTH.c.account == _MINE)
        & (_WORTH.c.strategy_id == "")
        & (_WORTH.c.day >= sa.bindparam("monday"))
        & (_WORTH.c.day <= sa.bindparam("today"))
    )
    .order_by(_WORTH.c.day)
    .limit(1)
)
_RESUMED = (
    sa.select(_HALT.c.scope, _HALT.c.reason, sa.func.count())
    .where((_HALT.c.by == RAISED_BY) & _HALT.c.lifted_at.is_not(None))
    .group_by(_HALT.c.scope, _HALT.c.reason)
)


class Worth(NamedTuple):
    """A book's equity, or what a strategy has earned, on one day; money of the account, net of later payments."""

    day: int
    opened: Decimal
    highest: Decimal
    lowest: Decimal
    latest: Decimal
    peak: Decimal
    deepest: Decimal
    resumed: int

    def next(self, value: Decimal, day: int, resumed: int) -> Worth:
        """The worth after another valuation; a person's resume begins a new peak."""
        if resumed != self.resumed:
            return Worth(day, *self._of(value, day), value, ZERO, resumed)
        peak = max(self.peak, value)
        return Worth(day, *self._of(value, day), peak, max(self.deepest, drawdown(value, peak)), resumed)

    def _of(self, value: Decimal, day: int) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        if day > self.day:
            return self.latest, max(self.latest, value), min(self.latest, value), value
        return self.opened, max(self.highest, value), min(self.lowest, value), value


def keep_worth(connection: sa.Connection, book: Book, at: int) -> None:
    """Value the account and each of its strategies at the book's marks, on the day of `at` (ns UTC)."""
    day, resumed = at // DAY, _resumed(connection, book.account)
    newest = newest_worth(connection, book, day)
    values = {"": book.equity, **earned(connection, book)}
    for name, value in values.items():
        before = newest.get(name) or _first(book, name, value, day)
        now = before.next(value, day, resumed.get(name, 0))
        if name:
            now = now._replace(deepest=ZERO)  # a fraction of its part of the book, which is not known here
        if now == before and name in newest:
            continue
        funded = ZERO if name else book.funded
        key = {"account": book.account, "strategy_id": name, "day": day}
        values_of_day = {field: value for field, value in now._asdict().items() if field != "day"}
        replace_row(connection, _WORTH, key, {**values_of_day, "funded": funded, "at": at})


def newest_worth(connection: sa.Connection, book: Book, day: int) -> dict[str, Worth]:
    """The newest row up to a day of the book, under an empty name, and of each strategy."""
    rows = connection.execute(_NEWEST, {"mine": book.account, "today": day}).mappings()
    return {row["strategy_id"]: _read(row, book) for row in rows}


def week_worth(connection: sa.Connection, book: Book, day: int) -> Worth | None:
    """The first row of the week that a day is in, by UTC; None without one."""
    given = {"mine": book.account, "today": day, "monday": day - (day + 3) % 7}
    row = connection.execute(_WEEK, given).mappings().first()
    return None if row is None else _read(row, book)


def earned(connection: sa.Connection, book: Book) -> dict[str, Decimal]:
    """What each strategy that has traded has earned: its cash, and its holdings at the book's marks."""
    found: dict[str, Decimal] = {}
    for row in connection.execute(_HELD, {"mine": book.account}).mappings():
        mark = book.marks.get(row["symbol"])
        worth = row["cost"] if mark is None else row["quantity"] * mark
        found[row["strategy_id"]] = found.get(row["strategy_id"], ZERO) + worth
    if found:
        for row in connection.execute(_OWN_CASH, {"mine": book.account}).mappings():
            name = row["ledger_account"].removeprefix(f"{CASH}:")
            if name in found and row["commodity"] == book.currency:
                found[name] += row["amount"]
    return found


def _first(book: Book, name: str, value: Decimal, day: int) -> Worth:
    """Before the first valuation: the capital paid in, and nothing earned."""
    began = ZERO if name else book.funded
    return Worth(day, began, max(began, value), min(began, value), began, began, ZERO, 0)


def _resumed(connection: sa.Connection, account: str) -> Mapping[str, int]:
    """How often people have resumed after a breaker of the book, under an empty name, and of each strategy."""
    found: dict[str, int] = {}
    for scope, reason, count in connection.execute(_RESUMED):
        kind, _, of = scope.partition(":")
        if kind == "strategy":
            found[of] = found.get(of, 0) + count
        elif of == account or (kind == "desk" and reason.startswith(fallen(account))):
            found[""] = found.get("", 0) + count
    return found


def _read(row: sa.RowMapping, book: Book) -> Worth:
    paid = ZERO if row["strategy_id"] else book.funded - row["funded"]
    opened, highest, lowest, latest, peak = (
        row[name] + paid for name in ("opened", "highest", "lowest", "latest", "peak")
    )
    return Worth(row["day"], opened, highest, lowest, latest, peak, row["deepest"], row["resumed"])
