"""Alpaca's words for orders, symbols and numbers, and ours."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from quorum.domain import ZERO, BrokerUnreachable, OrderStatus, QuorumError, Side, parse_instant, split_symbol

_ENDED = {
    "filled": OrderStatus.FILLED,
    "canceled": OrderStatus.CANCELLED,
    "replaced": OrderStatus.CANCELLED,
    "expired": OrderStatus.EXPIRED,
    "rejected": OrderStatus.REJECTED,
}


class Unreadable(BrokerUnreachable):
    """An answer of another shape than the venue's: nothing is known from it."""


class Placed(NamedTuple):
    """An order as the venue tells it; quantities are positive, `submitted` is ns UTC, `status` only what it says."""

    order_id: str
    client_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    filled: Decimal
    status: OrderStatus
    word: str
    submitted: int

    @property
    def ended(self) -> bool:
        """Whether the venue is done with it."""
        return self.status.terminal


def is_pair(symbol: str) -> bool:
    """Whether `symbol` is a crypto pair, not a share."""
    return split_symbol(symbol)[0] != symbol


def named(symbol: str, kind: str = "") -> str:
    """A symbol of the venue as we write it: pairs with their slash, which its positions leave out."""
    return "/".join(split_symbol(symbol)) if kind == "crypto" else symbol


def exact(form: Any, name: str) -> Decimal:
    """A number of an answer, given as text or as a number; 0 where there is none. Unreadable for anything else."""
    value = form.get(name)
    try:
        if isinstance(value, bool):
            raise InvalidOperation
        found = ZERO if value in (None, "") else Decimal(str(value))
    except InvalidOperation:
        raise Unreadable(f"alpaca says {name} {value!r}", "see what its account page says") from None
    if not found.is_finite():
        raise Unreadable(f"alpaca says {name} {value!r}", "see what its account page says")
    return found


def written(value: Decimal) -> str:
    """A number as the venue reads it."""
    return f"{value.normalize():f}"


def instant(form: Any, name: str) -> int:
    """A time of an answer in ns UTC; Unreadable for none."""
    try:
        return parse_instant(str(form[name]))
    except (KeyError, QuorumError):
        raise Unreadable(f"alpaca says no {name} of it", "see what its account page says") from None


def placed(form: Any) -> Placed:
    """The order that an answer holds; Unreadable when it holds none. A status that is new to us is an open one."""
    try:
        order_id, client_id = str(form["id"]), str(form["client_order_id"])
        symbol, word = str(form["symbol"]), str(form["status"])
        side = Side(str(form["side"]).partition("_")[0])
    except (KeyError, TypeError, ValueError):
        raise Unreadable("alpaca answered with something else than an order", "ask again") from None
    filled, quantity = exact(form, "filled_qty"), exact(form, "qty")
    status = _ENDED.get(word, OrderStatus.ACCEPTED)
    when = "submitted_at" if form.get("submitted_at") else "created_at"
    spelt = named(symbol, str(form.get("asset_class")))
    return Placed(order_id, client_id, spelt, side, quantity or filled, filled, status, word, instant(form, when))
