"""What a venue knows: the sum of the events in its journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, NamedTuple

from quorum.domain import (
    AT_MARKET,
    ZERO,
    Aim,
    AimedIntent,
    BrokerError,
    ExitPlan,
    Fill,
    Instrument,
    OrderIntent,
    OrderKind,
    OrderStatus,
    OrderTerms,
    Purpose,
    Side,
    plain,
)
from quorum.execution.ports import BrokerOrder


class Moment(NamedTuple):
    """When an order meets the market: at the print of an instant (ns UTC), or after it inside of the print's bar."""

    time: int
    inside: bool


class Seen(NamedTuple):
    """Up to when an order has met the prints of an edition, without news."""

    edition: object
    moment: Moment


@dataclass(slots=True)
class Resting:
    """An order at the venue.

    One with an `aim` has estimates of side and quantity until it is sized; one with a `plan` protects a holding, and
    fills whole when a level of the plan is reached. `price` is the price that its collar was measured from. One whose
    terms have a trigger waits until it is `set_off`; one that has `rested` has met a print and did not fill whole.
    What happened to it last happened at `met`; what it has `seen` since is in no journal, and is looked at again
    where that is lost.
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
    met: Moment
    price: Decimal = ZERO
    aim: Aim | None = None
    plan: ExitPlan | None = None
    terms: OrderTerms = AT_MARKET
    set_off: bool = False
    rested: bool = False
    seen: Seen | None = None

    @property
    def has_limit(self) -> bool:
        return self.terms.kind in (OrderKind.LIMIT, OrderKind.STOP_LIMIT)

    def reached(self, price: Decimal) -> bool:
        """Whether a print at `price` sets off an order that waits for its trigger."""
        trigger = self.terms.trigger
        return trigger is not None and self.side.sign * (price - trigger) >= 0

    def seen_of(self, edition: object) -> Moment:
        """The last moment of an edition that is behind it."""
        return max(self.seen.moment, self.met) if self.seen and self.seen.edition == edition else self.met

    def meets(self, moment: Moment) -> None:
        """Something happened to it then: what comes after that is new to it."""
        self.met, self.seen = max(self.met, moment), None


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
            Moment(event["since"] - 1, True),
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
        order = self.orders[event["id"]]
        order.set_off = True
        _met(order, event)

    def _on_rested(self, event: Mapping[str, Any]) -> None:
        order = self.orders[event["id"]]
        order.rested = True
        _met(order, event)

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
        order.meets(Moment(fill.time, True))
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


def _met(order: Resting, event: Mapping[str, Any]) -> None:
    """Take the event's moment; one that was written before they had any leaves the order's."""
    if "time" in event:
        order.meets(Moment(event["time"], event["inside"]))


def _add(line: dict[str, Decimal], key: str, amount: Decimal) -> None:
    line[key] = line.get(key, ZERO) + amount


def check_sound(intent: OrderIntent) -> None:
    """BrokerError for numbers that make no sense at any venue; a sale may take whatever is paid."""
    if not intent.quantity.is_finite() or intent.quantity <= 0:
        raise BrokerError(f"{intent.symbol}: a quantity of {intent.quantity} makes no sense", "give a number above 0")
    if not intent.collar.is_finite() or intent.collar < 0:
        raise BrokerError(f"{intent.symbol}: a collar of {intent.collar} makes no sense", "give a price")


def check_steps(intent: OrderIntent, instrument: Instrument) -> None:
    """BrokerError, with field and rule, for less than a lot and for a limit or its trigger off the tick.

    A stop that becomes a market order may have its trigger between two ticks: it fills on one.
    """
    symbol, terms = intent.symbol, intent.terms
    if not isinstance(intent, AimedIntent) and intent.quantity < instrument.lot:
        raise BrokerError(f"{symbol}: a quantity of {intent.quantity} is less than a lot", f"lots are {instrument.lot}")
    if terms.kind not in (OrderKind.LIMIT, OrderKind.STOP_LIMIT):
        return
    for field_, price in (("limit", intent.collar), ("trigger", terms.trigger)):
        if price is not None and (price <= 0 or price % instrument.tick):
            raise BrokerError(f"{symbol}: a {field_} of {price} is off the tick", f"ticks are {instrument.tick}")


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
