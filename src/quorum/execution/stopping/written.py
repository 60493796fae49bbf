"""Lines of JSON in which orders stand that left while the store was out of reach."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from quorum.domain import Choice, DataError, DecisionKind, Fill, Order, OrderIntent, OrderStatus, QuorumError


class Written(NamedTuple):
    """An order as far as the lines tell, and risk's decision on it."""

    order: Order
    choice: Choice


def written(lines: Iterable[bytes]) -> Sequence[Written]:
    """The orders in `lines`, oldest first; a last line without its end was never acted on. DataError for a wrong one.

    Of these the venue knows the rest: a reader books an intent and its SENT, and follows the order there.
    """
    found = Told()
    for number, line in enumerate(lines, 1):
        if line.endswith(b"\n") and line.strip():
            try:
                found.take(json.loads(line))
            except (ValueError, KeyError, TypeError, QuorumError) as error:
                raise DataError(f"line {number} is no line of an order ({error})", "mend it, or take it out") from error
    return [Written(order, found.choices[order.intent.decision_id]) for order in found.orders.values()]


class Told:
    """What lines tell: orders by client order id, the fills that are in them, and choices by their decision's id."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self.fills: set[str] = set()
        self.choices: dict[str, Choice] = {}

    def take(self, line: Mapping[str, Any]) -> Order | None:
        """Take in a line; the order as it is then, None for a line of none."""
        if line["kind"] == "decision":
            choice = line["choice"]
            parts = {"kind": DecisionKind(choice["kind"]), "parents": tuple(choice["parents"])}
            self.choices[line["decision_id"]] = Choice(**{**choice, **parts})
            return None
        moved = self._moved(line)
        self.orders[moved.intent.client_order_id] = moved
        return moved

    def _moved(self, line: Mapping[str, Any]) -> Order:
        if line["kind"] == "intent":
            return Order(OrderIntent.read(line["intent"]))
        if line["kind"] == "fill":
            fill = Fill.read(line["fill"])
            self.fills.add(fill.fill_id)
            return self.orders[fill.client_order_id].fill(fill.quantity)
        told = line["event"]
        moved = self.orders[told["client_order_id"]].move(OrderStatus(told["status"]))
        return replace(moved, sent=told["time"]) if moved.status is OrderStatus.SENT else moved
