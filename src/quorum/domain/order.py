"""An order from its intent to its end: events are appended, the state follows from them by one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from typing import Any

from quorum.domain.errors import IllegalMove, UsageError
from quorum.domain.market import Side
from quorum.domain.position import ZERO
from quorum.domain.proposal import NO_EXIT, ExitPlan, Purpose


class OrderKind(StrEnum):
    """How an order meets the market. Its collar bounds every fill: the limit of a limit order is its collar.

    MARKET takes what there is. LIMIT rests where it is not met at once. STOP becomes a market order, STOP_LIMIT a
    limit order, once a trade reaches its trigger.
    """

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"

    @property
    def waits(self) -> bool:
        """Whether it does nothing until its trigger is reached."""
        return self in (OrderKind.STOP, OrderKind.STOP_LIMIT)


class Hold(StrEnum):
    """How long an order holds: to the end of the session, until it is cancelled or its approval expires, at once or
    not at all for what is left, or in the opening auction alone (a market order of it is a market-on-open order)."""

    DAY = "day"
    GTC = "gtc"
    IOC = "ioc"
    OPG = "opg"


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """Kind and hold of an order, and the price that sets off one that waits; UsageError for what makes no sense."""

    kind: OrderKind = OrderKind.MARKET
    hold: Hold = Hold.GTC
    trigger: Decimal | None = None

    def __post_init__(self) -> None:
        if self.kind.waits is not (self.trigger is not None):
            needs = "needs the price that sets it off" if self.kind.waits else "has no trigger"
            raise UsageError(f"a {self.kind} order {needs}", "give `trigger` with stop and stop_limit, and only there")
        if self.trigger is not None and not (self.trigger.is_finite() and self.trigger > 0):
            raise UsageError(f"a trigger of {self.trigger} makes no sense", "give a price")
        if self.kind.waits and self.hold in (Hold.IOC, Hold.OPG):
            raise UsageError(f"a {self.kind} order cannot be {self.hold}", "let it hold for the day, or gtc")

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> OrderTerms:
        """The terms whose plain form is `values`."""
        trigger = values["trigger"]
        return cls(OrderKind(values["kind"]), Hold(values["hold"]), None if trigger is None else Decimal(trigger))


AT_MARKET = OrderTerms()


@dataclass(frozen=True, slots=True)
class Part:
    """What a strategy has of an order: `quantity` is signed as the order is, and the parts of one add up to it."""

    strategy_id: str
    quantity: Decimal

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Part:
        """The part whose plain form is `values`."""
        return cls(values["strategy_id"], Decimal(values["quantity"]))


@dataclass(frozen=True, slots=True)
class OrderIntent:
    """What was approved: committed before it is sent, and all that a sender may send.

    `collar` is the worst price accepted, `reserve` the exposure held for it until it ends (quote currency),
    `account_version` the state of the book that was checked, `decision_id` the risk approval. `parts` say whose it
    is, the desk's own without them or under no name; `replaces` is the client order id of the cancelled order that it
    follows.
    """

    intent_id: str
    client_order_id: str
    account: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    collar: Decimal
    reserve: Decimal
    purpose: Purpose
    decision_id: str
    account_version: int
    created_at: int
    expires_at: int
    exit: ExitPlan = NO_EXIT
    terms: OrderTerms = AT_MARKET
    parts: tuple[Part, ...] = ()
    replaces: str | None = None

    def __post_init__(self) -> None:
        if not self.parts:
            return
        sign, owners = self.side.sign, {part.strategy_id for part in self.parts}
        whole = sum((part.quantity for part in self.parts), ZERO) == sign * self.quantity
        if not whole or len(owners) < len(self.parts) or any(part.quantity * sign <= 0 for part in self.parts):
            raise UsageError(f"the parts of intent {self.intent_id} do not add up to it", "this is a bug: report it")

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> OrderIntent:
        """The intent whose plain form is `values`; numbers may be Decimals or their texts, more keys may be there.

        One that was written before there were terms, parts and replacements has none of them.
        """
        changed: dict[str, Any] = {n: Decimal(values[n]) for n in ("quantity", "price", "collar", "reserve")}
        changed |= {"side": Side(values["side"]), "purpose": Purpose(values["purpose"])}
        changed["exit"] = ExitPlan.read(values["exit"])
        changed["terms"] = OrderTerms.read(values["terms"]) if "terms" in values else AT_MARKET
        changed["parts"] = tuple(Part.read(part) for part in values.get("parts", ()))
        changed["replaces"] = values.get("replaces")
        return cls(**{f.name: values[f.name] for f in fields(cls) if f.name not in changed} | changed)


class Basis(StrEnum):
    """What an aim counts in: units, a fraction of the account's equity, or a fraction of its cash."""

    UNITS = "units"
    EQUITY = "equity"
    CASH = "cash"


