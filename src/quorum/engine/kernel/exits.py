"""Exits inside a bar, and the marking of bars in which nothing is ordered."""

from __future__ import annotations

import numpy as np

from quorum.engine.kernel.orders import fill, is_open
from quorum.engine.kernel.values import BY_LIMIT, BY_STOP, STILL_OPEN, Account, Book, Floats, Market, Rates, Wishes
from quorum.stats import fragment, kernel


@kernel
def leave(
    market: Market, wishes: Wishes, rates: Rates, account: Account, to: tuple[Floats, int, Book]
) -> tuple[Book, int]:
    """Leave inside bar i what reaches a level known at the close before; then look at the bar's best price.

    Levels that came with a target on the other side are not for what is held. Also answers how many orders the exit
    ended before they were filled whole.
    """
    cash, i, book = to
    if i == 0 or wishes.stop.shape[0] == 0 or account[0].quantity == 0.0:
        return book, 0
    line, ended = account[0], 0
    side = 1.0 if line.quantity > 0.0 else -1.0
    stop = stop_level(side, wishes.stop[i - 1, 0], wishes.trail[i - 1, 0], line.best)
    bar = (market.open[i, 0], market.high[i, 0], market.low[i, 0])
    price, reason = inside(side, bar, stop, wishes.target[i - 1, 0])
    if reason != STILL_OPEN and side * line.aim >= 0.0:
        moved = market.impact[i, 0] * np.sqrt(abs(line.quantity)) if market.impact.shape[0] > 0 else 0.0
        deal = (i, i - 1, int(np.int64(0)), -line.quantity, price, moved)
        book = fill(rates, cash, deal, reason, book)
        ended = int(is_open(line))
        line.quantity, line.goal, line.due = 0.0, 0.0, np.nan
    line.best = max(line.best, market.high[i, 0]) if side > 0.0 else min(line.best, market.low[i, 0])
    return book, ended


@kernel
def inside(side: float, bar: tuple[float, float, float], stop: float, target: float) -> tuple[float, int]:
    """Where a position is left inside a bar of (open, high, low), and why; STILL_OPEN when it is not.

    A bar that starts beyond a level leaves at its start. One that reaches both leaves at the stop, since the order
    in which it reached them is unknown.
    """
    start, high, low = bar
    worst, best = (low, high) if side > 0.0 else (high, low)
    if side * (worst - stop) <= 0.0:
        return (start if side * (start - stop) <= 0.0 else stop), BY_STOP
    if side * (best - target) >= 0.0:
        return (start if side * (start - target) >= 0.0 else target), BY_LIMIT
    return np.nan, STILL_OPEN


@kernel
def stop_level(side: float, stop: float, trail: float, best: float) -> float:
    """The tighter of a stop and of one that trails the best price by `trail`; NaN when there is neither."""
    trailing = best - side * trail
    if np.isnan(trailing):
        return stop
    if np.isnan(stop):
        return trailing
    return max(stop, trailing) if side > 0.0 else min(stop, trailing)


@kernel
def march(market: Market, wishes: Wishes, account: Account, at: tuple[float, int, int], equity: Floats) -> int:
    """Mark the bars from i up to `until`, on which nothing is due; stops before one in which an exit is reached."""
    cash, i, until = at
    until = min(until, len(equity))
    held = account[0].quantity
    if held == 0.0:
        for k in range(i, until):
            equity[k] = cash
        account[0].last = market.close[until - 1, 0]
        return until
    side, best = 1.0 if held > 0.0 else -1.0, account[0].best
    start, high, low, close = market.open, market.high, market.low, market.close
    stops, targets, trails = wishes.stop, wishes.target, wishes.trail
    while i < until:
        stop = stop_level(side, stops[i - 1, 0], trails[i - 1, 0], best)
        _, reason = inside(side, (start[i, 0], high[i, 0], low[i, 0]), stop, targets[i - 1, 0])
        if reason != STILL_OPEN:
            break
        best = max(best, high[i, 0]) if side > 0.0 else min(best, low[i, 0])
        equity[i] = cash + held * close[i, 0]
        i += 1
    account[0].best, account[0].last = best, close[i - 1, 0]
    return i


@fragment
def mark_on(close: Floats, account: Account, at: tuple[float, int, int], equity: Floats) -> int:
    """Mark the bars from i up to `until` with what is held."""
    cash, i, until = at
    until = min(until, len(equity))
    if len(account) == 1:
        held = account[0].quantity
        if held == 0.0:
            for k in range(i, until):
                equity[k] = cash
        else:
            for k in range(i, until):
                equity[k] = cash + held * close[k, 0]
        account[0].last = close[until - 1, 0]
        return until
    for k in range(i, until):
        equity[k] = mark(close, account, cash, k)
    return until


@kernel
def mark(close: Floats, account: Account, cash: float, i: int) -> float:
    """Cash and holdings at bar i's close; a symbol without that bar at its newest price."""
    worth = cash
    for j in range(len(account)):
        price = close[i, j]
        if not np.isnan(price):
            account[j].last = price
        if account[j].quantity != 0.0:
            worth += account[j].quantity * account[j].last
    return worth
