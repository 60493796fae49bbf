"""What a venue knows: the sum of the events in its journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from quorum.domain import (
    AT_MARKET,
    ZERO,
    Aim,
    AimedIntent,
    ExitPlan,
    Fill,
    OrderIntent,
    OrderKind,
    OrderStatus,
    OrderTerms,
    Purpose,
    Side,
    plain,
)
from quorum.execution.ports import BrokerOrder


@dataclass(slots=True)
class Resting:
    """An order at the venue.

    One with an `aim` has estimates of side and quantity until it is sized; one with a `plan` protects a holding, and
    fills whole when a level of the plan is reached. `price` is the price that its collar was measured from. One whose
    terms have a trigger waits until it is `set_off`; one that has `rested` has met a print and did not fill whole.
    """

    client_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    collar: Decimal
    expires: int
    since: int
    answer: BrokerOrder
    remaining: Decimal
    price: Decimal = ZERO
    aim: Aim | None = None
    plan: ExitPlan | None = None
    terms: OrderTerms = AT_MARKET
    set_off: bool = False
    rested: bool = False

    @property
    def has_limit(self) -> bool:
        return self.terms.kind in (OrderKind.LIMIT, OrderKind.STOP_LIMIT)

    def reached(self, price: Decimal) -> bool:
        """Whether a print at `price` sets off an order that waits for its trigger."""
        trigger = self.terms.trigger
        return trigger is not None and self.side.sign * (price - trigger) >= 0


@dataclass(slots=True)
class Venue:
    """The state that the journal's events add up to; `open` are the ids of the orders that may still fill."""

    orders: dict[str, Resting] = field(default_factory=dict)
    open: dict[str, None] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    cash: dict[str, Decimal] = field(default_factory=dict)
    positions: dict[str, Decimal] = field(default_factory=dict)

    def apply(self, event: Mapping[str, Any]) -> None:
        _APPLY[event["kind"]](self, event)

    def _on_funding(self, event: Mapping[str, Any]) -> None:
        _add(self.cash, event["currency"], Decimal(event["amount"]))

    def _on_moved(self, event: Mapping[str, Any]) -> None:
        for line, amounts in ((self.cash, event["cash"]), (self.positions, event["units"])):
            for name, amount in amounts.items():
                _add(line, name, Decimal(amount))

    def _on_refused(self, event: Mapping[str, Any]) -> None:
        self.refused.add(event["id"])

    def _on_order(self, event: Mapping[str, Any]) -> None:
        aim, plan, terms = event.get("aim"), event.get("plan"), event.get("terms")
        quantity, side = Decimal(event["quantity"]), Side(event["side"])
        self.open[event["id"]] = None
        self.orders[event["id"]] = Resting(
            event["id"],
            event["symbol"],
            side,
            quantity,
            Decimal(event["collar"]),
            event["expires"],
            event["since"],
            BrokerOrder(event["id"], OrderStatus.ACCEPTED, (), "", event["symbol"], side.sign * quantity),
            quantity,
            Decimal(event.get("price", 0)),
            None if aim is None else Aim.read(aim),
            None if plan is None else ExitPlan.read(plan),
            AT_MARKET if terms is None else OrderTerms.read(terms),
        )

    def _on_sized(self, event: Mapping[str, Any]) -> None:
        order = self.orders[event["id"]]
        order.side, order.collar, order.aim = Side(event["side"]), Decimal(event["collar"]), None
        order.quantity = order.remaining = Decimal(event["quantity"])
        order.answer = replace(order.answer, quantity=order.side.sign * order.quantity)

    def _on_set_off(self, event: Mapping[str, Any]) -> None:
        self.orders[event["id"]].set_off = True

    def _on_rested(self, event: Mapping[str, Any]) -> None:
        self.orders[event["id"]].rested = True

    def _on_amended(self, event: Mapping[str, Any]) -> None:
        self.orders[event["id"]].plan = ExitPlan.read(event["plan"])

    def _on_fill(self, event: Mapping[str, Any]) -> None:
        order = self.orders[event["id"]]
        fill = Fill(
            event["fill"],
            event["id"],
            order.symbol,
            order.side,
            Decimal(event["quantity"]),
            Decimal(event["price"]),
            Decimal(event["fee"]),
            event["currency"],
            event["time"],
        )
        order.remaining -= fill.quantity
        whole = order.plan is not None or not order.remaining
        status = OrderStatus.FILLED if whole else OrderStatus.PARTIALLY_FILLED
        fills = (*order.answer.fills, fill)
        order.answer = replace(order.answer, status=status, fills=fills, detail=event.get("detail", ""))
        if whole:
            del self.open[event["id"]]
        _add(self.cash, fill.fee_currency, -order.side.sign * fill.notional - fill.fee)
        _add(self.positions, order.symbol, order.side.sign * fill.quantity)

    def _on_end(self, event: Mapping[str, Any]) -> None:
        order = self.orders[event["id"]]
        order.answer = replace(order.answer, status=OrderStatus(event["status"]), detail=event["detail"])
        self.open.pop(event["id"], None)


_APPLY = {name.removeprefix("_on_"): rule for name, rule in vars(Venue).items() if name.startswith("_on_")}


def _add(line: dict[str, Decimal], key: str, amount: Decimal) -> None:
    line[key] = line.get(key, ZERO) + amount


def placed(intent: OrderIntent, now: int) -> dict[str, Any]:
    """The event of an order's arrival; a reduction with a plan to leave by rests as its protection."""
    event = {
        "kind": "order",
        "id": intent.client_order_id,
        "symbol": intent.symbol,
        "side": intent.side.value,
        "quantity": str(intent.quantity),
        "collar": str(intent.collar),
        "expires": intent.expires_at,
        "since": now,
    }
    if isinstance(intent, AimedIntent):
        event |= {"price": str(intent.price), "aim": plain(intent.aim)}
    elif intent.purpose is Purpose.REDUCTION and (intent.exit.stop is not None or intent.exit.targets):
        event["plan"] = plain(intent.exit)
    if intent.terms != AT_MARKET:
        event["terms"] = plain(intent.terms)
    return event
