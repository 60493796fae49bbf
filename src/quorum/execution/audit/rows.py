"""The rows that an audit reads, and their numbers, exactly."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

Record = Mapping[str, Any]
Tables = Mapping[str, Sequence[Record]]

KEYS = (
    *(("entry", "entry_id"), ("entry", "account", "sequence"), ("entry", "reference")),
    *(("posting", "entry_id", "line"), ("fill", "fill_id"), ("balance", "account", "ledger_account", "commodity")),
    *(("position", "account", "symbol"), ("intent", "client_order_id"), ("intent", "intent_id")),
    *(("order_event", "sequence"), ("order_state", "client_order_id"), ("decision", "decision_id")),
    *(("fill_share", "fill_id", "strategy_id"), ("strategy_position", "account", "strategy_id", "symbol")),
)
WHOLE = {
    "entry": ("sequence", "time"),
    "posting": ("line",),
    "order_event": ("sequence", "time"),
    "fill": ("time",),
    "account": ("version",),
}
EXACT = {
    "posting": ("amount",),
    "fill": ("quantity", "price", "fee"),
    "balance": ("amount",),
    "position": ("quantity", "cost", "realised"),
    "intent": ("quantity", "price", "reserve"),
    "order_state": ("filled", "reserved", "remaining", "open"),
    "fill_share": ("quantity",),
    "strategy_position": ("quantity", "cost", "realised"),
}
BASES = ("assets:cash", "assets:holding", "trading", "expenses:fees")
"""Accounts of the ledger that strategies have parts of."""
WHOLE_NUMBER, DECIMAL = re.compile(r"-?[0-9]+"), re.compile(r"-?[0-9]+(\.[0-9]+)?")


def unreadable(tables: Tables) -> Iterator[str]:
    """What is no number where one should stand, and decisions that cannot be read."""
    for columns, pattern in ((WHOLE, WHOLE_NUMBER), (EXACT, DECIMAL)):
        for table, names in columns.items():
            for row in tables.get(table, ()):
                for name in names:
                    if not pattern.fullmatch(str(row[name])):
                        yield f"{table}: {name} is {row[name]!r}, which is no number"
    for row in tables["decision"]:
        try:
            readable = isinstance(json.loads(row["outcome"]), dict)
        except ValueError:
            readable = False
        if not readable:
            yield f"decision {row['decision_id']} has an outcome that cannot be read"


def doubled(tables: Tables) -> Iterator[str]:
    """Rows that stand there twice."""
    for table, *names in KEYS:
        for key, count in Counter(tuple(row[n] for n in names) for row in tables.get(table, ())).items():
            if count > 1:
                yield f"{table} {' '.join(map(str, key))} is there {count} times"


def by(rows: Sequence[Record], name: str) -> dict[Any, list[Record]]:
    """Rows grouped by the value of a column."""
    groups: dict[Any, list[Record]] = defaultdict(list)
    for row in rows:
        groups[row[name]].append(row)
    return groups


@lru_cache(maxsize=100_000)
def exact(number: str | int) -> Fraction:
    """The number that a text tells, as a fraction."""
    return Fraction(number)


def total(rows: Sequence[Record], name: str) -> Fraction:
    """The sum of a column."""
    return sum((exact(r[name]) for r in rows), Fraction(0))


def told(facts: Mapping[str, Any], name: str) -> Fraction:
    """The number that facts tell, 0 where they tell none."""
    text = str(facts.get(name))
    return exact(text) if DECIMAL.fullmatch(text) else Fraction(0)


def parted(ledger_account: str) -> tuple[str, str]:
    """A ledger account without its owner, and the owner: `assets:cash:STR-001` is of STR-001, `assets:cash` of none."""
    for base in BASES:
        if ledger_account.startswith(f"{base}:"):
            return base, ledger_account.removeprefix(f"{base}:")
    return ledger_account, ""
