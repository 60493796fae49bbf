"""An independent check of the ledger, from the raw rows of the store; it shares no code with what wrote them.

Exact fractions, a seal computed anew, and every fill, order, balance and position derived a second time.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

Record = Mapping[str, Any]
Tables = Mapping[str, Sequence[Record]]
Held = tuple[Fraction, Fraction, Fraction]

KEYS = (
    *(("entry", "entry_id"), ("entry", "account", "sequence"), ("entry", "reference")),
    *(("posting", "entry_id", "line"), ("fill", "fill_id"), ("balance", "account", "ledger_account", "commodity")),
    *(("position", "account", "symbol"), ("intent", "client_order_id"), ("intent", "intent_id")),
    *(("order_event", "sequence"), ("order_state", "client_order_id"), ("decision", "decision_id")),
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
}
FILLS = ("partially_filled", "filled")
ENDS = ("filled", "cancelled", "rejected", "expired", "never_arrived")
NEXT = {
    "intended": ("sent", "expired", "cancelled"),
    "sent": ("unknown", "accepted", "partially_filled", *ENDS),
    "unknown": ("accepted", "partially_filled", *ENDS),
    "accepted": ("partially_filled", "filled", "cancelled", "rejected", "expired"),
    "partially_filled": ("partially_filled", "filled", "cancelled", "expired"),
}
NOTHING: Held = (Fraction(0), Fraction(0), Fraction(0))
WHOLE_NUMBER, DECIMAL = re.compile(r"-?[0-9]+"), re.compile(r"-?[0-9]+(\.[0-9]+)?")


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

    Columns are those of the store, numbers as written there (decimal texts). Rows that cannot be read, or stand
    there twice, are named alone: nothing follows from them. With the rows of account, each account's version tells
    how many entries, intents and events it should have; a gap in the numbers of the events is a fault only where that
    says so too, since a server leaves gaps. Without them every gap is one.
    """
    faults = [*_unreadable(tables), *_doubled(tables)]
    if not faults:
        checks = (_entries, _seals, _fills, _balances, _positions, _events, _orders, _strays, _approvals, _verdicts)
        faults = [fault for check in checks for fault in check(tables)]
    return AuditReport(len(tables["entry"]), len(tables["posting"]), len(tables["fill"]), tuple(faults))


def _unreadable(tables: Tables) -> Iterator[str]:
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


def _doubled(tables: Tables) -> Iterator[str]:
    for table, *names in KEYS:
        for key, count in Counter(tuple(row[n] for n in names) for row in tables[table]).items():
            if count > 1:
                yield f"{table} {' '.join(map(str, key))} is there {count} times"


def _by(rows: Sequence[Record], name: str) -> dict[Any, list[Record]]:
    groups: dict[Any, list[Record]] = defaultdict(list)
    for row in rows:
        groups[row[name]].append(row)
    return groups


@lru_cache(maxsize=100_000)
def _exact(number: str | int) -> Fraction:
    return Fraction(number)


def _total(rows: Sequence[Record], name: str) -> Fraction:
    return sum((_exact(r[name]) for r in rows), Fraction(0))


def _entries(tables: Tables) -> Iterator[str]:
    known = {row["entry_id"] for row in tables["entry"]}
    for entry, rows in _by(tables["posting"], "entry_id").items():
        if entry not in known:
            yield f"postings of an entry {entry} that does not exist"
        for commodity, lines in _by(rows, "commodity").items():
            if _total(lines, "amount"):
                yield f"entry {entry} leaves {float(_total(lines, 'amount'))} {commodity}"


def _seals(tables: Tables) -> Iterator[str]:
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
            numbered = [int(r["line"]) for r in lines] == list(range(len(lines)))
            if row["seal"] != seal or int(row["sequence"]) != number or not numbered:
                yield f"account {account}: the seal of entry {row['entry_id']} is broken"
                break


def _fills(tables: Tables) -> Iterator[str]:
    entries = {r["reference"]: r for r in tables["entry"] if r["kind"] == "fill"}
    postings = _by(tables["posting"], "entry_id")
    owner = {row["client_order_id"]: row["account"] for row in tables["intent"]}
    for fill in tables["fill"]:
        entry = entries.pop(fill["fill_id"], None)
        if entry is None:
            yield f"fill {fill['fill_id']} is in no entry"
            continue
        moved: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
        for row in postings.get(entry["entry_id"], []):
            moved[row["ledger_account"], row["commodity"]] += _exact(row["amount"])
        same = (entry["time"], entry["account"]) == (fill["time"], owner.get(fill["client_order_id"]))
        if not same or _nonzero(moved) != _nonzero(_postings(fill, moved)):
            yield f"fill {fill['fill_id']} is not what its entry {entry['entry_id']} says"
    for reference in entries:
        yield f"an entry books fill {reference}, which does not exist"


