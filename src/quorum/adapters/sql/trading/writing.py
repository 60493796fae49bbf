"""One row by its key: changed where it is there, written where it is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa


def replace_row(connection: sa.Connection, table: sa.Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Give the row with that key these values; whoever else writes it waits for this transaction's turn."""
    where = sa.and_(*(table.c[name] == value for name, value in key.items()))
    if connection.execute(table.update().where(where).values(**values)).rowcount == 0:
        connection.execute(table.insert().values(**key, **values))
