"""What lies around a book in the store: worth, recent and open orders, stops, strategies, prices' times, overrides."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import sqlalchemy as sa

from quorum.adapters.sql import tables as store
from quorum.adapters.sql.trading import tables
from quorum.adapters.sql.trading.worth import earned, newest_worth, week_worth
from quorum.domain import DAY, MINUTE, ZERO, Book, OrderKind, OrderStatus, Purpose, Side
from quorum.risk import Around, Asked, LastTrade, Override, RecentOrder, drawdown

RECENT = MINUTE  # as far back as orders are counted, and a duplicate may be looked for
_SIDES = {side.value: side for side in Side}
_NEVER_ARRIVED = OrderStatus.NEVER_ARRIVED.value
_INTENT, _STATE = store.intent.c, store.order_state.c
_MINE: sa.BindParameter[str] = sa.bindparam("mine")
_ORDERS = sa.join(store.intent, store.order_state)
_RECENT = (
    sa.select(_INTENT.created_at, _INTENT.symbol, _INTENT.side, _INTENT.quantity, _INTENT.intent_id, _STATE.status)
    .select_from(_ORDERS)
    .where(
        (_INTENT.account == _MINE)
        & (_INTENT.created_at >= sa.bindparam("since"))
        & (_INTENT.created_at <= sa.bindparam("until"))
    )
    .order_by(_INTENT.created_at)
)
_COLUMNS = (
    *(_INTENT.symbol, _INTENT.side, _INTENT.quantity, _INTENT.price, _INTENT.purpose, _INTENT.exit),
    *(_INTENT.kind, _INTENT.trigger, _INTENT.parts, _STATE.remaining, _STATE.reserved),
)
_OPEN = sa.select(*_COLUMNS).select_from(_ORDERS).where((_STATE.account == _MINE) & (_STATE.open == 1))
_MARKS = store.mark.select().where(store.mark.c.account == _MINE)
_HELD = tables.strategy_position.select().where(tables.strategy_position.c.account == _MINE)
_POSITION = store.position.c
_NEWEST_ENTRY = (
    sa.select(_INTENT.client_order_id)
    .select_from(_ORDERS)
    .where(
        (_INTENT.account == _POSITION.account)
        & (_INTENT.symbol == _POSITION.symbol)
        & (_INTENT.purpose != Purpose.REDUCTION.value)
        & (_STATE.filled != ZERO)
    )
    .order_by(_INTENT.created_at.desc(), _INTENT.client_order_id.desc())
    .limit(1)
    .correlate(store.position)
    .scalar_subquery()
)
_ENTERED = store.intent.alias("entered")
_ENTRIES = (
    sa.select(_POSITION.symbol, _ENTERED.c.side, _ENTERED.c.exit)
    .select_from(store.position.join(_ENTERED, _ENTERED.c.client_order_id == _NEWEST_ENTRY))
    .where((_POSITION.account == _MINE) & (_POSITION.quantity != ZERO))
)
_OVERRIDES = tables.override.select().where(
    (tables.override.c.account == _MINE)
    & (tables.override.c.begins <= sa.bindparam("now"))
    & (tables.override.c.expires > sa.bindparam("now"))
)


class _Open(NamedTuple):
    """What is open of an order."""

    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    reduces: bool
    stop: Decimal | None
    trigger: Decimal | None
    parts: tuple[tuple[str, Decimal], ...]
    remaining: Decimal
    reserved: Decimal


def around(connection: sa.Connection, book: Book, now: int, asked: Asked | None = None) -> Around:
    """What the store knows around a book at `now` (ns UTC); sectors, clusters and halts are not its own."""
    asked = asked or Asked()
    day = now // DAY
    newest = newest_worth(connection, book, day)
    mine, week = newest.get(""), week_worth(connection, book, day)
    opened = book.equity if mine is None else mine.opened if mine.day == day else mine.latest
    began = opened if mine is None else mine.latest if week is None else week.opened
    pending = [_open(row) for row in connection.execute(_OPEN, {"mine": book.account}).mappings()]
    funded = book.funded if asked.allocation is None else book.funded * asked.allocation
    strategies = _strategies(connection, book, pending)
    fall = ZERO
    if asked.strategy_id is not None and funded > 0:
        gained = earned(connection, book).get(asked.strategy_id, ZERO)
        known = newest.get(asked.strategy_id)
        fall = max(ZERO, drawdown(funded + gained, funded + (ZERO if known is None else known.peak)))
        strategies.setdefault(asked.strategy_id, ZERO)
    return Around(
        now=now,
        day_equity=opened,
        week_equity=began,
        peak_equity=max(book.equity, book.funded) if mine is None else mine.peak,
        deepest=ZERO if mine is None else mine.deepest,
        open_risk=_open_risk(connection, book, pending),
        orders=_recent(connection, book.account, now, asked.intent_id),
        last=_last(connection, book.account),
        strategies=strategies,
        strategy=asked.strategy_id,
        allocation=asked.allocation,
        strategy_drawdown=fall,
        overrides=_overrides(connection, book.account, now),
    )


def _recent(connection: sa.Connection, account: str, now: int, own: str) -> tuple[RecentOrder, ...]:
    """The account's orders of the last minutes, whoever intended them; one that never arrived is none."""
    given = {"mine": account, "since": now - RECENT, "until": now + MINUTE}
    return tuple(
        RecentOrder(at, symbol, _SIDES[side], quantity)
        for at, symbol, side, quantity, intent, status in connection.execute(_RECENT, given)
        if intent != own and status != _NEVER_ARRIVED
    )


