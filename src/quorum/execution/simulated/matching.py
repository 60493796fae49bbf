"""What an order gets of a print or of a bar: the rules, without memory."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import NamedTuple

from quorum.domain import DAY, ZERO, Aim, Basis, ExitPlan, Hold, Instrument, Side, Trade
from quorum.execution.simulated.costs import Costs
from quorum.execution.simulated.venue import Resting


class Range(NamedTuple):
    """What is known of a bar from inside: its instant (ns UTC), where it began, and how far it went."""

    time: int
    start: Decimal
    high: Decimal
    low: Decimal


class Deal(NamedTuple):
    """A quantity, its price and its fee."""

    quantity: Decimal
    price: Decimal
    fee: Decimal


def taken(order: Resting, trade: Trade, costs: Costs, instrument: Instrument) -> Deal | None:
    """What an order gets of a print; nothing beyond its collar, nor less than a lot.

    A limit order that rested is met at its limit, at no slippage.
    """
    share = trade.quantity * costs.max_volume_share if trade.quantity else order.remaining
    quantity = min(order.remaining, instrument.quantity(share))
    if quantity <= 0:
        return None
    if order.has_limit and order.rested:
        if order.side.sign * (trade.price - order.collar) > 0:
            return None
        return Deal(quantity, order.collar, costs.fee(quantity, order.collar, True))
    price = slipped(trade.price, order.side, costs.worse(order.symbol, quantity), instrument)
    if price <= 0 or order.side.sign * (price - order.collar) > 0:
        return None
    return Deal(quantity, price, costs.fee(quantity, price, False))


def touched(order: Resting, opened: Trade, bar: Range) -> Trade | None:
    """What meets a resting order inside a bar that opened short of its level: a print at the level, or nothing.

    A level is reached by touching it. Of a bar that reaches a stop's trigger no more is known: it counts as the worst
    that the bar did to the order.
    """
    sign = order.side.sign
    if order.terms.kind.waits and not order.set_off:
        level, furthest = order.terms.trigger, (bar.high if sign > 0 else bar.low)
        return None if level is None or sign * (furthest - level) < 0 else replace(opened, price=level)
    if order.has_limit and order.rested:
        nearest = bar.low if sign > 0 else bar.high
        return None if sign * (nearest - order.collar) > 0 else replace(opened, price=order.collar)
    return None


def ends(order: Resting) -> int:
    """The last instant at which an order may fill."""
    return min(order.expires, order.since // DAY * DAY + DAY - 1) if order.terms.hold is Hold.DAY else order.expires


def slipped(price: Decimal, side: Side, worse: Decimal, instrument: Instrument) -> Decimal:
    """`price` made worse by a fraction, and rounded to the tick against the taker."""
    rounding = ROUND_CEILING if side is Side.BUY else ROUND_FLOOR
    moved = price * (1 + worse if side is Side.BUY else 1 - worse)
    return (moved / instrument.tick).to_integral_value(rounding) * instrument.tick


def left(held: Decimal, plan: ExitPlan, bar: Range) -> tuple[Decimal, bool] | None:
    """The price at which a holding leaves by its plan inside a bar, and whether as a limit; None when it does not.

    A bar that starts beyond a level leaves at its start. One that reaches both leaves at the stop, since the order
    in which it reached them is unknown.
    """
    long, stop = held > 0, plan.stop
    if stop is not None and (bar.low <= stop if long else bar.high >= stop):
        return (min(bar.start, stop) if long else max(bar.start, stop)), False
    if plan.targets and (bar.high >= plan.targets[0] if long else bar.low <= plan.targets[0]):
        target = plan.targets[0]
        return (max(bar.start, target) if long else min(bar.start, target)), True
    return None


def protected(quantity: Decimal, order: Resting, found: tuple[Decimal, bool], at: tuple[Costs, Instrument]) -> Deal:
    """What a protective order gets for the whole holding: a stop as a taker, a target at its price."""
    (price, resting), (costs, instrument) = found, at
    if not resting:
        price = slipped(price, order.side, costs.worse(order.symbol, quantity), instrument)
    return Deal(quantity, price, costs.fee(quantity, price, resting))


def goal_of(aim: Aim, price: Decimal, held: Decimal, account: tuple[Decimal, Decimal], costs: Costs) -> Decimal:
    """The quantity that an aim means at `price`, beside what is `held`; `account` is its cash and its equity.

    What differs from the holding by rounding alone is the holding.
    """
    if aim.basis is Basis.UNITS:
        return aim.amount
    cash, equity = account
    base = cash + held * price if aim.basis is Basis.CASH else equity
    if base <= 0 or not aim.amount:
        return ZERO
    unit = costs.outlay(price) if aim.basis is Basis.CASH else max(price, aim.least)
    goal = aim.amount * base / unit
    return held if abs(goal - held) <= _ROUNDING * abs(held) else goal


_ROUNDING = Decimal("1e-12")