def _postings(fill: Record, moved: Mapping[tuple[str, str], Fraction]) -> dict[tuple[str, str], Fraction]:
    """What a fill moves; the currency of its price is the one that was traded against its symbol."""
    symbol, sign = fill["symbol"], 1 if fill["side"] == "buy" else -1
    quote = min((c for name, c in moved if name == "trading" and c != symbol), default="")
    quantity, fee = sign * _exact(fill["quantity"]), _exact(fill["fee"])
    cost = quantity * _exact(fill["price"])
    sums: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    sums["assets:holding", symbol] += quantity
    sums["trading", symbol] -= quantity
    sums["trading", quote] += cost
    sums["assets:cash", quote] -= cost
    sums["assets:cash", fill["fee_currency"]] -= fee
    sums["expenses:fees", fill["fee_currency"]] += fee
    return sums


def _nonzero(sums: Mapping[tuple[str, str], Fraction]) -> dict[tuple[str, str], Fraction]:
    return {key: amount for key, amount in sums.items() if amount}


def _balances(tables: Tables) -> Iterator[str]:
    account = {row["entry_id"]: row["account"] for row in tables["entry"]}
    sums: dict[tuple[str, str, str], Fraction] = defaultdict(Fraction)
    for row in tables["posting"]:
        key = (account.get(row["entry_id"], "?"), row["ledger_account"], row["commodity"])
        sums[key] += _exact(row["amount"])
    for row in tables["balance"]:
        key = (row["account"], row["ledger_account"], row["commodity"])
        if _exact(row["amount"]) != sums.pop(key, None):
            yield f"balance {' '.join(key)} is {row['amount']}, its postings say otherwise"
    for key in sums:
        yield f"balance {' '.join(key)} is missing"


def _positions(tables: Tables) -> Iterator[str]:
    owner = {row["client_order_id"]: row["account"] for row in tables["intent"]}
    order = {row["reference"]: int(row["sequence"]) for row in tables["entry"]}
    held: dict[tuple[str, str], Held] = {}
    for fill in sorted(tables["fill"], key=lambda f: order.get(f["fill_id"], 0)):
        key = (owner.get(fill["client_order_id"], "?"), fill["symbol"])
        held[key] = _average_cost(held.get(key, NOTHING), fill)
    for row in tables["position"]:
        written = tuple(_exact(row[name]) for name in ("quantity", "cost", "realised"))
        if written != held.pop((row["account"], row["symbol"]), None):
            yield f"position {row['account']} {row['symbol']} does not follow from its fills"
    for account, symbol in held:
        yield f"position {account} {symbol} is missing"


def _average_cost(held: Held, fill: Record) -> Held:
    """The position after a fill; the cost of a part of it is rounded to 1e-12, ties to even."""
    quantity, cost, realised = held
    price = _exact(fill["price"])
    change = _exact(fill["quantity"]) * (1 if fill["side"] == "buy" else -1)
    closing = Fraction(0)
    if quantity * change < 0:
        size: Fraction = min(abs(change), abs(quantity))
        closing = size if quantity > 0 else -size
        released = cost if closing == quantity else Fraction(round(cost * closing / quantity * 10**12), 10**12)
        realised += closing * price - released
        cost -= released
    opening = change + closing
    return quantity - closing + opening, cost + opening * price, realised


def _events(tables: Tables) -> Iterator[str]:
    """Every order's way through the states, and the fills on it, one event each."""
    yield from _missing(tables)
    fills = _by(tables["fill"], "client_order_id")
    history = _by(tables["order_event"], "client_order_id")
    for intent in tables["intent"]:
        identity, status, filled = intent["client_order_id"], "intended", Fraction(0)
        left = {row["fill_id"]: row for row in fills.get(identity, [])}
        for event in sorted(history.get(identity, []), key=lambda r: int(r["sequence"])):
            fill = left.pop(event["fill_id"], None)
            filled += _exact(fill["quantity"]) if fill else 0
            whole = filled == _exact(intent["quantity"])
            if event["status"] not in NEXT.get(status, ()) or not _fits(event, fill, intent, whole=whole):
                yield f"order {identity} cannot go from {status} to {event['status']} by event {event['sequence']}"
            status = event["status"]
        for fill_id in left:
            yield f"fill {fill_id} of order {identity} has no event"


def _missing(tables: Tables) -> Iterator[str]:
    """The first event that is not there; where no number tells which, the accounts that lack something."""
    versions = {row["account"]: int(row["version"]) for row in tables.get("account", ())}
    lacking = _lacking(tables, versions)
    numbers = enumerate(sorted(int(row["sequence"]) for row in tables["order_event"]), 1)
    gap = next((number for number, sequence in numbers if sequence != number), None)
    if gap is not None and (lacking or not versions):
        yield f"order event {gap} is missing"
    else:
        yield from lacking


