"""One row by its key: changed where it is there, written where it is not."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import sqlalchemy as sa


def replace_row(connection: sa.Connection, table: sa.Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Give the row with that key these values; whoever else writes it waits for this transaction's turn."""
    change, write = _statements(table, tuple(key))
    asked = {f"key_{name}": value for name, value in key.items()}
    if connection.execute(change, {**values, **asked}).rowcount == 0:
        connection.execute(write, {**key, **values})


@cache
def _statements(table: sa.Table, key: tuple[str, ...]) -> tuple[sa.Update, sa.Insert]:
    """Made once for each key: to make them costs more than the database takes."""
    where = sa.and_(*(table.c[name] == sa.bindparam(f"key_{name}") for name in key))
    return table.update().where(where), table.insert()
