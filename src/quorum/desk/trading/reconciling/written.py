"""Orders that left while the store was out of reach, taken into the books from the file that has them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from quorum.desk.desk import Accounting, Desk
from quorum.domain import (
    ZERO,
    BrokerError,
    Choice,
    Clock,
    DecisionKind,
    NotFound,
    Order,
    OrderEvent,
    OrderIntent,
    OrderStatus,
    Part,
    WorkspaceError,
)
from quorum.execution import net
from quorum.execution.netting import shares

WRITTEN = "state/emergency.jsonl"


def take_written(desk: Desk, account: str, clock: Clock | None = None) -> tuple[Order, ...]:
    """Book the orders of an account that the file has and the store does not, each with its decision, as sent.

    What became of them the venue knows: it is asked after each, so that the next is theirs who still hold something;
    where it does not answer, they are booked all the same. One that was written and never sent stays out.
    WorkspaceError for a damaged file; a last line that a kill cut short was never acted on.
    """
    path = desk.workspace.home / WRITTEN
    if not path.exists():
        return ()
    intents: dict[str, OrderIntent] = {}
    sent: dict[str, int] = {}
    decisions: dict[str, Mapping[str, Any]] = {}
    try:
        for line in _lines(path):
            if line["kind"] == "decision":
                decisions[line["decision_id"]] = line["choice"]
            elif line["kind"] == "intent":
                intent = OrderIntent.read(line["intent"])
                intents[intent.client_order_id] = intent
            elif line["kind"] == "event" and line["event"]["status"] == OrderStatus.SENT:
                sent[line["event"]["client_order_id"]] = line["event"]["time"]
        mine = [i for name, i in intents.items() if i.account == account and name in sent and not _known(desk, name)]
        return tuple(_take(desk, i, (decisions[i.decision_id], sent[i.client_order_id]), clock) for i in mine)
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:
        raise WorkspaceError(f"{path}: cannot be read ({error!r})", "mend the line, or move the file away") from error


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    for line in path.read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n") and line.strip():
            yield json.loads(line)


def _known(desk: Desk, client_order_id: str) -> bool:
    try:
        desk.orders.get(client_order_id)
    except NotFound:
        return False
    return True


def _take(desk: Desk, intent: OrderIntent, on_file: tuple[Mapping[str, Any], int], clock: Clock | None) -> Order:
    """One transaction: the decision, the intent under its new id, and that it was sent; then what the venue says."""
    told, sent = on_file
    parents = tuple(told.get("parents", ()))
    kind, subject = DecisionKind(told["kind"]), told["subject"]
    choice = Choice(kind, subject, told["as_of"], told["inputs"], told["outcome"], told["rationale"], parents)
    with desk.accounts.transaction(intent.account) as transaction:
        decision = transaction.record(choice)
        parts = intent.parts or _whose(transaction, intent, sent)
        order = transaction.intend(replace(intent, decision_id=decision.decision_id, parts=parts))
        if order.status is not OrderStatus.INTENDED:
            return order
        order = transaction.append(OrderEvent(intent.client_order_id, OrderStatus.SENT, sent))
    with suppress(BrokerError):
        return desk.sender(intent.account, clock).follow(order)
    return order


def _whose(transaction: Accounting, intent: OrderIntent, now: int) -> tuple[Part, ...]:
    """Whose a closing order is that left when nobody could ask: pro rata theirs who held it, the desk's own (under no
    name) what none of them did. What strategies held against each other is crossed first, at the price it left with.
    """
    held = {name: p.quantity for (name, symbol), p in transaction.holdings().items() if symbol == intent.symbol}
    found = net({name: -quantity for name, quantity in held.items()})
    for cross in found.crosses:
        reference = f"written|{intent.client_order_id}|{cross.buyer}|{cross.seller}"
        transaction.cross(intent.symbol, cross, intent.price, (now, reference))
    if found.change * intent.side.sign <= 0:
        return ()
    own = -transaction.book().quantity(intent.symbol) - found.change
    holders = [*found.parts, Part("", own)] if own * intent.side.sign > 0 else found.parts
    whole = sum((abs(part.quantity) for part in holders), ZERO)
    theirs = shares(holders, {}, ZERO, min(whole, intent.quantity))
    beyond = intent.side.sign * max(ZERO, intent.quantity - whole)
    theirs[""] = theirs.get("", ZERO) + beyond
    return tuple(Part(name, quantity) for name, quantity in theirs.items() if quantity)
