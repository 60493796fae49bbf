"""Alpaca's trading API as a Broker: https://docs.alpaca.markets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import quote

from quorum.adapters.alpaca.trading.fills import Fills
from quorum.adapters.alpaca.trading.forms import ABILITIES, body_of
from quorum.adapters.alpaca.trading.line import Line
from quorum.adapters.alpaca.trading.refusals import is_duplicate, refused
from quorum.adapters.alpaca.trading.words import Placed, Unreadable, exact, is_pair, named, placed
from quorum.domain import (
    MINUTE,
    SECOND,
    ZERO,
    BrokerError,
    BrokerUnreachable,
    Clock,
    OrderIntent,
    OrderStatus,
    Purpose,
    iso,
)
from quorum.execution import Abilities, BrokerAccount, BrokerOrder

ARRIVES, SHOWS = MINUTE, 15 * SECOND
"""How long the venue may take with a request, and then until its lists show what came of it."""
_ORDERS, _PAGE = "/v2/orders", 500
_LOOKS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds before each look whether a cancelled order has ended: cancels are done later than they are answered."""


class _Seen(NamedTuple):
    """What a broker remembers: fills by order, ends of approvals by client order id, price steps by pair, shares."""

    fills: Fills
    until: dict[str, int]
    steps: dict[str, Decimal]
    shares: set[str]


