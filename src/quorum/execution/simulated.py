"""A venue of our own: market orders filled at the prints that follow, with fees, slippage and partial fills."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from quorum.domain import (
    ZERO,
    BrokerError,
    Clock,
    Fill,
    Instrument,
    Money,
    NotFound,
    OrderIntent,
    OrderStatus,
    Side,
    Trade,
    UsageError,
)
from quorum.execution.ports import BrokerAccount, BrokerOrder, Journal, Prices

_FEE_STEP = Decimal("1e-8")


@dataclass(frozen=True, slots=True)
class VenueCosts:
    """What trading costs there: fee and slippage in basis points of a fill's notional and price; a fill takes at
    most `max_volume_share` of its print's volume, and the rest waits for the next print."""

    fee_bps: Decimal = Decimal(10)
    slippage_bps: Decimal = Decimal(2)
    max_volume_share: Decimal = Decimal("0.1")

    def __post_init__(self) -> None:
        if self.fee_bps < 0 or self.slippage_bps < 0 or not 0 < self.max_volume_share <= 1:
            raise UsageError(f"costs {self} make no sense", "fees and slippage are >= 0, the volume share in (0, 1]")


@dataclass(frozen=True, slots=True)
class _Resting:
    """An order at the venue."""

    client_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    collar: Decimal
    expires: int
    since: int
    answer: BrokerOrder

    @property
    def remaining(self) -> Decimal:
        return self.quantity - sum((f.quantity for f in self.answer.fills), ZERO)


@dataclass(slots=True)
class _Venue:
    """The state that the journal's events add up to."""

    orders: dict[str, _Resting] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    cash: dict[str, Decimal] = field(default_factory=dict)
    positions: dict[str, Decimal] = field(default_factory=dict)

    def apply(self, event: Mapping[str, Any]) -> None:
        getattr(self, f"_on_{event['kind']}")(event)

    def _on_funding(self, event: Mapping[str, Any]) -> None:
        self._add(self.cash, event["currency"], Decimal(event["amount"]))

    def _on_refused(self, event: Mapping[str, Any]) -> None:
        self.refused.add(event["id"])

    def _on_order(self, event: Mapping[str, Any]) -> None:
        self.orders[event["id"]] = _Resting(
            event["id"],
            event["symbol"],
            Side(event["side"]),
            Decimal(event["quantity"]),
            Decimal(event["collar"]),
            event["expires"],
            event["since"],
            BrokerOrder(event["id"], OrderStatus.ACCEPTED),
        )

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
        status = OrderStatus.FILLED if order.remaining == fill.quantity else OrderStatus.PARTIALLY_FILLED
        answer = replace(order.answer, status=status, fills=(*order.answer.fills, fill))
        self.orders[event["id"]] = replace(order, answer=answer)
        self._add(self.cash, fill.fee_currency, -order.side.sign * fill.notional - fill.fee)
        self._add(self.positions, order.symbol, order.side.sign * fill.quantity)

    def _on_end(self, event: Mapping[str, Any]) -> None:
        order = self.orders[event["id"]]
        answer = replace(order.answer, status=OrderStatus(event["status"]), detail=event["detail"])
        self.orders[event["id"]] = replace(order, answer=answer)

    @staticmethod
    def _add(line: dict[str, Decimal], key: str, amount: Decimal) -> None:
        line[key] = line.get(key, ZERO) + amount


