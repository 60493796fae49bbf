"""Whose a fill is: an order of several strategies, and their holdings."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import sqlalchemy as sa

from quorum.adapters.sql import tables as store
from quorum.adapters.sql.trading import tables
from quorum.adapters.sql.trading.writing import replace_row
from quorum.domain import ZERO, Fill, Order, Position
from quorum.execution.ledger import split
from quorum.execution.netting import shares

_POSITION = tables.strategy_position.c
_HELD = tables.strategy_position.select().where(
    (_POSITION.account == sa.bindparam("mine"))
    & (_POSITION.strategy_id == sa.bindparam("strategy"))
    & (_POSITION.symbol == sa.bindparam("what"))
)
_SHARE = tables.fill_share.insert()
_HAD = (
    sa.select(tables.fill_share.c.strategy_id, tables.fill_share.c.quantity)
    .join(store.fill, store.fill.c.fill_id == tables.fill_share.c.fill_id)
    .where(store.fill.c.client_order_id == sa.bindparam("order"))
)


def book_shares(connection: sa.Connection, account: str, order: Order, fill: Fill) -> Mapping[str, Decimal] | None:
    """Share a fill out among the owners of its order, and move their holdings; None where it is the desk's own.

    `order` is as it was before the fill. Where the desk has a share of its own beside strategies (under no name), the
    fill's entry moves all holdings.
    """
    if not order.intent.parts:
        return None
    signed = shares(order.intent.parts, _had(connection, order), order.filled, fill.quantity)
    fees = split(fill.fee_in_base, {name: abs(quantity) for name, quantity in signed.items()})
    for name, quantity in signed.items():
        connection.execute(_SHARE, {"fill_id": fill.fill_id, "strategy_id": name, "quantity": quantity})
        if "" in signed:
            continue
        held = position_of(connection, (account, name), fill.symbol).trade(quantity, fill.price)
        keep_position(connection, (account, name), held.trade(-fees[name], fill.price) if fees[name] else held)
    return signed


def position_of(connection: sa.Connection, owner: tuple[str, str], symbol: str) -> Position:
    """A strategy's holding of a symbol; `owner` is the account and the strategy's id."""
    given = {"mine": owner[0], "strategy": owner[1], "what": symbol}
    row = connection.execute(_HELD, given).mappings().first()
    return Position(symbol) if row is None else Position(symbol, row["quantity"], row["cost"], row["realised"])


def keep_position(connection: sa.Connection, owner: tuple[str, str], held: Position) -> None:
    """Write a strategy's holding."""
    key = {"account": owner[0], "strategy_id": owner[1], "symbol": held.symbol}
    values = {"quantity": held.quantity, "cost": held.cost, "realised": held.realised}
    replace_row(connection, tables.strategy_position, key, values)


def _had(connection: sa.Connection, order: Order) -> Mapping[str, Decimal]:
    """What each strategy has had of an order."""
    found: dict[str, Decimal] = {}
    for name, quantity in connection.execute(_HAD, {"order": order.intent.client_order_id}):
        found[name] = found.get(name, ZERO) + quantity
    return found
