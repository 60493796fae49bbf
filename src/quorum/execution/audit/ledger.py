"""The ledger: entries that balance, their seals, what fills say of them, and the balances."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from quorum.execution.audit.rows import Record, Tables, by, exact, parted, total


def entries(tables: Tables) -> Iterator[str]:
    known = {row["entry_id"] for row in tables["entry"]}
    for entry, rows in by(tables["posting"], "entry_id").items():
        if entry not in known:
            yield f"postings of an entry {entry} that does not exist"
        for commodity, lines in by(rows, "commodity").items():
            if total(lines, "amount"):
                yield f"entry {entry} leaves {float(total(lines, 'amount'))} {commodity}"


def seals(tables: Tables) -> Iterator[str]:
    postings = by(tables["posting"], "entry_id")
    for account, rows in by(tables["entry"], "account").items():
        seal = ""
        for number, row in enumerate(sorted(rows, key=lambda r: int(r["sequence"])), 1):
            lines = sorted(postings.get(row["entry_id"], []), key=lambda r: int(r["line"]))
            text = {
                "account": row["account"],
                "time": row["time"],
                "kind": row["kind"],
                "reference": row["reference"],
                "postings": [{k: p[k] for k in ("ledger_account", "commodity", "amount")} for p in lines],
            }
            body = json.dumps(text, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            seal = hashlib.sha256((seal + body).encode()).hexdigest()
            numbered = [int(r["line"]) for r in lines] == list(range(len(lines)))
            if row["seal"] != seal or int(row["sequence"]) != number or not numbered:
                yield f"account {account}: the seal of entry {row['entry_id']} is broken"
                break


def fills(tables: Tables) -> Iterator[str]:
    entries = {r["reference"]: r for r in tables["entry"] if r["kind"] == "fill"}
    postings, shared = by(tables["posting"], "entry_id"), by(tables.get("fill_share", ()), "fill_id")
    owner = {row["client_order_id"]: row["account"] for row in tables["intent"]}
    for fill in tables["fill"]:
        entry = entries.pop(fill["fill_id"], None)
        if entry is None:
            yield f"fill {fill['fill_id']} is in no entry"
            continue
        lines = postings.get(entry["entry_id"], [])
        moved = _moved(lines)
        same = (entry["time"], entry["account"]) == (fill["time"], owner.get(fill["client_order_id"]))
        if not same or _nonzero(moved) != _nonzero(_postings(fill, moved)):
            yield f"fill {fill['fill_id']} is not what its entry {entry['entry_id']} says"
        elif _owners(lines, fill["symbol"]) != _shares(fill, shared.pop(fill["fill_id"], [])):
            yield f"fill {fill['fill_id']} is shared out otherwise than its entry {entry['entry_id']} says"
    for reference in entries:
        yield f"an entry books fill {reference}, which does not exist"
    for reference in shared:
        yield f"there are shares of fill {reference}, whose entry says nothing of them"


def _moved(lines: Sequence[Record]) -> dict[tuple[str, str], Fraction]:
    """What an entry moves, whoever's it is."""
    moved: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for row in lines:
        moved[parted(row["ledger_account"])[0], row["commodity"]] += exact(row["amount"])
    return moved


def _owners(lines: Sequence[Record], symbol: str) -> dict[str, Fraction]:
    """The units of a symbol that each owner traded, signed."""
    found: dict[str, Fraction] = defaultdict(Fraction)
    for row in lines:
        base, owner = parted(row["ledger_account"])
        if base == "trading" and row["commodity"] == symbol:
            found[owner] -= exact(row["amount"])
    return dict(found)


def _shares(fill: Record, rows: Sequence[Record]) -> dict[str, Fraction]:
    """The shares on record; a fill without any is the desk's own."""
    if rows:
        return {row["strategy_id"]: exact(row["quantity"]) for row in rows}
    return {"": exact(fill["quantity"]) * (1 if fill["side"] == "buy" else -1)}


def _postings(fill: Record, moved: Mapping[tuple[str, str], Fraction]) -> dict[tuple[str, str], Fraction]:
    """What a fill moves; the currency of its price is the one that was traded against its symbol.

    Its fee is cash, or units of what was traded where the fee's currency is the symbol's own.
    """
    symbol, sign = fill["symbol"], 1 if fill["side"] == "buy" else -1
    quote = min((c for name, c in moved if name == "trading" and c != symbol), default="")
    quantity, fee, paid_in = sign * exact(fill["quantity"]), exact(fill["fee"]), fill["fee_currency"]
    cost = quantity * exact(fill["price"])
    in_kind = symbol.startswith(paid_in) and symbol.removeprefix(paid_in).lstrip("/-") in (quote, "")
    sums: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    sums["assets:holding", symbol] += quantity
    sums["trading", symbol] -= quantity
    sums["trading", quote] += cost
    sums["assets:cash", quote] -= cost
    line = ("assets:holding", symbol) if in_kind else ("assets:cash", paid_in)
    sums[line] -= fee
    sums["expenses:fees", line[1]] += fee
    return sums


def _nonzero(sums: Mapping[tuple[str, str], Fraction]) -> dict[tuple[str, str], Fraction]:
    return {key: amount for key, amount in sums.items() if amount}


def balances(tables: Tables) -> Iterator[str]:
    account = {row["entry_id"]: row["account"] for row in tables["entry"]}
    sums: dict[tuple[str, str, str], Fraction] = defaultdict(Fraction)
    for row in tables["posting"]:
        key = (account.get(row["entry_id"], "?"), row["ledger_account"], row["commodity"])
        sums[key] += exact(row["amount"])
    for row in tables["balance"]:
        key = (row["account"], row["ledger_account"], row["commodity"])
        if exact(row["amount"]) != sums.pop(key, None):
            yield f"balance {' '.join(key)} is {row['amount']}, its postings say otherwise"
    for key in sums:
        yield f"balance {' '.join(key)} is missing"