class AlpacaBroker:
    """Broker of one account at Alpaca, told apart by `line`; whole promises as in the port.

    `expiry` says until when (ns UTC) an order of ours was approved, None for one that is not ours: the venue knows no
    such end, so an open order that is looked at after it is cancelled there and then.
    """

    abilities: Abilities = ABILITIES

    def __init__(
        self,
        line: Line,
        clock: Clock,
        expiry: Callable[[str], int | None] = lambda client_order_id: None,
        sleep: Callable[[float], None] = time.sleep,
        seen: _Seen | None = None,
        page: int = _PAGE,
    ) -> None:
        self._line = line
        self._clock = clock
        self._expiry = expiry
        self._sleep = sleep
        self._page = page
        self._seen = seen or _Seen(Fills(line), {}, {}, set())

    def on(self, clock: Clock) -> AlpacaBroker:
        """The same broker on another clock; what it has seen is shared."""
        return AlpacaBroker(self._line, clock, self._expiry, self._sleep, self._seen, self._page)

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        """As Broker. An answer that is no order tells nothing: the order is asked for by its id."""
        body = body_of(intent, self._step)
        if intent.purpose is not Purpose.REDUCTION and not is_pair(intent.symbol):
            self._must_know(intent.symbol)
        self._seen.until[intent.client_order_id] = intent.expires_at
        answer = self._line.send("POST", _ORDERS, body)
        if is_duplicate(answer):
            return self._known(intent.client_order_id)
        if not 200 <= answer.status < 300:
            raise refused(answer)
        found = placed(answer.body)
        if found.client_order_id != intent.client_order_id:
            raise Unreadable(f"alpaca answered with order {found.client_order_id}", "compare account and venue")
        return self._told(found)

    def order(self, client_order_id: str, sent: int | None = None) -> BrokerOrder | None:
        """As Broker; what its id does not find is looked for among all orders since `sent` before it is given up."""
        found = self._by_client_id(client_order_id)
        if found is None and sent is not None:
            waited = self._clock.now() - sent
            if waited < ARRIVES + SHOWS:
                raise BrokerUnreachable(
                    f"alpaca has no order {client_order_id} yet, {max(waited, 0) / SECOND:.0f} s after it was sent",
                    "it may still arrive: ask again",
                )
            found = next((o for o in self._since(sent - MINUTE) if o.client_order_id == client_order_id), None)
        if found is None:
            return None
        if not found.ended and self._overdue(client_order_id):
            found = self._ended(found)
        return self._told(found)

    def open_orders(self) -> list[BrokerOrder]:
        """As Broker, oldest first."""
        return [self._told(order) for order in self._listed("open", None)]

    def cancel(self, client_order_id: str) -> BrokerOrder:
        """As Broker; an order that still shows as open is one whose cancel the venue has not done yet."""
        found = self._by_client_id(client_order_id)
        if found is None:
            raise BrokerError(f"there is no order {client_order_id} to cancel")
        return self._told(found if found.ended else self._ended(found))

    def cancel_all(self) -> dict[str, str]:
        """As Broker: one request, answered (207) for each order."""
        answer = self._line.send("DELETE", _ORDERS)
        if not 200 <= answer.status < 300:
            raise refused(answer)
        if not isinstance(answer.body, list):
            raise Unreadable(f"{answer.place} answered with no list ({answer.status})", "look which orders are open")
        failed: dict[str, str] = {}
        for row in answer.body:
            status = row.get("status") if isinstance(row, dict) else None
            if not isinstance(status, int) or not 200 <= status < 300:
                failed |= self._still_open(row)
        return failed

    def account(self) -> BrokerAccount:
        """As Broker. Cash is in dollars; what is owed is below zero."""
        facts = self._line.facts("/v2/account")
        if "cash" not in facts:
            raise Unreadable("alpaca tells no cash of the account", "see its account page")
        held: dict[str, Decimal] = {}
        paid: dict[str, Decimal] = {}
        for row in self._line.rows("/v2/positions", {}):
            sign = -1 if row.get("side") == "short" else 1
            symbol = named(str(row.get("symbol")), str(row.get("asset_class")))
            held[symbol] = sign * abs(exact(row, "qty"))
            if "avg_entry_price" in row:
                paid[symbol] = exact(row, "avg_entry_price")
        positions = {symbol: quantity for symbol, quantity in held.items() if quantity}
        return BrokerAccount({str(facts.get("currency") or "USD"): exact(facts, "cash")}, positions, paid)

    def _told(self, order: Placed) -> BrokerOrder:
        """The order with its fills. It has not ended for us before every fill that the venue counts is reported."""
        fills = self._seen.fills.of(order)
        traded = sum((fill.quantity for fill in fills), ZERO)
        status, detail = order.status, "" if order.word == "filled" else order.word
        if traded < order.filled:
            status, detail = OrderStatus.ACCEPTED, f"{order.filled - traded} filled and not reported yet"
        elif fills and traded == order.quantity:
            status = OrderStatus.FILLED
        if not status.terminal:
            status = OrderStatus.PARTIALLY_FILLED if fills else OrderStatus.ACCEPTED
        elif status is OrderStatus.REJECTED and fills:
            status = OrderStatus.CANCELLED
        signed = order.side.sign * order.quantity
        return BrokerOrder(order.client_order_id, status, fills, detail, order.symbol, signed)

    def _by_client_id(self, client_order_id: str) -> Placed | None:
        answer = self._line.get(f"{_ORDERS}:by_client_order_id", {"client_order_id": client_order_id})
        return None if answer.status == 404 else placed(answer.body)

    def _known(self, client_order_id: str) -> BrokerOrder:
        """An order that the venue says it has."""
        found = self._by_client_id(client_order_id)
        if found is None:
            raise BrokerUnreachable(f"alpaca has an order {client_order_id} and does not show it", "ask again")
        return self._told(found)

    def _by_id(self, order_id: str) -> Placed | None:
        answer = self._line.get(f"{_ORDERS}/{quote(order_id, safe='')}")
        return None if answer.status == 404 else placed(answer.body)

    def _ended(self, order: Placed) -> Placed:
        """The order after a cancel, looked at until it has ended or patience has."""
        answer = self._line.send("DELETE", f"{_ORDERS}/{quote(order.order_id, safe='')}")
        taken = 200 <= answer.status < 300
        for wait in _LOOKS:
            if wait:
                self._sleep(wait)
            order = self._by_id(order.order_id) or order
            if order.ended or not taken:
                break
        if not order.ended and not taken:
            raise refused(answer)
        return order

    def _still_open(self, row: Any) -> dict[str, str]:
        """What the venue refused to cancel, by client order id; nothing when it had ended already."""
        body = row.get("body") if isinstance(row, dict) else None
        said = str(body.get("message", "")) if isinstance(body, dict) else ""
        identity = str(row.get("id", "")) if isinstance(row, dict) else ""
        found = self._by_id(identity) if identity else None
        if found is not None and found.ended:
            return {}
        status = row.get("status") if isinstance(row, dict) else "no status"
        return {found.client_order_id if found else identity: f"{said or 'not cancelled'} ({status})"}

    def _since(self, start: int) -> Iterator[Placed]:
        """Every order placed since `start` (ns UTC), oldest first."""
        return self._listed("all", start)

    def _listed(self, status: str, start: int | None) -> Iterator[Placed]:
        """Orders page by page; pages overlap, since several orders may have one instant."""
        seen: set[str] = set()
        asked: dict[str, str | int] = {"status": status, "direction": "asc", "limit": self._page, "nested": "false"}
        while True:
            page = self._line.rows(_ORDERS, asked | ({"after": iso(start)} if start is not None else {}))
            fresh = [order for order in map(placed, page) if order.order_id not in seen]
            seen.update(order.order_id for order in fresh)
            yield from fresh
            if len(page) < self._page or not fresh:
                return
            start = fresh[-1].submitted - 1_000  # a microsecond: the finest that every list of the venue keeps

    def _overdue(self, client_order_id: str) -> bool:
        until = self._seen.until.get(client_order_id)
        until = self._expiry(client_order_id) if until is None else until
        return until is not None and self._clock.now() > until

    def _must_know(self, symbol: str) -> None:
        """BrokerError for a share that the venue does not have; where it does not answer, the order itself asks."""
        if symbol in self._seen.shares:
            return
        answer = None
        with suppress(BrokerError):
            answer = self._line.get(f"/v2/assets/{quote(symbol, safe='')}")
        if answer is not None and answer.status == 404:
            raise _unknown(symbol)
        self._seen.shares.add(symbol)

    def _step(self, symbol: str) -> Decimal:
        """The price step of a pair, asked for once."""
        if symbol not in self._seen.steps:
            answer = self._line.get(f"/v2/assets/{quote(symbol, safe='')}")
            if answer.status == 404:
                raise _unknown(symbol)
            step = exact(answer.body if isinstance(answer.body, Mapping) else {}, "price_increment")
            self._seen.steps[symbol] = step if step > 0 else Decimal("0.01")
        return self._seen.steps[symbol]


def _unknown(symbol: str) -> BrokerError:
    return BrokerError(f"alpaca does not know {symbol}", "check the symbol: AAPL, or BTC/USD")
