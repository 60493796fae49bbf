"""What strategies hold."""

from __future__ import annotations

from decimal import Decimal

import sqlalchemy as sa

from quorum.adapters.sql.database import Database
from quorum.adapters.sql.trading.tables import strategy_position


def strategy_holdings(database: Database, account: str, symbol: str) -> dict[str, Decimal]:
    """The signed quantity of a symbol that each strategy of an account holds; those that hold none are left out."""
    row = strategy_position.c
    query = sa.select(row.strategy_id, row.quantity).where((row.account == account) & (row.symbol == symbol))
    with database.read() as connection:
        return {name: quantity for name, quantity in connection.execute(query) if quantity}
