"""What strategies hold, and which names the books know."""

from __future__ import annotations

from decimal import Decimal

import sqlalchemy as sa

from quorum.adapters.sql.database import Database
from quorum.adapters.sql.tables import mark
from quorum.adapters.sql.trading.tables import strategy_position, strategy_target
from quorum.domain import Halt, Scope


def strategy_holdings(database: Database, account: str, symbol: str) -> dict[str, Decimal]:
    """The signed quantity of a symbol that each strategy of an account holds; those that hold none are left out."""
    row = strategy_position.c
    query = sa.select(row.strategy_id, row.quantity).where((row.account == account) & (row.symbol == symbol))
    with database.read() as connection:
        return {name: quantity for name, quantity in connection.execute(query) if quantity}


def is_known(database: Database, halt: Halt) -> bool:
    """Whether what is halted has left a trace: a strategy a target, a symbol a price; others always have."""
    traces = {Scope.STRATEGY: strategy_target.c.strategy_id, Scope.SYMBOL: mark.c.symbol}
    if halt.scope not in traces:
        return True
    column = traces[halt.scope]
    with database.read() as connection:
        return connection.execute(sa.select(column).where(column == halt.of).limit(1)).first() is not None
