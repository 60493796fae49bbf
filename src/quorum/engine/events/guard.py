"""Exits: one protective order rests at the venue beside a holding, its levels moved from close to close."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from quorum.domain import ExitPlan, Order, OrderStatus, Purpose
from quorum.engine.events.asking import Wish
from quorum.engine.events.tape import exact
from quorum.engine.events.trader import Trader, tighter
from quorum.engine.kernel import BY_LIMIT, BY_STOP
from quorum.signals import Exit


class Guard:
    """Keeps the protective order of a trader's one symbol."""

    def __init__(self, trader: Trader) -> None:
        self._trader = trader
        self._symbol = trader.market.tape.symbols[0]
        self._order: Order | None = None
        self._since, self._best, self._seen = (-1, 0.0), 0.0, 0

    @property
    def resting(self) -> bool:
        return self._order is not None

    def watch(self, i: int, weight: float, exits: Exit) -> None:
        """Rest at the levels known at the close before bar i, and let the bar's inside reach them.

        Levels that came with a target of `weight` on the other side are not for what is held.
        """
        self._trader.market.tape.showing = False  # its first print has passed
        held = self._trader.ledger.held(self._symbol)
        plan = self._levels(i, held, exits) if held and float(held) * weight >= 0.0 else None
        self._place(held, plan)
        if self._order is None:
            return
        broker, tape = self._trader.market.broker, self._trader.market.tape
        fills = broker.reach(self._symbol, tape.inside())
        if not fills:
            return
        answer = broker.order(self._order.intent.client_order_id)
        reason = BY_LIMIT if answer is not None and answer.detail == "target" else BY_STOP
        self._trader.ledger.apply(fills[0], (i, i - 1, reason))
        self._trader.orders.append(self._order.move(OrderStatus.FILLED, fills[0].quantity))
        self._order = None
        if not tape.rates.late:
            self._trader.withdraw({self._symbol})

    def _place(self, held: Decimal, plan: ExitPlan | None) -> None:
        """Make the resting order one of this holding and this plan."""
        order = self._order
        if order is not None and (plan is None or held * order.intent.side.sign > 0):
            self._trader.market.broker.cancel(order.intent.client_order_id)
            self._trader.orders.append(order.move(OrderStatus.CANCELLED))
            order = self._order = None
        if plan is None:
            return
        if order is None or order.intent.quantity != abs(held):
            self._ask(held, plan)
        elif order.intent.exit != plan:
            self._amend(order, plan)

    def _ask(self, held: Decimal, plan: ExitPlan) -> None:
        """Tell risk of the whole holding's exit, and send it, or move it when it rests already."""
        trader, order = self._trader, self._order
        marks = trader.marks()
        wish = Wish(self._symbol, -held, marks[self._symbol], trader.market.tape.now(), Purpose.REDUCTION, plan)
        passed = trader.desk.ask(wish, replace(trader.ledger.book(marks), closing={}))
        if order is None:
            self._order = trader.send(wish, passed, None)
        else:
            self._amend(replace(order, intent=replace(order.intent, quantity=abs(held))), plan)

    def _amend(self, order: Order, plan: ExitPlan) -> None:
        self._trader.market.broker.amend(order.intent.client_order_id, plan)
        self._order = replace(order, intent=replace(order.intent, exit=plan))

    def _levels(self, i: int, held: Decimal, exits: Exit) -> ExitPlan | None:
        """Stop and target of bar i; the trail follows the best price since the entry, up to the bar before."""
        side = 1.0 if held > 0 else -1.0
        trailing = self._best_before(i, side) - side * exits.trail if exits.trail == exits.trail else exits.trail
        stop, target = tighter(side, exits.stop, trailing), exits.target
        if stop != stop and target != target:
            return None
        return ExitPlan(exact(stop) if stop == stop else None, (exact(target),) if target == target else ())

    def _best_before(self, i: int, side: float) -> float:
        tape = self._trader.market.tape
        if self._since != self._trader.entered:
            self._since = self._trader.entered
            bar, self._best = self._since
            self._seen = bar + tape.rates.late
        if self._seen < i:
            column = tape.market.high if side > 0.0 else tape.market.low
            fresh = column[self._seen : i, 0]
            reached = fresh.max() if side > 0.0 else fresh.min()
            self._best = float(max(self._best, reached) if side > 0.0 else min(self._best, reached))
            self._seen = i
        return self._best
