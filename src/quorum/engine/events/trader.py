"""From targets to orders and fills: each wish is sized, assessed, sent and booked."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

from quorum.domain import NO_EXIT as NO_PLAN
from quorum.domain import (
    ZERO,
    Aim,
    AimedIntent,
    Basis,
    ExitPlan,
    Fill,
    Instrument,
    Money,
    Order,
    OrderIntent,
    OrderStatus,
    Purpose,
    Side,
)
from quorum.engine.events.asking import Passed, RiskDesk, Wish
from quorum.engine.events.ledger import ACCOUNT, Floats, Ledger
from quorum.engine.events.sizing import aim_of
from quorum.engine.events.tape import Tape, TapeCosts, exact
from quorum.engine.kernel import BY_TARGET
from quorum.execution.simulated import SimulatedBroker, goal_of
from quorum.signals import NO_EXIT, Exit


class Market(NamedTuple):
    """Where a trader trades: the tape, what it costs there, the broker that fills, the instruments, and what sizing
    divides by at each close, (n, m) or (0, 0)."""

    tape: Tape
    costs: TapeCosts
    broker: SimulatedBroker
    instruments: Mapping[str, Instrument]
    spread: Floats


class Live(NamedTuple):
    """An order that may still fill, and the bar of its decision."""

    order: Order
    decided: int


class Target(NamedTuple):
    """A target of symbol j decided at bar `decided`: its price and the account's worth now, and its exits."""

    j: int
    weight: float
    decided: int
    price: Decimal
    worth: Decimal
    exits: Exit


