"""An order from its intent to its end: events are appended, the state follows from them by one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from typing import Any

from quorum.domain.errors import IllegalMove
from quorum.domain.market import Side
from quorum.domain.position import ZERO
from quorum.domain.proposal import NO_EXIT, ExitPlan, Purpose


@dataclass(frozen=True, slots=True)
class OrderIntent:
    """What was approved: committed before it is sent, and all that a sender may send.

    `collar` is the worst price accepted, `reserve` the exposure held for it until it ends (quote currency),
    `account_version` the state of the book that was checked, `decision_id` the risk approval.
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

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> OrderIntent:
        """The intent whose plain form is `values`; numbers may be Decimals or their texts, more keys may be there."""
        changed: dict[str, Any] = {n: Decimal(values[n]) for n in ("quantity", "price", "collar", "reserve")}
        changed |= {"side": Side(values["side"]), "purpose": Purpose(values["purpose"])}
        changed["exit"] = ExitPlan.read(values["exit"])
        return cls(**{f.name: values[f.name] for f in fields(cls)} | changed)


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
    """An intent and what became of it."""

    intent: OrderIntent
    status: OrderStatus = OrderStatus.INTENDED
    filled: Decimal = ZERO

    @property
    def remaining(self) -> Decimal:
        return ZERO if self.status.terminal else self.intent.quantity - self.filled

    @property
    def reserved(self) -> Decimal:
        """The part of the reserve that the open rest still holds."""
        return self.intent.reserve * self.remaining / self.intent.quantity if self.remaining else ZERO

    def move(self, status: OrderStatus, filled: Decimal = ZERO) -> Order:
        """The order after a move, with `filled` more filled.

        IllegalMove when the table has no such move, when a fill comes without its status or the other way round,
        and when more is filled than was ordered, or FILLED said of less.
        """
        if status not in MOVES[self.status]:
            raise IllegalMove(f"order {self.intent.client_order_id}: {self.status} cannot become {status}")
        total = self.filled + filled
        if total > self.intent.quantity:
            raise IllegalMove(f"order {self.intent.client_order_id}: {total} filled of {self.intent.quantity}")
        whole = total == self.intent.quantity
        if filled < 0 or (filled > 0) != (status in _FILLS) or whole != (status is OrderStatus.FILLED):
            raise IllegalMove(
                f"order {self.intent.client_order_id}: {status} with {filled} more filled, {total} of"
                f" {self.intent.quantity}"
            )
        return Order(self.intent, status, total)