@dataclass(frozen=True, slots=True)
class Aim:
    """What an order is to leave held, signed; only the price at which it can trade makes it a quantity.

    UNITS: `amount` units. EQUITY: the fraction `amount` of the account's equity at that price, where a unit counts
    as `least` when its price is below it. CASH: what the fraction `amount` of the cash at hand, and of what is held of
    the symbol, buys after its costs. The last two mean nothing of an account that is used up.
    """

    basis: Basis
    amount: Decimal
    least: Decimal = ZERO

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Aim:
        """The aim whose plain form is `values`."""
        return cls(Basis(values["basis"]), Decimal(values["amount"]), Decimal(values["least"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class AimedIntent(OrderIntent):
    """An intent whose side and quantity are estimates at `price`: the venue decides them by its aim when it fills."""

    aim: Aim


class OrderStatus(StrEnum):
    """Where an order is. INTENDED is committed here and has not been sent; SENT may have arrived."""

    INTENDED = "intended"
    SENT = "sent"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    NEVER_ARRIVED = "never_arrived"

    @property
    def terminal(self) -> bool:
        return not MOVES[self]


_S = OrderStatus
_FILLS = frozenset({_S.PARTIALLY_FILLED, _S.FILLED})
_LIVE = frozenset({_S.PARTIALLY_FILLED, _S.FILLED, _S.CANCELLED, _S.REJECTED, _S.EXPIRED})
MOVES: dict[OrderStatus, frozenset[OrderStatus]] = {
    _S.INTENDED: frozenset({_S.SENT, _S.EXPIRED, _S.CANCELLED}),
    _S.SENT: frozenset({_S.UNKNOWN, _S.ACCEPTED, _S.NEVER_ARRIVED}) | _LIVE,
    _S.UNKNOWN: frozenset({_S.ACCEPTED, _S.NEVER_ARRIVED}) | _LIVE,
    _S.ACCEPTED: _LIVE,
    _S.PARTIALLY_FILLED: frozenset({_S.PARTIALLY_FILLED, _S.FILLED, _S.CANCELLED, _S.EXPIRED}),
    _S.FILLED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.REJECTED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.NEVER_ARRIVED: frozenset(),
}
ENDED_SHORT = frozenset({_S.CANCELLED, _S.REJECTED, _S.EXPIRED, _S.NEVER_ARRIVED})
"""Where an order has ended without being filled; a late fill is booked all the same."""


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """Something that happened to an order at `time` (ns UTC); `fill_id` where it was a fill."""

    client_order_id: str
    status: OrderStatus
    time: int
    detail: str = ""
    fill_id: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """An intent and what became of it; `sent` is the instant (ns UTC) at which it may have left."""

    intent: OrderIntent
    status: OrderStatus = OrderStatus.INTENDED
    filled: Decimal = ZERO
    sent: int | None = None

    @property
    def remaining(self) -> Decimal:
        return ZERO if self.status.terminal else self.intent.quantity - self.filled

    @property
    def reserved(self) -> Decimal:
        """The part of the reserve that the open rest still holds."""
        return self.intent.reserve * self.remaining / self.intent.quantity if self.remaining else ZERO

    def fill(self, quantity: Decimal) -> Order:
        """The order with `quantity` more filled, which may come late: an order that had ended without being filled
        keeps its status, for what traded has traded. IllegalMove when it is more than was ordered."""
        if self.status in ENDED_SHORT:
            if quantity <= 0:
                raise IllegalMove(f"order {self.intent.client_order_id}: a fill of {quantity}")
            return Order(self.intent, self.status, self._total(quantity), self.sent)
        whole = self._total(quantity) == self.intent.quantity
        return self.move(OrderStatus.FILLED if whole else OrderStatus.PARTIALLY_FILLED, quantity)

    def move(self, status: OrderStatus, filled: Decimal = ZERO) -> Order:
        """The order after a move, with `filled` more filled.

        IllegalMove when the table has no such move, when a fill comes without its status or the other way round,
        and when more is filled than was ordered, or FILLED said of less.
        """
        if status not in MOVES[self.status]:
            raise IllegalMove(f"order {self.intent.client_order_id}: {self.status} cannot become {status}")
        total = self._total(filled)
        whole = total == self.intent.quantity
        if filled < 0 or (filled > 0) != (status in _FILLS) or whole != (status is OrderStatus.FILLED):
            raise IllegalMove(
                f"order {self.intent.client_order_id}: {status} with {filled} more filled, {total} of"
                f" {self.intent.quantity}"
            )
        return Order(self.intent, status, total, self.sent)

    def _total(self, filled: Decimal) -> Decimal:
        total = self.filled + filled
        if total > self.intent.quantity:
            raise IllegalMove(f"order {self.intent.client_order_id}: {total} filled of {self.intent.quantity}")
        return total
