"""The entries of an account as they were booked."""

from __future__ import annotations

from collections import defaultdict

import sqlalchemy as sa

from quorum.adapters.sql import tables
from quorum.execution import Booked, Entry, Posting


def entries_of(connection: sa.Connection, account: str) -> list[Booked]:
    """Every entry of an account with its postings, in order."""
    entry, posting = tables.entry, tables.posting
    lines: dict[int, list[Posting]] = defaultdict(list)
    query = sa.select(posting).join(entry, entry.c.entry_id == posting.c.entry_id).where(entry.c.account == account)
    for row in connection.execute(query.order_by(posting.c.entry_id, posting.c.line)).mappings():
        lines[row["entry_id"]].append(Posting(row["ledger_account"], row["commodity"], row["amount"]))
    rows = connection.execute(entry.select().where(entry.c.account == account).order_by(entry.c.sequence)).mappings()
    return [
        Booked(
            row["sequence"], Entry(account, row["time"], row["kind"], row["reference"], tuple(lines[row["entry_id"]]))
        )
        for row in rows
    ]