class Trader:
    """Takes targets at closes and trades them through the tape, one bar after the other.

    `awake` says that the next bar concerns it even when no exit is known. `unfilled` counts orders that were
    replaced or ended before they were filled whole; `entered` is the bar and the price of the newest entry.
    """

    def __init__(self, market: Market, desk: RiskDesk, ledger: Ledger) -> None:
        self.market, self.desk, self.ledger = market, desk, ledger
        self.orders: list[Order] = []
        self.live: dict[str, Live] = {}
        self.unfilled = 0
        self.entered = (-1, math.nan)
        self._waiting: dict[str, tuple[float, int]] = {}
        self._sent = 0
        kernel = market.tape.market
        self._pays = kernel.funding.shape[0] > 0 or kernel.borrow.shape[0] > 0

    @property
    def awake(self) -> bool:
        return bool(self.live or self._waiting or self._pays)

    def open_bar(self, i: int) -> None:
        """Pay for what was held into bar i, let it open, and fill what fills at an open."""
        self.market.tape.open_bar(i)
        if self._pays and self.ledger.positions:
            self._carry(i)
        if not self.market.tape.rates.late:
            self._fill(i)

    def close_bar(self, i: int) -> None:
        """Fill what fills at bar i's end."""
        if self.live or self._waiting:
            self.market.tape.close_bar(i, showing=True)
            self._fill(i)

    def decide(self, i: int, weights: Sequence[float], exits: Exit = NO_EXIT) -> None:
        """Take the targets (m,) known at bar i's close, each in the place of an order that is open.

        NaN leaves a symbol as it is, its order included.
        """
        tape = self.market.tape
        tape.close_bar(i, showing=False)
        self.withdraw({symbol for symbol, weight in zip(tape.symbols, weights, strict=True) if weight == weight})
        marks = self.marks()
        worth = self._worth(marks)
        for j, weight in enumerate(weights):
            symbol = tape.symbols[j]
            if weight != weight:
                continue
            price = marks[symbol] if symbol in marks else tape.mark(symbol)
            target = Target(j, weight, i, price, worth, exits)
            if price.is_nan() or not (self._want(target, marks) or tape.rates.presized):
                self._waiting[symbol] = (weight, i)

    def withdraw(self, symbols: Collection[str]) -> None:
        """Cancel the orders for targets of these symbols that are open, and count them."""
        for name, live in tuple(self.live.items()):
            if live.order.intent.symbol in symbols:
                self.market.broker.cancel(name)
                self._end(name, live.order.move(OrderStatus.CANCELLED))
                self.unfilled += 1
        for symbol in tuple(self._waiting):
            if symbol in symbols:
                del self._waiting[symbol]
                self.unfilled += 1

    def size_waiting(self, i: int) -> None:
        """Size at bar i's close what had no price before it, where quantities are fixed at a close."""
        if self._waiting and self.market.tape.rates.presized:
            self.market.tape.close_bar(i, showing=False)
            self._listed({symbol: self.market.tape.last(symbol) for symbol in self._waiting})

    def send(self, wish: Wish, passed: Passed, aim: Aim | None) -> Order:
        """Send what risk let pass: a quantity, or an aim that the venue turns into one."""
        self._sent += 1
        opens = abs(passed.opens)
        values: dict[str, Any] = {
            "intent_id": f"INT-{self._sent}",
            "client_order_id": f"Q{self._sent}",
            "account": ACCOUNT,
            "symbol": wish.symbol,
            "side": Side.BUY if passed.change > 0 else Side.SELL,
            "quantity": abs(passed.change),
            "price": wish.price,
            "collar": passed.worst,
            "reserve": opens * max(passed.worst, wish.price),
            "purpose": wish.purpose,
            "decision_id": f"RISK-{self._sent}",
            "account_version": self.ledger.version,
            "created_at": wish.as_of,
            "expires_at": self.market.tape.end,
            "exit": wish.plan,
        }
        intent = OrderIntent(**values) if aim is None else AimedIntent(**values, aim=aim)
        self.market.broker.submit(intent)
        return Order(intent).move(OrderStatus.SENT)

    def marks(self) -> dict[str, Decimal]:
        """What all that is held is worth now, a unit each."""
        return {symbol: self.market.tape.mark(symbol) for symbol in self.ledger.positions}

    def _want(self, target: Target, marks: Mapping[str, Decimal]) -> bool:
        """Ask for what a target changes, and send what risk lets pass; what it has cut is a quantity from there on.

        False when it changes nothing at this price.
        """
        tape, spread = self.market.tape, self.market.spread
        symbol, price = tape.symbols[target.j], target.price
        held = self.ledger.held(symbol)
        aim = aim_of(target.weight, spread[target.decided, target.j].item() if len(spread) else math.nan, tape.rates)
        goal = goal_of(aim, price, held, (self.ledger.cash, target.worth), self.market.costs)
        change = self.market.instruments[symbol].quantity(goal) - held
        if not change:
            return False
        wish = Wish(symbol, change, price, tape.now(), Purpose.TARGET, entry_plan(target.exits, change, price))
        passed = self.desk.ask(wish, self.ledger.book({**marks, symbol: price}))
        if not passed.change:
            return True
        if passed.change != change:
            aim = Aim(Basis.UNITS, held + passed.change)
        fixed = tape.rates.presized or (aim.basis is Basis.UNITS and not tape.rates.late)
        order = self.send(wish, passed, None if fixed else aim)
        self.live[order.intent.client_order_id] = Live(order, target.decided)
        if passed.opens:
            self.ledger.reserved[symbol] = order.intent.reserve
        if passed.closes:
            self.ledger.closing[symbol] = abs(passed.closes)
        return True

    def _fill(self, i: int) -> None:
        tape = self.market.tape
        if self._waiting and not tape.rates.presized:
            prices = {symbol: tape.quoted(symbol) for symbol in self._waiting}
            tape.showing = False
            self._listed({symbol: price for symbol, price in prices.items() if price is not None})
            tape.showing = True
        if not self.live:
            return
        for fill in self.market.broker.advance():
            self._book(fill, i)
        for name, live in tuple(self.live.items()):
            if not live.order.filled and (answer := self.market.broker.order(name)) and answer.status.terminal:
                self._end(name, live.order.move(answer.status))

    def _book(self, fill: Fill, i: int) -> None:
        live, symbol = self.live[fill.client_order_id], fill.symbol
        order, before = live.order, self.ledger.held(symbol)
        if isinstance(order.intent, AimedIntent) and not order.filled:
            rest = self.market.broker.remaining(fill.client_order_id)
            order = replace(order, intent=replace(order.intent, side=fill.side, quantity=fill.quantity + rest))
        whole = order.filled + fill.quantity == order.intent.quantity
        order = order.move(OrderStatus.FILLED if whole else OrderStatus.PARTIALLY_FILLED, fill.quantity)
        self.ledger.apply(fill, (i, live.decided, BY_TARGET))
        if before * self.ledger.held(symbol) <= 0:
            self.entered = (i, self.market.tape.market.fill[i, self.market.tape.index[symbol]].item())
        if whole:
            self._end(fill.client_order_id, order)
        else:
            self.live[fill.client_order_id] = Live(order, live.decided)

    def _end(self, name: str, order: Order) -> None:
        """Keep an order in its last state; nothing is held back for it any more."""
        del self.live[name]
        self.orders.append(order)
        self.ledger.reserved.pop(order.intent.symbol, None)
        self.ledger.closing.pop(order.intent.symbol, None)

    def _listed(self, prices: Mapping[str, Decimal]) -> None:
        """Ask for symbols that waited for a price and have one now."""
        tape, marks = self.market.tape, self.marks()
        worth = self._worth(marks)
        for symbol, price in prices.items():
            if not price.is_nan():
                weight, decided = self._waiting.pop(symbol)
                self._want(Target(tape.index[symbol], weight, decided, price, worth, NO_EXIT), marks)

    def _worth(self, marks: Mapping[str, Decimal]) -> Decimal:
        held = self.ledger.positions.values()
        return self.ledger.cash + sum((p.quantity * marks[p.symbol] for p in held), ZERO)

    def _carry(self, i: int) -> None:
        """Pay funding at bar i's open, and for what is short since the close before."""
        tape, total = self.market.tape, ZERO
        funding, borrow = tape.market.funding, tape.market.borrow
        for symbol, position in self.ledger.positions.items():
            rate = funding[i, tape.index[symbol]].item() if len(funding) else 0.0
            if rate:
                total -= position.quantity * tape.opening(symbol) * exact(rate)
            if position.quantity < 0 and len(borrow):
                total += position.quantity * tape.last(symbol) * exact(borrow[i].item())
        if total:
            self.market.broker.pay(Money(total, self.ledger.currency))
            self.ledger.pay(total, i)


def entry_plan(exits: Exit, change: Decimal, price: Decimal) -> ExitPlan:
    """The stop that an entry at about `price` has, the tighter of stop and trail; none where it protects nothing."""
    side = 1.0 if change > 0 else -1.0
    stop = tighter(side, exits.stop, float(price) - side * exits.trail)
    protects = side * (float(price) - stop) > 0.0
    return ExitPlan(exact(stop)) if protects else NO_PLAN


def tighter(side: float, stop: float, trailing: float) -> float:
    """Of two stops the one that is reached first; NaN is none."""
    if trailing != trailing:
        return stop
    if stop != stop:
        return trailing
    return max(stop, trailing) if side > 0.0 else min(stop, trailing)
