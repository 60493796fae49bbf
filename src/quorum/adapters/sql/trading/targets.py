"""What deployed strategies are to hold by their decisions, and what they hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from quorum.adapters.sql.trading.tables import strategy_position, strategy_target
from quorum.adapters.sql.trading.writing import replace_row
from quorum.domain import Position
from quorum.execution.target import StrategyTarget

_KEY = ("strategy_id", "symbol")


def targets_of(connection: sa.Connection, account: str) -> list[StrategyTarget]:
    """Where each strategy of an account stands, by strategy and symbol."""
    table = strategy_target
    query = table.select().where(table.c.account == account).order_by(table.c.strategy_id, table.c.symbol)
    return [_read(dict(row)) for row in connection.execute(query).mappings()]


def keep_target(connection: sa.Connection, account: str, target: StrategyTarget) -> None:
    """Write where a strategy stands in a symbol."""
    names = ("deployment_id", "since", "decided", "goal", "price", "order_id", "stop_id", "refused", "said")
    values = {name: getattr(target, name) for name in names} | {"entered": int(target.entered)}
    key = {"account": account, **{name: getattr(target, name) for name in _KEY}}
    replace_row(connection, strategy_target, key, values)


def holdings_of(connection: sa.Connection, account: str) -> dict[tuple[str, str], Position]:
    """What each strategy of an account holds, or held, by strategy and symbol."""
    table = strategy_position
    rows = connection.execute(table.select().where(table.c.account == account)).mappings()
    return {
        (row["strategy_id"], row["symbol"]): Position(row["symbol"], row["quantity"], row["cost"], row["realised"])
        for row in rows
    }


def _read(row: Mapping[str, Any]) -> StrategyTarget:
    values = {name: value for name, value in row.items() if name != "account"}
    return StrategyTarget(**{**values, "entered": bool(row["entered"])})
