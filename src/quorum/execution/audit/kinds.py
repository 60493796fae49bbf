"""Entries that are no fills: each has the lines of its kind, and what belongs together is there on both sides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from quorum.execution.audit.rows import Record, Tables, by, exact, parted

CASH, HOLDING = "assets:cash", "assets:holding"
LINES = {
    "fill": (CASH, HOLDING, "trading", "expenses:fees"),
    "funding": (CASH, "equity:capital"),
    "transfer": (CASH, "equity:transfers"),
    "conversion": (CASH, "trading"),
    "cross": (CASH, HOLDING, "trading"),
    "split": (HOLDING, "equity:splits"),
    "perpetual_funding": (CASH, "income:perpetual_funding"),
    "interest": (CASH, "income:interest"),
    "dividend": (CASH, "income:dividend"),
    "adjustment": (CASH, HOLDING, "equity:adjustments"),
    "adoption": (HOLDING, "trading", "equity:adjustments"),
}
"""The ledger accounts, without their owners, that an entry of each kind may move."""
OUT, IN = "/out", "/in"


def kinds(tables: Tables) -> Iterator[str]:
    """Entries of no known kind, or with lines that their kind has not; crosses that are of the account's whole."""
    postings = by(tables["posting"], "entry_id")
    for entry in tables["entry"]:
        lines, kind = postings.get(entry["entry_id"], []), entry["kind"]
        named = {_line(str(row["ledger_account"])) for row in lines}
        if kind not in LINES or not named <= set(LINES[kind]) or not named:
            yield f"entry {entry['entry_id']} is no {kind}: it moves {', '.join(sorted(named)) or 'nothing'}"
        elif kind == "cross" and not _crosses(lines):
            yield f"entry {entry['entry_id']} does not cross between strategies"
        elif kind == "conversion" and not _converts(lines):
            yield f"entry {entry['entry_id']} does not change one currency into another"


def transfers(tables: Tables) -> Iterator[str]:
    """What one account gave and no other got, or got and no other gave."""
    postings = by(tables["posting"], "entry_id")
    sides = {row["reference"]: row for row in tables["entry"] if row["kind"] == "transfer"}
    for reference, entry in sides.items():
        given = reference.endswith(OUT)
        stem = reference.removesuffix(OUT) if given else reference.removesuffix(IN)
        other = sides.get(stem + (IN if given else OUT))
        mine = _cash(postings.get(entry["entry_id"], []))
        if other is None or other["account"] == entry["account"] or other["time"] != entry["time"]:
            yield f"transfer {reference} has no other side"
        elif _cash(postings.get(other["entry_id"], [])) != {name: -amount for name, amount in mine.items()}:
            yield f"transfer {reference} is not what its other side says"
        elif any((amount < 0) is not given for amount in mine.values()):
            yield f"transfer {reference} goes the wrong way"


def _line(ledger_account: str) -> str:
    """A ledger account without owner and symbol."""
    base = parted(ledger_account)[0]
    if not base.startswith("income:"):
        return base
    return "income:" + base.removeprefix("income:").partition(":")[0].partition("/")[0]


def _crosses(lines: Sequence[Record]) -> bool:
    """Whether cash and units only go from one strategy to another."""
    owners = {parted(row["ledger_account"])[1] for row in lines}
    sums: dict[tuple[str, str], Fraction] = {}
    for row in lines:
        key = (parted(row["ledger_account"])[0], row["commodity"])
        sums[key] = sums.get(key, Fraction(0)) + exact(row["amount"])
    return len(owners) == 2 and "" not in owners and not any(sums.values())


def _converts(lines: Sequence[Record]) -> bool:
    amounts = _cash(lines)
    return len(amounts) == 2 and min(amounts.values()) < 0 < max(amounts.values())


def _cash(lines: Sequence[Record]) -> dict[str, Fraction]:
    sums: dict[str, Fraction] = {}
    for row in lines:
        if parted(row["ledger_account"])[0] == CASH:
            sums[row["commodity"]] = sums.get(row["commodity"], Fraction(0)) + exact(row["amount"])
    return sums
