"""An independent check of the ledger, from the raw rows of the store; it shares no code with what wrote them.

Exact fractions, a seal computed anew, and every fill, order, balance and position derived a second time.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Record = Mapping[str, Any]
Tables = Mapping[str, Sequence[Record]]


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What the audit found: `faults` is empty when the books are in order."""

    entries: int
    postings: int
    fills: int
    faults: tuple[str, ...]

    @property
    def balanced(self) -> bool:
        return not self.faults


def audit(tables: Tables) -> AuditReport:
    """Check the rows of entry, posting, fill, balance, position, intent, order_event, order_state and decision.

    Columns are those of the store, numbers as written there (decimal texts).
    """
    faults = [
        *_entries_balance(tables),
        *_seals_hold(tables),
        *_fills_are_posted(tables),
        *_balances_follow(tables),
        *_positions_follow(tables),
        *_orders_follow(tables),
        *_approvals_cover(tables),
    ]
    return AuditReport(len(tables["entry"]), len(tables["posting"]), len(tables["fill"]), tuple(faults))


def _by(rows: Sequence[Record], *names: str) -> dict[Any, list[Record]]:
    groups: dict[Any, list[Record]] = defaultdict(list)
    for row in rows:
        groups[row[names[0]] if len(names) == 1 else tuple(row[n] for n in names)].append(row)
    return groups


def _total(rows: Sequence[Record], name: str) -> Fraction:
    return sum((Fraction(r[name]) for r in rows), Fraction(0))


def _entries_balance(tables: Tables) -> Iterator[str]:
    known = {row["entry_id"] for row in tables["entry"]}
    for (entry, commodity), rows in _by(tables["posting"], "entry_id", "commodity").items():
        if entry not in known:
            yield f"postings of an entry {entry} that does not exist"
        if _total(rows, "amount"):
            yield f"entry {entry} leaves {float(_total(rows, 'amount'))} {commodity}"


def _seals_hold(tables: Tables) -> Iterator[str]:
    postings = _by(tables["posting"], "entry_id")
    for account, rows in _by(tables["entry"], "account").items():
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
            if row["seal"] != seal or int(row["sequence"]) != number:
                yield f"account {account}: the seal of entry {row['entry_id']} is broken"
                break


def _fills_are_posted(tables: Tables) -> Iterator[str]:
    entries = {r["reference"]: r for r in tables["entry"] if r["kind"] == "fill"}
    postings = _by(tables["posting"], "entry_id")
    for fill in tables["fill"]:
        entry = entries.pop(fill["fill_id"], None)
        if entry is None:
            yield f"fill {fill['fill_id']} is in no entry"
            continue
        moved: dict[str, Fraction] = defaultdict(Fraction)
        for row in postings.get(entry["entry_id"], []):
            if row["ledger_account"].startswith("assets:"):
                moved[row["commodity"]] += Fraction(row["amount"])
        sign = 1 if fill["side"] == "buy" else -1
        quantity, cost = Fraction(fill["quantity"]), Fraction(fill["quantity"]) * Fraction(fill["price"])
        held = moved.pop(fill["symbol"], Fraction(0))
        paid = sum(moved.values(), Fraction(0))
        if (
            held != sign * quantity
            or paid != -sign * cost - Fraction(fill["fee"])
            or entry["time"] != fill["time"]
        ):
            yield f"fill {fill['fill_id']} is not what its entry {entry['entry_id']} says"
    for reference in entries:
        yield f"an entry books fill {reference}, which does not exist"


def _balances_follow(tables: Tables) -> Iterator[str]:
    account = {row["entry_id"]: row["account"] for row in tables["entry"]}
    sums: dict[tuple[str, str, str], Fraction] = defaultdict(Fraction)
    for row in tables["posting"]:
        key = (account.get(row["entry_id"], "?"), row["ledger_account"], row["commodity"])
        sums[key] += Fraction(row["amount"])
    for row in tables["balance"]:
        key = (row["account"], row["ledger_account"], row["commodity"])
        if Fraction(row["amount"]) != sums.pop(key, Fraction(0)):
            yield f"balance {' '.join(key)} is {row['amount']}, its postings say otherwise"
    for key, amount in sums.items():
        if amount:
            yield f"balance {' '.join(key)} is missing"


def _positions_follow(tables: Tables) -> Iterator[str]:
    owner = {row["client_order_id"]: row["account"] for row in tables["intent"]}
    order = {row["reference"]: int(row["sequence"]) for row in tables["entry"]}
    held: dict[tuple[str, str], tuple[Fraction, Fraction, Fraction]] = {}
    for fill in sorted(tables["fill"], key=lambda f: order.get(f["fill_id"], 0)):
        key = (owner.get(fill["client_order_id"], "?"), fill["symbol"])
        held[key] = _average_cost(held.get(key, (Fraction(0), Fraction(0), Fraction(0))), fill)
    for row in tables["position"]:
        expected = held.pop((row["account"], row["symbol"]), (Fraction(0), Fraction(0), Fraction(0)))
        written = tuple(Fraction(row[name]) for name in ("quantity", "cost", "realised"))
        tolerance = Fraction(1, 10**9)
        if written[0] != expected[0] or any(
            abs(a - b) > tolerance * max(Fraction(1), abs(b)) for a, b in zip(written, expected, strict=True)
        ):
            yield f"position {row['account']} {row['symbol']} does not follow from its fills"
    for (account, symbol), (quantity, _, _) in held.items():
        if quantity:
            yield f"position {account} {symbol} is missing"


def _average_cost(held: tuple[Fraction, Fraction, Fraction], fill: Record) -> tuple[Fraction, Fraction, Fraction]:
    quantity, cost, realised = held
    price = Fraction(fill["price"])
    change = Fraction(fill["quantity"]) * (1 if fill["side"] == "buy" else -1)
    closing = Fraction(0)
    if quantity * change < 0:
        size: Fraction = min(abs(change), abs(quantity))
        closing = size if quantity > 0 else -size
        released = cost * closing / quantity
        realised += closing * price - released
        cost -= released
    opening = change + closing
    return quantity - closing + opening, cost + opening * price, realised


def _orders_follow(tables: Tables) -> Iterator[str]:
    fills = _by(tables["fill"], "client_order_id")
    events = _by(tables["order_event"], "client_order_id")
    states = {row["client_order_id"]: row for row in tables["order_state"]}
    for intent in tables["intent"]:
        identity = intent["client_order_id"]
        state = states.pop(identity, None)
        if state is None:
            yield f"order {identity} has no state"
            continue
        history = sorted(events.get(identity, []), key=lambda r: int(r["sequence"]))
        last = history[-1]["status"] if history else "intended"
        filled = _total(fills.get(identity, []), "quantity")
        ended = last in ("filled", "cancelled", "rejected", "expired", "never_arrived")
        if state["status"] != last or Fraction(state["filled"]) != filled or filled > Fraction(intent["quantity"]):
            yield f"order {identity} is not where its events and fills put it"
        if ended and Fraction(state["reserved"]):
            yield f"order {identity} has ended and still reserves {state['reserved']}"
    for identity in states:
        yield f"order {identity} has a state and no intent"


def _approvals_cover(tables: Tables) -> Iterator[str]:
    decisions = {row["decision_id"]: json.loads(row["outcome"]) for row in tables["decision"]}
    for intent in tables["intent"]:
        outcome = decisions.get(intent["decision_id"])
        approved = Fraction(outcome.get("quantity") or 0) if outcome else Fraction(0)
        if approved < Fraction(intent["quantity"]):
            yield f"order {intent['client_order_id']} is larger than any recorded approval"