class SimulatedBroker:
    """A Broker whose orders, fills and cash live in a journal; several processes may share it.

    A market order fills at the first print at or after it was placed, worse by the slippage and rounded to the
    tick against the taker, never beyond its collar, and not after its expiry. It keeps no clock but the given one.
    A new journal begins with `opening` paid in.
    """

    def __init__(
        self,
        journal: Journal,
        prices: Prices,
        clock: Clock,
        costs: VenueCosts,
        opening: Money,
        instruments: Callable[[str], Instrument],
    ) -> None:
        self._journal = journal
        self._prices = prices
        self._clock = clock
        self._costs = costs
        self._opening = opening
        self._instruments = instruments
        self._venue = _Venue()

    def on(self, clock: Clock) -> SimulatedBroker:
        """The same venue, telling time by another clock."""
        other = copy(self)
        vars(other).update(_clock=clock)
        return other

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        """See Broker. BrokerError when the id was declared never to arrive, or the symbol is not traded here."""
        with self._journal.exclusive():
            self._catch_up()
            if intent.client_order_id in self._venue.refused:
                raise BrokerError(f"order {intent.client_order_id} was given up before it arrived", "make a new intent")
            if intent.client_order_id not in self._venue.orders:
                self._check(intent)
                self._emit(_placed(intent, self._clock.now()))
            self._match(intent.client_order_id)
            return self._venue.orders[intent.client_order_id].answer

    def order(self, client_order_id: str) -> BrokerOrder | None:
        """See Broker. Asking for an unknown id refuses that id from now on."""
        with self._journal.exclusive():
            self._catch_up()
            if client_order_id not in self._venue.orders:
                if client_order_id not in self._venue.refused:
                    self._emit({"kind": "refused", "id": client_order_id})
                return None
            self._match(client_order_id)
            return self._venue.orders[client_order_id].answer

    def cancel(self, client_order_id: str) -> BrokerOrder:
        """See Broker."""
        with self._journal.exclusive():
            self._catch_up()
            if client_order_id not in self._venue.orders:
                raise BrokerError(f"there is no order {client_order_id} to cancel")
            self._match(client_order_id)
            if not self._venue.orders[client_order_id].answer.status.terminal:
                self._end(client_order_id, OrderStatus.CANCELLED, "cancelled on request")
            return self._venue.orders[client_order_id].answer

    def account(self) -> BrokerAccount:
        """See Broker."""
        with self._journal.exclusive():
            self._catch_up()
            return BrokerAccount(dict(self._venue.cash), {s: q for s, q in self._venue.positions.items() if q})

    def _catch_up(self) -> None:
        for event in self._journal.unread():
            self._venue.apply(event)
        if not self._venue.cash:
            money = self._opening
            self._emit({"kind": "funding", "currency": money.currency, "amount": str(money.amount)})

    def _check(self, intent: OrderIntent) -> None:
        try:
            self._instruments(intent.symbol)
        except NotFound as error:
            raise BrokerError(f"{intent.symbol} is not traded here ({error.found})", error.remedy) from error
        if intent.quantity <= 0 or intent.collar < 0:
            raise BrokerError(f"an order of {intent.quantity} {intent.symbol} up to {intent.collar} makes no sense")

    def _emit(self, event: Mapping[str, Any]) -> None:
        self._journal.append(event)
        self._venue.apply(event)

    def _end(self, client_order_id: str, status: OrderStatus, detail: str) -> None:
        self._emit({"kind": "end", "id": client_order_id, "status": status.value, "detail": detail})

    def _match(self, client_order_id: str) -> None:
        """Fill an open order at every print up to now, and end it when its time is over."""
        order = self._venue.orders[client_order_id]
        if order.answer.status.terminal:
            return
        now = self._clock.now()
        for trade in self._due(order, min(now, order.expires)):
            fill = self._fill(self._venue.orders[client_order_id], trade)
            if fill is not None:
                self._emit(fill)
            if self._venue.orders[client_order_id].answer.status.terminal:
                return
        if now > order.expires:
            self._end(client_order_id, OrderStatus.EXPIRED, "not filled within its time")

    def _due(self, order: _Resting, until: int) -> Iterator[Trade]:
        since = order.answer.fills[-1].time + 1 if order.answer.fills else order.since
        yield from self._prices.prints(order.symbol, since, until)

    def _fill(self, order: _Resting, trade: Trade) -> dict[str, Any] | None:
        instrument = self._instruments(order.symbol)
        slipped = trade.price * (1 + order.side.sign * self._costs.slippage_bps / 10_000)
        rounding = ROUND_CEILING if order.side is Side.BUY else ROUND_FLOOR
        price = (slipped / instrument.tick).to_integral_value(rounding) * instrument.tick
        if price <= 0 or order.side.sign * (price - order.collar) > 0:
            return None
        share = trade.quantity * self._costs.max_volume_share if trade.quantity else order.remaining
        quantity = min(order.remaining, instrument.quantity(share))
        if quantity <= 0:
            return None
        return {
            "kind": "fill",
            "id": order.client_order_id,
            "fill": f"{order.client_order_id}-{len(order.answer.fills) + 1}",
            "quantity": str(quantity),
            "price": str(price),
            "fee": str((quantity * price * self._costs.fee_bps / 10_000).quantize(_FEE_STEP, ROUND_CEILING)),
            "currency": instrument.quote,
            "time": trade.time,
        }


def _placed(intent: OrderIntent, now: int) -> dict[str, Any]:
    return {
        "kind": "order",
        "id": intent.client_order_id,
        "symbol": intent.symbol,
        "side": intent.side.value,
        "quantity": str(intent.quantity),
        "collar": str(intent.collar),
        "expires": intent.expires_at,
        "since": now,
    }
