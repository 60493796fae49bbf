"""A venue of our own: orders filled at the prints that follow, with fees, slippage and partial fills."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from decimal import Decimal
from typing import Any

from quorum.domain import (
    ZERO,
    AimedIntent,
    BrokerError,
    Clock,
    ExitPlan,
    Fill,
    Hold,
    Instrument,
    Money,
    NotFound,
    OrderIntent,
    OrderStatus,
    Side,
    Trade,
    plain,
)
from quorum.execution.ports import Abilities, BrokerAccount, BrokerOrder, Journal, Prices
from quorum.execution.simulated.costs import Costs
from quorum.execution.simulated.matching import Deal, Range, ends, goal_of, left, protected, taken, touched
from quorum.execution.simulated.prices import Chart, ChartedPrices, MarkedPrices
from quorum.execution.simulated.venue import Moment, Resting, Seen, Venue, check_sound, check_steps, placed

ABILITIES = Abilities(holds=frozenset(Hold) - {Hold.OPG})


class SimulatedBroker:
    """A Broker whose orders, fills and cash live in a journal; several processes may share it.

    A market order fills at the first print at or after it was placed, worse by the slippage and rounded to the
    tick against the taker, never beyond its collar, and not after its expiry. A limit order that rested fills at its
    limit, as a maker; one with a trigger waits for a print that reaches it. Where the prices tell how far a bar went,
    both are met inside of it too, at their level, once it has ended; not in a bar that had begun before they came. A
    day ends at midnight UTC. An aimed order
    becomes a quantity at its first print, before anything of that instant fills. A reduction with an exit plan
    protects its symbol's holding: it fills whole when a print or a bar's range reaches its stop or first target, and
    its detail says which. It keeps no clock but the given one. A new journal begins with `opening` paid in.
    """

    def __init__(
        self,
        journal: Journal,
        prices: Prices,
        clock: Clock,
        costs: Costs,
        opening: Money,
        instruments: Callable[[str], Instrument],
    ) -> None:
        self._journal = journal
        self._prices = prices
        self._charted = prices if isinstance(prices, ChartedPrices) else None
        self._clock = clock
        self._costs = costs
        self._opening = opening
        self._instruments = instruments
        self._venue = Venue()

    @property
    def abilities(self) -> Abilities:
        """See Broker: it can do everything but an opening auction, which it does not hold."""
        return ABILITIES

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
                self._emit(placed(intent, self._clock.now()))
            return self._matched(intent.client_order_id)

    def order(self, client_order_id: str, sent: int | None = None) -> BrokerOrder | None:
        """See Broker. Asking for an unknown id refuses that id from now on, so that nothing can still arrive."""
        with self._journal.exclusive():
            self._catch_up()
            if client_order_id not in self._venue.orders:
                if client_order_id not in self._venue.refused:
                    self._emit({"kind": "refused", "id": client_order_id})
                return None
            return self._matched(client_order_id)

    def open_orders(self) -> list[BrokerOrder]:
        """See Broker."""
        with self._journal.exclusive():
            self._catch_up()
            for name in tuple(self._venue.open):
                self._matched(name)
            return [self._venue.orders[name].answer for name in self._venue.open]

    def cancel(self, client_order_id: str) -> BrokerOrder:
        """See Broker."""
        with self._journal.exclusive():
            self._catch_up()
            if client_order_id not in self._venue.orders:
                raise BrokerError(f"there is no order {client_order_id} to cancel")
            self._matched(client_order_id)
            if client_order_id in self._venue.open:
                self._end(client_order_id, OrderStatus.CANCELLED, "cancelled on request")
            return self._venue.orders[client_order_id].answer

    def cancel_all(self) -> dict[str, str]:
        """See Broker: nothing is ever refused."""
        with self._journal.exclusive():
            self._catch_up()
            for name in tuple(self._venue.open):
                self._matched(name)
            for name in tuple(self._venue.open):
                self._end(name, OrderStatus.CANCELLED, "cancelled on request")
        return {}

    def account(self) -> BrokerAccount:
        """See Broker."""
        with self._journal.exclusive():
            self._catch_up()
            return BrokerAccount(dict(self._venue.cash), {s: q for s, q in self._venue.positions.items() if q})

    def advance(self) -> list[Fill]:
        """Match open market orders up to now, in the order in which they were placed; what has filled since."""
        with self._journal.exclusive():
            self._catch_up()
            waiting = [order for name in self._venue.open if (order := self._venue.orders[name]).plan is None]
            self._size([order for order in waiting if order.aim is not None])
            fills: list[Fill] = []
            for order in waiting:
                known = len(order.answer.fills)
                fills += self._matched(order.client_order_id).fills[known:]
            return fills

    def remaining(self, client_order_id: str) -> Decimal:
        """What of an order is still open; an estimate as long as it is an aim."""
        return self._venue.orders[client_order_id].remaining

    def reach(self, symbol: str, bar: Range) -> list[Fill]:
        """Let the inside of a bar meet the orders that protect `symbol`; what has filled."""
        with self._journal.exclusive():
            self._catch_up()
            orders = [self._venue.orders[name] for name in self._venue.open]
            waiting = [order for order in orders if order.symbol == symbol and order.plan is not None]
            for order in waiting:
                self._protect(order, bar)
            return [fill for order in waiting for fill in order.answer.fills]

    def amend(self, client_order_id: str, plan: ExitPlan) -> None:
        """Move the levels of a protective order; BrokerError when there is no such order any more."""
        with self._journal.exclusive():
            self._catch_up()
            if client_order_id not in self._venue.open or self._venue.orders[client_order_id].plan is None:
                raise BrokerError(f"there is no open order {client_order_id} that protects a holding")
            self._emit({"kind": "amended", "id": client_order_id, "plan": plain(plan)})

    def pay(self, money: Money) -> None:
        """Book what holding brought: funding, dividends; negative for what it cost."""
        with self._journal.exclusive():
            self._catch_up()
            self._emit({"kind": "funding", "currency": money.currency, "amount": str(money.amount)})

    def _catch_up(self) -> None:
        for event in self._journal.unread():
            self._venue.apply(event)
        if not self._venue.cash:
            money = self._opening
            self._emit({"kind": "funding", "currency": money.currency, "amount": str(money.amount)})

    def _check(self, intent: OrderIntent) -> None:
        check_sound(intent)
        try:
            instrument = self._instruments(intent.symbol)
        except NotFound as error:
            raise BrokerError(f"{intent.symbol} is not traded here ({error.found})", error.remedy) from error
        check_steps(intent, instrument)
        if intent.terms.hold not in ABILITIES.holds:
            raise BrokerError(f"this venue holds no auction for {intent.symbol}", "send it for the day")
        if isinstance(intent, AimedIntent) and not isinstance(self._prices, MarkedPrices):
            raise BrokerError(f"this venue takes quantities of {intent.symbol}, no aims", "size it before it is sent")

    def _emit(self, event: Mapping[str, Any]) -> None:
        self._journal.append(event)
        self._venue.apply(event)

    def _end(self, client_order_id: str, status: OrderStatus, detail: str) -> None:
        self._emit({"kind": "end", "id": client_order_id, "status": status.value, "detail": detail})

    def _matched(self, client_order_id: str) -> BrokerOrder:
        """Let an open order meet what is new up to now, end it when its time is over, and answer what it is."""
        order, still = self._venue.orders[client_order_id], self._venue.open
        if client_order_id in still:
            now = self._clock.now()
            if order.aim is not None:
                self._size([order])
            for moment, trade in self._due(order, min(now, ends(order))):
                self._meet(order, trade, moment)
                if client_order_id not in still:
                    break
            if client_order_id in still and now > ends(order):
                self._end(client_order_id, OrderStatus.EXPIRED, "not filled within its time")
        return order.answer

    def _due(self, order: Resting, until: int) -> Iterator[tuple[Moment, Trade]]:
        """What an open order has not met yet, oldest first."""
        if order.aim is not None:
            return
        if self._charted is not None:
            yield from _on_chart(order, self._charted.chart(order.symbol, order.since), until)
            return
        for trade in self._prices.prints(order.symbol, order.met.time + 1, until):
            yield Moment(trade.time, False), trade

    def _meet(self, order: Resting, trade: Trade, moment: Moment) -> None:
        if order.plan is not None:
            self._protect(order, Range(trade.time, trade.price, trade.price, trade.price))
            return
        if order.terms.kind.waits and not order.set_off:
            if not order.reached(trade.price):
                return
            self._emit({"kind": "set_off", "id": order.client_order_id, **moment._asdict()})
        deal = taken(order, trade, self._costs, self._instruments(order.symbol))
        if deal is not None:
            self._book(order, deal, trade.time)
        if order.client_order_id not in self._venue.open:
            return
        if order.terms.hold is Hold.IOC:
            self._end(order.client_order_id, OrderStatus.EXPIRED, "not filled at once")
        elif order.has_limit and not order.rested:
            self._emit({"kind": "rested", "id": order.client_order_id, **moment._asdict()})

    def _protect(self, order: Resting, bar: Range) -> None:
        held = self._venue.positions.get(order.symbol, ZERO)
        if held * order.side.sign >= 0:
            self._end(order.client_order_id, OrderStatus.CANCELLED, "the holding that it protected is gone")
            return
        assert order.plan is not None
        found = left(held, order.plan, bar)
        if found is not None:
            deal = protected(abs(held), order, found, (self._costs, self._instruments(order.symbol)))
            self._book(order, deal, bar.time, "target" if found[1] else "stop")

    def _book(self, order: Resting, deal: Deal, time: int, why: str = "") -> None:
        number = len(order.answer.fills) + 1
        event = {
            "kind": "fill",
            "id": order.client_order_id,
            "fill": f"{order.client_order_id}-{number}",
            "quantity": str(deal.quantity),
            "price": str(deal.price),
            "fee": str(deal.fee),
            "currency": self._instruments(order.symbol).quote,
            "time": time,
        }
        self._emit({**event, "detail": why} if why else event)

    def _size(self, aimed: list[Resting]) -> None:
        """Turn the aims that have a print now into quantities, all by the account as it is before any of them fills."""
        prices = self._prices
        if not aimed or not isinstance(prices, MarkedPrices):
            return
        cash = self._venue.cash[self._opening.currency]
        held = {symbol: quantity for symbol, quantity in self._venue.positions.items() if quantity}
        equity = cash + sum((quantity * prices.mark(symbol) for symbol, quantity in held.items()), ZERO)
        for order in aimed:
            price = prices.quoted(order.symbol)
            if price is not None and order.aim is not None:
                has = held.get(order.symbol, ZERO)
                goal = goal_of(order.aim, price, has, (cash, equity), self._costs)
                self._sized(order, self._instruments(order.symbol).quantity(goal) - has)

    def _sized(self, order: Resting, change: Decimal) -> None:
        """The collar keeps its width, on the side that the order turns out to be."""
        side = Side.BUY if change > 0 else Side.SELL
        collar = order.price + side.sign * abs(order.collar - order.price)
        event = {"kind": "sized", "id": order.client_order_id, "side": side.value, "quantity": str(abs(change))}
        self._emit({**event, "collar": str(collar)})
        if not change:
            self._end(order.client_order_id, OrderStatus.CANCELLED, "what it aims at is held already")


def _on_chart(order: Resting, chart: Chart, until: int) -> Iterator[tuple[Moment, Trade]]:
    """The prints that are new to an order, and of one that rests what is inside of bars that ended.

    A bar of which it got a part has no more for it.
    """
    behind = order.seen_of(chart.edition)
    rests = order.plan is None and (order.terms.kind.waits or order.has_limit)
    for trade, bar in chart.bars(behind.time, until):
        opened, inside = Moment(trade.time, False), Moment(trade.time, True)
        if opened > behind:
            yield opened, trade
            order.seen = Seen(chart.edition, opened)
        if rests and bar is not None and inside > max(behind, order.met):
            found = touched(order, trade, bar)
            if found is not None:
                yield inside, found
            order.seen = Seen(chart.edition, inside)