def _lacking(tables: Tables, versions: Mapping[Any, int]) -> list[str]:
    """The accounts whose version, a count of all that was done to it, is not what is on record."""
    owner = {row["client_order_id"]: row["account"] for row in tables["intent"]}
    done = Counter(row["account"] for name in ("entry", "intent") for row in tables[name])
    done.update(owner.get(row["client_order_id"], "?") for row in tables["order_event"])
    return [
        f"account {account} moved {versions.get(account, 0)} times, {done[account]} moves are on record"
        for account in sorted({*versions, *done} if versions else ())
        if done[account] != versions.get(account, 0)
    ]


def _fits(event: Record, fill: Record | None, intent: Record, *, whole: bool) -> bool:
    if fill is None:
        return event["status"] not in FILLS and event["fill_id"] is None
    same = all(fill[name] == intent[name] for name in ("symbol", "side"))
    return same and fill["time"] == event["time"] and event["status"] == FILLS[whole]


def _orders(tables: Tables) -> Iterator[str]:
    fills = _by(tables["fill"], "client_order_id")
    history = _by(tables["order_event"], "client_order_id")
    states = {row["client_order_id"]: row for row in tables["order_state"]}
    for intent in tables["intent"]:
        identity = intent["client_order_id"]
        state = states.pop(identity, None)
        if state is None:
            yield f"order {identity} has no state"
            continue
        last = max(history.get(identity, []), key=lambda r: int(r["sequence"]), default={"status": "intended"})
        filled = _total(fills.get(identity, []), "quantity")
        same = all(state[name] == intent[name] for name in ("account", "symbol", "side"))
        if not same or state["status"] != last["status"] or _exact(state["filled"]) != filled:
            yield f"order {identity} is not where its events and fills put it"
        if filled > _exact(intent["quantity"]):
            yield f"order {identity} filled more than it asked for"
        if not _holds(state, intent, Fraction(0) if last["status"] in ENDS else _exact(intent["quantity"]) - filled):
            yield f"order {identity} is {state['status']} and reserves {state['reserved']} for {state['remaining']}"
    for identity in states:
        yield f"order {identity} has a state and no intent"


def _holds(state: Record, intent: Record, remaining: Fraction) -> bool:
    """Whether what is open of an order, and only that, is marked as open and keeps its share of the reserve."""
    due = _exact(intent["reserve"]) * remaining
    return (
        _exact(state["remaining"]) == remaining
        and abs(_exact(state["reserved"]) * _exact(intent["quantity"]) - due) <= due / 10**24
        and int(state["open"]) == (state["status"] not in ENDS)
    )


def _strays(tables: Tables) -> Iterator[str]:
    known = {row["client_order_id"] for row in tables["intent"]}
    for table in ("fill", "order_event"):
        for identity in _by(tables[table], "client_order_id"):
            if identity not in known:
                yield f"{table}: there is no order {identity}"


def _approvals(tables: Tables) -> Iterator[str]:
    """An intent is what one recorded decision approved, and attempts at it do not add up to more."""
    outcomes = {r["decision_id"]: json.loads(r["outcome"]) for r in tables["decision"] if r["kind"] == "risk"}
    states = {row["client_order_id"]: row for row in tables["order_state"]}
    traded: dict[str, Fraction] = defaultdict(Fraction)
    for intent in tables["intent"]:
        identity, decision = intent["client_order_id"], intent["decision_id"]
        outcome = outcomes.get(decision, {})
        if _exact(intent["quantity"]) != _told(outcome, "quantity") or not _proposed(intent, outcome):
            yield f"order {identity} is not what decision {decision} approved"
        if identity in states:
            traded[decision] += _exact(states[identity]["filled"]) + _exact(states[identity]["remaining"])
    for decision, quantity in traded.items():
        if quantity > _told(outcomes.get(decision, {}), "quantity"):
            yield f"the orders of decision {decision} are larger than it approved"


def _proposed(intent: Record, outcome: Mapping[str, Any]) -> bool:
    """Whether the intent is of the proposal on record; an outcome without one does not say."""
    wish = outcome.get("proposal", intent)
    if not isinstance(wish, Mapping):
        return False
    same = all(intent[name] == wish.get(name) for name in ("account", "symbol", "side", "purpose"))
    return same and _exact(intent["price"]) == _told(wish, "price")


def _told(facts: Mapping[str, Any], name: str) -> Fraction:
    """The number that facts tell, 0 where they tell none."""
    text = str(facts.get(name))
    return _exact(text) if DECIMAL.fullmatch(text) else Fraction(0)


def _verdicts(tables: Tables) -> Iterator[str]:
    for row in tables["decision"]:
        outcome = json.loads(row["outcome"])
        if row["kind"] != "risk" or "verdict" not in outcome or not isinstance(outcome.get("proposal"), dict):
            continue
        quantity, asked = _told(outcome, "quantity"), _told(outcome["proposal"], "quantity")
        fitting = "vetoed" if quantity == 0 else "approved" if quantity == asked else "shrunk"
        if outcome["verdict"] != fitting or quantity > asked:
            yield f"decision {row['decision_id']} says {outcome['verdict']} of {quantity} of {asked}"
