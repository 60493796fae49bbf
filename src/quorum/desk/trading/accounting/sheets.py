"""Statements and the ledger as CSV, one line a posting; the sums of a column are the balances."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from decimal import Decimal
from io import StringIO
from typing import Any

from quorum.desk.desk import Desk
from quorum.domain import ZERO, NotFound, UsageError, iso
from quorum.execution import Booked, Earned, Statement, statement

COLUMNS = ("account", "sequence", "time", "kind", "reference", "ledger_account", "commodity", "amount")


def statement_of(desk: Desk, account: str, since: int = 0, until: int | None = None) -> Statement:
    """The statement of an account from `since` up to `until` (ns UTC), without it up to now and with every entry.

    A venue whose clock is ahead of ours has booked what is later than now. NotFound for an account that was never
    opened, UsageError for a span that ends before it begins.
    """
    entries = desk.accounts.entries(account)
    end = max((desk.clock.now(), *(entry.time for _, entry in entries))) + 1 if until is None else until
    if end <= since:
        raise UsageError(f"{iso(since)} is not before {iso(end)}", "let --from lie before --to")
    if not any(row["account"] == account for row in desk.accounts.listed()):
        raise NotFound(f"account {account!r} was never opened", "see `quorum account list`")
    return statement(account, entries, since, end)


def sheet(booked: Iterable[Booked]) -> str:
    """Entries as CSV with a head, a line a posting, numbers as they were booked."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for sequence, entry in booked:
        for posting in entry.postings:
            what = (posting.ledger_account, posting.commodity, f"{posting.amount:f}")
            writer.writerow((entry.account, sequence, iso(entry.time), entry.kind, entry.reference, *what))
    return text.getvalue()


def export(desk: Desk) -> str:
    """The whole ledger of every account as CSV."""
    every = [row for known in desk.accounts.listed() for row in desk.accounts.entries(known["account"])]
    return sheet(every)


def statement_facts(desk: Desk, shown: Statement) -> dict[str, Any]:
    """A statement as plain values: cash before and after, profit by owner and symbol, dust apart, the entries."""
    with desk.accounts.transaction(shown.account) as transaction:
        marks = transaction.book().marks
    lines = [_line_facts(line, shown, marks) for line in shown.lines]
    dust = [at for at, line in zip(lines, shown.lines, strict=True) if is_dust(desk, line)]
    return {
        "account": shown.account,
        "from": iso(shown.since),
        "to": iso(shown.until),
        "opening": _plain(shown.opening),
        "closing": _plain(shown.closing),
        "profit": [line for line in lines if line not in dust],
        "dust": dust,
        "entries": [
            {
                "sequence": row.sequence,
                "time": iso(row.entry.time),
                "kind": row.entry.kind,
                "reference": row.entry.reference,
                "postings": [
                    {"ledger_account": p.ledger_account, "commodity": p.commodity, "amount": f"{p.amount:f}"}
                    for p in row.entry.postings
                ],
            }
            for row in shown.entries
        ],
    }


def is_dust(desk: Desk, line: Earned) -> bool:
    """Whether a holding is below the step in which its symbol is traded, and so cannot be sold."""
    return 0 < abs(line.position.quantity) < desk.settings.instruments.lot(line.symbol)


def _line_facts(line: Earned, shown: Statement, marks: Mapping[str, Decimal]) -> dict[str, Any]:
    held = line.position
    mark = marks.get(line.symbol)
    return {
        "owner": line.owner or "desk",
        "symbol": line.symbol or None,
        "quantity": f"{held.quantity:f}",
        "cost": digits(held.cost),
        "realised": digits(held.realised),
        "realised_in_span": digits(held.realised - shown.before.get((line.owner, line.symbol), ZERO)),
        "unrealised": None if mark is None else digits(held.unrealised(mark)),
        "fees": _plain(line.fees),
        "fees_in_kind": digits(line.in_kind),
        "income": _plain(line.income),
        "net": digits(line.net) if line.symbol else None,
    }


def digits(amount: Decimal) -> str:
    """Every digit of an amount, without zeros at the end."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _plain(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: f"{amount:f}" for name, amount in sorted(amounts.items())}
