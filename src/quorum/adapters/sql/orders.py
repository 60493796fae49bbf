"""Intents, orders, fills and positions between rows and words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from quorum.adapters.sql import tables
from quorum.adapters.sql.database import Database
from quorum.domain import (
    Fill,
    NotFound,
    Order,
    OrderIntent,
    OrderStatus,
    Position,
    canonical,
)


def insert_intent(connection: sa.Connection, intent: OrderIntent) -> None:
    """Write an intent's row."""
    row = {
        "client_order_id": intent.client_order_id,
        "intent_id": intent.intent_id,
        "account": intent.account,
        "symbol": intent.symbol,
        "side": intent.side.value,
        "quantity": intent.quantity,
        "price": intent.price,
        "collar": intent.collar,
        "reserve": intent.reserve,
        "purpose": intent.purpose.value,
        "decision_id": intent.decision_id,
        "account_version": intent.account_version,
        "created_at": intent.created_at,
        "expires_at": intent.expires_at,
        "exit": canonical(intent.exit).decode(),
        "kind": intent.terms.kind.value,
        "hold": intent.terms.hold.value,
        "trigger": intent.terms.trigger,
        "parts": canonical(intent.parts).decode(),
        "replaces": intent.replaces,
    }
    connection.execute(_INTEND, row)


_INTEND = tables.intent.insert()
_JOINED = sa.join(tables.intent, tables.order_state)


def _orders() -> sa.Select[Any]:
    state = tables.order_state
    return sa.select(tables.intent, state.c.status, state.c.filled, state.c.sent).select_from(_JOINED)


_ORDER = _orders().where(tables.intent.c.client_order_id == sa.bindparam("asked"))


def read_order(connection: sa.Connection, client_order_id: str) -> Order | None:
    """The order with that client order id, or None."""
    row = connection.execute(_ORDER, {"asked": client_order_id}).mappings().first()
    return None if row is None else _order(row)


def _order(row: sa.RowMapping) -> Order:
    terms = {name: row[name] for name in ("kind", "hold", "trigger")}
    values = {**row, "exit": json.loads(row["exit"]), "terms": terms, "parts": json.loads(row["parts"])}
    intent = OrderIntent.read(values)
    return Order(intent, OrderStatus(row["status"]), row["filled"], row["sent"])


def read_position(row: sa.RowMapping) -> Position:
    """The position that a row holds."""
    return Position(row["symbol"], row["quantity"], row["cost"], row["realised"])


class SqlOrders:
    """Orders to look at; they are changed within an account's transaction only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, identity: str) -> Order:
        """The order with that client order id or intent id; NotFound when there is none."""
        columns = tables.intent.c
        query = _orders().where((columns.client_order_id == identity) | (columns.intent_id == identity))
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            raise NotFound(f"there is no order {identity}", "list them with `quorum broker orders`")
        return _order(row)

    def of(self, account: str, symbol: str | None = None, *, only_open: bool = False) -> Sequence[Order]:
        """The orders of an account, of one symbol in it, or those that have not ended, oldest first."""
        columns, state = tables.intent.c, tables.order_state.c
        query = _orders().where(columns.account == account)
        if symbol is not None:
            query = query.where(columns.symbol == symbol)
        if only_open:
            query = query.where(state.open == 1)
        return self._all(query.order_by(columns.created_at, columns.client_order_id))

    def of_decision(self, decision_id: str) -> Sequence[Order]:
        """Orders that a risk decision approved."""
        return self._all(_orders().where(tables.intent.c.decision_id == decision_id))

    def fills_of(self, client_order_id: str) -> Sequence[Fill]:
        """The fills of one order, oldest first."""
        table, event = tables.fill, tables.order_event
        mine = table.c.client_order_id == client_order_id
        own = (event.c.client_order_id == table.c.client_order_id) & (event.c.fill_id == table.c.fill_id)
        query = table.select().outerjoin(event, own).where(mine).order_by(table.c.time, event.c.sequence)
        with self._database.read() as connection:
            return [Fill.read(dict(row)) for row in connection.execute(query).mappings()]

    def events_of(self, client_order_id: str) -> Sequence[Mapping[str, Any]]:
        """The events of one order, oldest first, as plain values."""
        table = tables.order_event
        query = table.select().where(table.c.client_order_id == client_order_id).order_by(table.c.sequence)
        with self._database.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def _all(self, query: sa.Select[Any]) -> Sequence[Order]:
        with self._database.read() as connection:
            return [_order(row) for row in connection.execute(query).mappings()]
