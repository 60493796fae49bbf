"""Orders: their way through the states, their fills, and the decisions that approved them."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from quorum.execution.audit.rows import Record, Tables, by, exact, told, total

FILLS = ("partially_filled", "filled")
ENDS = ("filled", "cancelled", "rejected", "expired", "never_arrived")
SHORT = ("cancelled", "rejected", "expired", "never_arrived")
"""Ends at which a late fill may still be booked."""
NEXT = {
    "intended": ("sent", "expired", "cancelled"),
    "sent": ("unknown", "accepted", "partially_filled", *ENDS),
    "unknown": ("accepted", "partially_filled", *ENDS),
    "accepted": ("partially_filled", "filled", "cancelled", "rejected", "expired"),
    "partially_filled": ("partially_filled", "filled", "cancelled", "expired"),
}


def events(tables: Tables) -> Iterator[str]:
    """Every order's way through the states, and the fills on it, one event each."""
    yield from _missing(tables)
    fills = by(tables["fill"], "client_order_id")
    history = by(tables["order_event"], "client_order_id")
    for intent in tables["intent"]:
        identity, status, filled = intent["client_order_id"], "intended", Fraction(0)
        left = {row["fill_id"]: row for row in fills.get(identity, [])}
        for event in sorted(history.get(identity, []), key=lambda r: int(r["sequence"])):
            fill = left.pop(event["fill_id"], None)
            filled += exact(fill["quantity"]) if fill else 0
            whole = filled == exact(intent["quantity"])
            late = fill is not None and status in SHORT and event["status"] == status
            moves = late or event["status"] in NEXT.get(status, ())
            if not moves or not _fits(event, fill, intent, status if late else FILLS[whole]):
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


def _fits(event: Record, fill: Record | None, intent: Record, status: str) -> bool:
    """Whether an event of a fill is of that fill, and leaves the order at `status`; or tells of none."""
    if fill is None:
        return event["status"] not in FILLS and event["fill_id"] is None
    same = all(fill[name] == intent[name] for name in ("symbol", "side"))
    return same and fill["time"] == event["time"] and event["status"] == status


def orders(tables: Tables) -> Iterator[str]:
    fills = by(tables["fill"], "client_order_id")
    history = by(tables["order_event"], "client_order_id")
    states = {row["client_order_id"]: row for row in tables["order_state"]}
    for intent in tables["intent"]:
        identity = intent["client_order_id"]
        state = states.pop(identity, None)
        if state is None:
            yield f"order {identity} has no state"
            continue
        past = sorted(history.get(identity, []), key=lambda r: int(r["sequence"]))
        last = past[-1] if past else {"status": "intended"}
        filled = total(fills.get(identity, []), "quantity")
        same = all(state[name] == intent[name] for name in ("account", "symbol", "side"))
        if not same or state["status"] != last["status"] or exact(state["filled"]) != filled:
            yield f"order {identity} is not where its events and fills put it"
        if filled > exact(intent["quantity"]):
            yield f"order {identity} filled more than it asked for"
        first = next((event["time"] for event in past if event["status"] == "sent"), None)
        if state["sent"] != first:
            yield f"order {identity} was sent at {first}, its state says {state['sent']}"
        if not _holds(state, intent, Fraction(0) if last["status"] in ENDS else exact(intent["quantity"]) - filled):
            yield f"order {identity} is {state['status']} and reserves {state['reserved']} for {state['remaining']}"
    for identity in states:
        yield f"order {identity} has a state and no intent"


def _holds(state: Record, intent: Record, remaining: Fraction) -> bool:
    """Whether what is open of an order, and only that, is marked as open and keeps its share of the reserve."""
    due = exact(intent["reserve"]) * remaining
    return (
        exact(state["remaining"]) == remaining
        and abs(exact(state["reserved"]) * exact(intent["quantity"]) - due) <= due / 10**24
        and int(state["open"]) == (state["status"] not in ENDS)
    )


def parts(tables: Tables) -> Iterator[str]:
    """The parts of an order add up to it, and nobody has had more of its fills than of it."""
    shared = by(tables.get("fill_share", ()), "fill_id")
    fills = by(tables["fill"], "client_order_id")
    for intent in tables["intent"]:
        identity, sign = intent["client_order_id"], 1 if intent["side"] == "buy" else -1
        found = _parts(intent)
        if found is None or (found and sum(found.values()) != sign * exact(intent["quantity"])):
            yield f"the parts of order {identity} do not add up to it"
            continue
        had: Counter[str] = Counter()
        for fill in fills.get(identity, []):
            rows = shared.get(fill["fill_id"], [])
            had.update({row["strategy_id"]: exact(row["quantity"]) for row in rows})
            if bool(rows) is not bool(found):
                yield f"fill {fill['fill_id']} of order {identity} is shared out otherwise than its parts say"
        for name, quantity in had.items():
            if name not in found or abs(quantity) > abs(found[name]):
                yield f"{name} has had {float(quantity)} of order {identity}"


def _parts(intent: Record) -> dict[str, Fraction] | None:
    """Signed quantities by strategy; None where they cannot be read."""
    try:
        rows = json.loads(intent["parts"])
        return {row["strategy_id"]: exact(row["quantity"]) for row in rows}
    except (ValueError, TypeError, KeyError):
        return None


def strays(tables: Tables) -> Iterator[str]:
    known = {row["client_order_id"] for row in tables["intent"]}
    for table in ("fill", "order_event"):
        for identity in by(tables[table], "client_order_id"):
            if identity not in known:
                yield f"{table}: there is no order {identity}"


def approvals(tables: Tables) -> Iterator[str]:
    """An intent is what one recorded decision approved, and attempts at it do not add up to more."""
    outcomes = {r["decision_id"]: json.loads(r["outcome"]) for r in tables["decision"] if r["kind"] == "risk"}
    states = {row["client_order_id"]: row for row in tables["order_state"]}
    traded: dict[str, Fraction] = defaultdict(Fraction)
    for intent in tables["intent"]:
        identity, decision = intent["client_order_id"], intent["decision_id"]
        outcome = outcomes.get(decision, {})
        if exact(intent["quantity"]) != told(outcome, "quantity") or not _proposed(intent, outcome):
            yield f"order {identity} is not what decision {decision} approved"
        if identity in states:
            traded[decision] += exact(states[identity]["filled"]) + exact(states[identity]["remaining"])
    for decision, quantity in traded.items():
        if quantity > told(outcomes.get(decision, {}), "quantity"):
            yield f"the orders of decision {decision} are larger than it approved"


def _proposed(intent: Record, outcome: Mapping[str, Any]) -> bool:
    """Whether the intent is of the proposal on record; an outcome without one does not say."""
    wish = outcome.get("proposal", intent)
    if not isinstance(wish, Mapping):
        return False
    same = all(intent[name] == wish.get(name) for name in ("account", "symbol", "side", "purpose"))
    return same and exact(intent["price"]) == told(wish, "price")


def verdicts(tables: Tables) -> Iterator[str]:
    for row in tables["decision"]:
        outcome = json.loads(row["outcome"])
        if row["kind"] != "risk" or "verdict" not in outcome or not isinstance(outcome.get("proposal"), dict):
            continue
        quantity, asked = told(outcome, "quantity"), told(outcome["proposal"], "quantity")
        fitting = "vetoed" if quantity == 0 else "approved" if quantity == asked else "shrunk"
        if outcome["verdict"] != fitting or quantity > asked:
            yield f"decision {row['decision_id']} says {outcome['verdict']} of {quantity} of {asked}"
