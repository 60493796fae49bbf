"""Fills of orders, read from the account's activities, each with the id that the venue gave it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from quorum.adapters.alpaca.trading.line import Line
from quorum.adapters.alpaca.trading.words import Placed, Unreadable, exact, instant, is_pair
from quorum.domain import SECOND, ZERO, DataError, Fill, iso

_PATH, _PAGE = "/v2/account/activities", 100
_CURRENCY, _KEPT = "USD", 10_000


class Fills:
    """What of each order has traded, oldest first; one that was seen is not asked for again."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._known: dict[str, tuple[Fill, ...]] = {}

    def of(self, order: Placed) -> tuple[Fill, ...]:
        """The fills of an order that the venue shows; fewer than it says are filled while a report is late."""
        known = self._known.get(order.order_id, ())
        if sum((fill.quantity for fill in known), ZERO) >= order.filled:
            return known
        found = tuple(_fills_of(order, self._activities(order)))
        self._known[order.order_id] = found
        while len(self._known) > _KEPT:
            del self._known[next(iter(self._known))]
        return found

    def _activities(self, order: Placed) -> Iterator[dict[str, Any]]:
        """Activities since the order was placed, oldest first, until all that it has filled has been told."""
        kinds = "FILL,CFEE" if is_pair(order.symbol) else "FILL"
        asked: dict[str, str | int] = {"activity_types": kinds, "direction": "asc", "page_size": _PAGE}
        after, token, missing = iso(order.submitted - SECOND), "", order.filled
        while True:
            rows = self._line.rows(_PATH, {**asked, "after": after} | ({"page_token": token} if token else {}))
            for row in rows:
                if row.get("order_id") == order.order_id:
                    missing -= exact(row, "qty") if row.get("activity_type") == "FILL" else ZERO
                    yield row
            if len(rows) < _PAGE or (missing <= 0 and not is_pair(order.symbol)):
                return
            token = str(rows[-1].get("id"))


def _fills_of(order: Placed, rows: Iterable[dict[str, Any]]) -> list[Fill]:
    """One fill for each id, in order of time; a fee row of a pair belongs to the fill before it."""
    found: dict[str, Fill] = {}
    paid: set[str] = set()
    latest = ""
    for row in rows:
        identity = str(row.get("id") or "")
        if not identity:
            raise Unreadable("alpaca tells an activity without an id", "ask again")
        if row.get("activity_type") == "FILL":
            latest = identity
            found.setdefault(identity, _fill(order, row))
        elif latest and identity not in paid:
            paid.add(identity)
            found[latest] = _with_fee(found[latest], order, row)
    return sorted(found.values(), key=lambda fill: fill.time)


def _fill(order: Placed, row: dict[str, Any]) -> Fill:
    quantity, price, time = exact(row, "qty"), exact(row, "price"), instant(row, "transaction_time")
    try:
        return Fill(
            str(row["id"]), order.client_order_id, order.symbol, order.side, quantity, price, ZERO, _CURRENCY, time
        )
    except DataError as error:
        raise Unreadable(error.found, error.remedy) from None


def _with_fee(fill: Fill, order: Placed, row: dict[str, Any]) -> Fill:
    """A buyer's fee was taken in coins, a seller's in dollars."""
    coins, dollars = -exact(row, "qty"), -exact(row, "net_amount")
    if coins > 0:
        return replace(fill, fee=coins, fee_currency=order.symbol.partition("/")[0])
    return replace(fill, fee=dollars)
