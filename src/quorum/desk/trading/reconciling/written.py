"""Orders that left while the store was out of reach, taken into the books from the file that has them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from quorum.desk.desk import Accounting, Desk
from quorum.domain import (
    ZERO,
    Choice,
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

WRITTEN = "state/emergency.jsonl"


def take_written(desk: Desk, account: str) -> tuple[Order, ...]:
    """Book the orders of an account that the file has and the store does not, each with its decision, as sent.

    What became of them the venue knows. One that was written and never sent stays out. WorkspaceError for a damaged
    file; a last line that a kill cut short was never acted on.
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
        return tuple(_take(desk, i, decisions[i.decision_id], sent[i.client_order_id]) for i in mine)
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


def _take(desk: Desk, intent: OrderIntent, told: Mapping[str, Any], sent: int) -> Order:
    """One transaction: the decision, the intent under its new id, and that it was sent."""
    parents = tuple(told.get("parents", ()))
    kind, subject = DecisionKind(told["kind"]), told["subject"]
    choice = Choice(kind, subject, told["as_of"], told["inputs"], told["outcome"], told["rationale"], parents)
    with desk.accounts.transaction(intent.account) as transaction:
        decision = transaction.record(choice)
        parts = intent.parts or _whose(transaction, intent)
        order = transaction.intend(replace(intent, decision_id=decision.decision_id, parts=parts))
        if order.status is not OrderStatus.INTENDED:
            return order
        return transaction.append(OrderEvent(intent.client_order_id, OrderStatus.SENT, sent))


def _whose(transaction: Accounting, intent: OrderIntent) -> tuple[Part, ...]:
    """Whose a closing order is that left when nobody could ask: the strategies', where it is all that they hold."""
    held = {name: p.quantity for (name, symbol), p in transaction.holdings().items() if symbol == intent.symbol}
    parts = net({name: -quantity for name, quantity in held.items()}).parts
    whole = sum((part.quantity for part in parts), ZERO)
    return parts if whole == intent.side.sign * intent.quantity else ()
