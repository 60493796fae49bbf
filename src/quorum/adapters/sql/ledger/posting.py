"""An entry in the store: its lines, and the balances that they move."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import sqlalchemy as sa

from quorum.adapters.sql import tables
from quorum.domain import ZERO
from quorum.execution import Entry
from quorum.execution.ledger import chain

_ENTRY, _POSTING, _BALANCE = tables.entry, tables.posting, tables.balance.c
_MINE: sa.BindParameter[str] = sa.bindparam("mine")
_LAST = (
    sa.select(_ENTRY.c.sequence, _ENTRY.c.seal)
    .where(_ENTRY.c.account == _MINE)
    .order_by(_ENTRY.c.sequence.desc())
    .limit(1)
)
_ENTER, _POST, _BEGIN = _ENTRY.insert(), _POSTING.insert(), tables.balance.insert()
_TOUCHED = sa.select(_BALANCE.ledger_account, _BALANCE.commodity, _BALANCE.amount).where(
    (_BALANCE.account == _MINE)
    & _BALANCE.ledger_account.in_(sa.bindparam("lines", expanding=True))
    & _BALANCE.commodity.in_(sa.bindparam("commodities", expanding=True))
)
_MOVE = tables.balance.update().where(
    (_BALANCE.account == _MINE)
    & (_BALANCE.ledger_account == sa.bindparam("line"))
    & (_BALANCE.commodity == sa.bindparam("of"))
)


def post_entry(connection: sa.Connection, account: str, entry: Entry) -> None:
    """Append an entry, sealed to the one before it, with all its lines, and move the balances.

    Each table is written at once, not line by line: an entry of many strategies has dozens, and others wait for it.
    """
    last = connection.execute(_LAST, {"mine": account}).first()
    sequence, seal = last or (0, "")
    row = {"account": account, "sequence": sequence + 1, "time": entry.time, "kind": entry.kind}
    result = connection.execute(_ENTER, {**row, "reference": entry.reference, "seal": chain(seal, entry)})
    assert result.inserted_primary_key is not None
    identity = result.inserted_primary_key[0]
    lines = [
        {
            "entry_id": identity,
            "line": n,
            "ledger_account": p.ledger_account,
            "commodity": p.commodity,
            "amount": p.amount,
        }
        for n, p in enumerate(entry.postings)
    ]
    connection.execute(_POST, lines)
    _move(connection, account, entry)


def _move(connection: sa.Connection, account: str, entry: Entry) -> None:
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for p in entry.postings:
        sums[p.ledger_account, p.commodity] += p.amount
    given = {"mine": account, "lines": [line for line, _ in sums], "commodities": [of for _, of in sums]}
    known = {(line, of): amount for line, of, amount in connection.execute(_TOUCHED, given)}
    moved = [
        {"mine": account, "line": line, "of": of, "amount": known[line, of] + amount}
        for (line, of), amount in sums.items()
        if (line, of) in known
    ]
    begun = [
        {"account": account, "ledger_account": line, "commodity": of, "amount": ZERO + amount}
        for (line, of), amount in sums.items()
        if (line, of) not in known
    ]
    if moved:
        connection.execute(_MOVE, moved)
    if begun:
        connection.execute(_BEGIN, begun)
