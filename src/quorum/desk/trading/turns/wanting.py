"""From a strategy's target to what it wants to change: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from quorum.desk.trading.turns.deployed import Wish
from quorum.domain import ZERO, iso
from quorum.engine.cycle import VALID_BARS
from quorum.execution.target import StrategyTarget


class Change(NamedTuple):
    """What a strategy wants to change of its holding, signed; `reduces` where it comes nearer to nothing by it."""

    quantity: Decimal
    reduces: bool


def taken(before: StrategyTarget | None, wish: Wish, held: Decimal, equity: Decimal, now: int) -> StrategyTarget:
    """The target after what the strategy wants by now.

    A new decision fixes the units: its weight times its share of `equity`, at the newest close, in whole lots; so does
    the backtest's `next_open_presized`. Decisions from before the account first saw it do not count. One that is
    older than 4 bars opens nothing more. After an exit it counts as 0 until the strategy decides anew.
    """
    stand, of = wish.stand, wish.of
    target = before
    if target is None or target.deployment_id != of.deployment_id:
        since = stand.closed if now < stand.closed + of.timeframe.nanoseconds else now
        stop_id, key = before.stop_id if before else "", (of.strategy_id, wish.instrument.symbol)
        target = StrategyTarget(*key, of.deployment_id, since, goal=held, stop_id=stop_id)
    if of.paused:
        return target
    if stand.decided >= target.since and stand.decided > target.decided:
        price = wish.instrument.price(stand.price)
        goal = wish.instrument.quantity(Decimal(repr(stand.weight)) * wish.share * max(equity, ZERO) / price)
        said = "its share of the equity buys less than a lot" if stand.weight and not goal else ""
        if is_late(wish, now) and _nearer(goal, held) != goal:
            goal, said = _nearer(goal, held), f"its decision of {iso(stand.decided)} was too old to open anything by"
        new = StrategyTarget(*target.key, of.deployment_id, target.since, stand.decided, goal, price, entered=False)
        target = replace(new, stop_id=target.stop_id, said=said)
    return target.left() if stand.left and stand.decided == target.decided else target


def change(target: StrategyTarget, held: Decimal, wish: Wish | None, now: int, may_open: bool) -> Change | None:
    """What it wants to change now: first what comes nearer to nothing, then, once, what opens."""
    want = target.goal - held
    if not want or (wish is not None and wish.of.paused):
        return None
    if held * want < 0:
        return Change(want if abs(want) <= abs(held) else -held, True)
    opens = may_open and not target.entered and wish is not None and not is_late(wish, now)
    return Change(want, False) if opens else None


def kept_from(target: StrategyTarget, held: Decimal, wish: Wish, at: tuple[int, str]) -> str:
    """Why nothing is opened for a decision that wants it; empty where nothing is wanted, or nothing is in the way.

    `at` is the instant (ns UTC), and why the strategy may open nothing then, empty where it may.
    """
    now, barred = at
    want = target.goal - held
    if wish.of.paused:
        return ""
    if not target.decided and wish.stand.weight:
        return f"its decision of {iso(wish.stand.decided)} is from before its deployment: it trades by the next one"
    if target.entered or not want or held * want < 0:
        return ""
    return f"its decision of {iso(target.decided)} is too old to open anything by" if is_late(wish, now) else barred


def stop_wanted(wish: Wish, held: Decimal) -> Decimal | None:
    """Where a stop is to protect the holding, on the tick grid; None where nothing is to.

    Levels that came with a target on the other side are not for what is held.
    """
    level = wish.stand.stop
    if level != level or float(held) * wish.stand.weight <= 0.0:
        return None
    trigger = wish.instrument.price(level)
    beyond = held * (wish.instrument.price(wish.stand.price) - trigger) <= 0
    return None if beyond or trigger <= 0 else trigger


def chosen(changes: Mapping[str, Change], parts: Mapping[str, Decimal]) -> Mapping[str, Decimal]:
    """Of the parts of an order those that reduce, where there are any: what opens waits until they are done."""
    reduces = {name: quantity for name, quantity in parts.items() if changes[name].reduces}
    return reduces or parts


def is_late(wish: Wish, now: int) -> bool:
    return now > wish.stand.decided + VALID_BARS * wish.of.timeframe.nanoseconds


def _nearer(goal: Decimal, held: Decimal) -> Decimal:
    """What a late decision still does: it lets go of what it does not want, and opens nothing."""
    if goal * held <= 0:
        return ZERO
    return min(goal, held, key=abs)