def _last(connection: sa.Connection, account: str) -> dict[str, LastTrade]:
    """The newest prices that are known with their time."""
    rows = connection.execute(_MARKS, {"mine": account}).mappings()
    return {row["symbol"]: LastTrade(row["price"], row["time"]) for row in rows if row["time"] is not None}


def _overrides(connection: sa.Connection, account: str, now: int) -> tuple[Override, ...]:
    rows = connection.execute(_OVERRIDES, {"mine": account, "now": now}).mappings()
    return tuple(Override(row["name"], row["value"], row["by"], row["reason"], row["expires"]) for row in rows)


def _strategies(connection: sa.Connection, book: Book, pending: Iterable[_Open]) -> dict[str, Decimal]:
    """Exposures by strategy: holdings at their marks, and their parts of what open orders may add."""
    found: dict[str, Decimal] = {}
    for row in connection.execute(_HELD, {"mine": book.account}).mappings():
        mark = book.marks.get(row["symbol"])
        worth = row["cost"] if mark is None else row["quantity"] * mark
        found[row["strategy_id"]] = found.get(row["strategy_id"], ZERO) + abs(worth)
    for order in pending:
        for name, quantity in () if order.reduces else order.parts:
            share = order.reserved * abs(quantity) / order.quantity
            found[name] = found.get(name, ZERO) + share
    return found


def _open_risk(connection: sa.Connection, book: Book, pending: Iterable[_Open]) -> Decimal:
    """What the stops of holdings and of open entries may still lose; without a stop nothing is said."""
    lost, stops = ZERO, dict[str, Decimal]()
    for order in pending:
        if order.reduces and order.trigger is not None:
            stops[order.symbol] = order.trigger
        elif not order.reduces and order.stop is not None:
            lost += max(ZERO, order.side.sign * (order.price - order.stop)) * order.remaining
    held = {symbol: position.quantity for symbol, position in book.positions.items() if position.quantity}
    for symbol, stop in {**_entry_stops(connection, book.account, held), **stops}.items():
        mark = book.marks.get(symbol)
        if symbol in held and mark is not None:
            away = (mark - stop) if held[symbol] > 0 else (stop - mark)
            lost += max(ZERO, away) * abs(held[symbol])
    return lost


def _entry_stops(connection: sa.Connection, account: str, held: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """The stop of the newest entry that filled, of each symbol that is held."""
    found = {}
    for symbol, side, exit_ in connection.execute(_ENTRIES, {"mine": account}) if held else ():
        stop = json.loads(exit_)["stop"]
        if stop is not None and Side(side).sign * held.get(symbol, ZERO) > 0:
            found[symbol] = Decimal(stop)
    return found


def _open(row: sa.RowMapping) -> _Open:
    stop: Any = json.loads(row["exit"])["stop"]
    parts = json.loads(row["parts"])
    return _Open(
        row["symbol"],
        Side(row["side"]),
        row["quantity"],
        row["price"],
        row["purpose"] == Purpose.REDUCTION.value,
        None if stop is None else Decimal(stop),
        row["trigger"] if OrderKind(row["kind"]).waits else None,
        tuple((part["strategy_id"], Decimal(part["quantity"])) for part in parts),
        row["remaining"],
        row["reserved"],
    )
