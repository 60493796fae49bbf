"""The backtest kernel in its first form: one symbol, market orders at the next bar, exits inside the bar."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.stats import kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

UNITS, WEIGHT, VOLATILITY = 0, 1, 2
BY_TARGET, BY_STOP, BY_LIMIT, STILL_OPEN = 0, 1, 2, 3


class Market(NamedTuple):
    """Prices of n bars, shape (n,); `fill` is what a market order placed on the bar before gets."""

    fill: Floats
    high: Floats
    low: Floats
    close: Floats


class Wishes(NamedTuple):
    """The strategy's targets and exits of n bars, known at each close, shape (n,); NaN is no such price.

    `spread` is the average true range at each close, for sizing by volatility.
    """

    weight: Floats
    stop: Floats
    target: Floats
    trail: Floats
    spread: Floats


class Rates(NamedTuple):
    """Fee and slippage as fractions, starting cash, and how a target becomes a quantity."""

    fee: float
    slippage: float
    cash: float
    sizing: int
    size: float


class TradeRows(NamedTuple):
    """Round trips, shape (m,): bar indices, signed units entered in all, average prices of entering and of leaving,
    fees, profit after fees, reason. profit = quantity * (exit_price - entry_price) - fees.
    """

    entry: Ints
    exit: Ints
    quantity: Floats
    entry_price: Floats
    exit_price: Floats
    fees: Floats
    profit: Floats
    reason: Ints


class Holding(NamedTuple):
    """Cash, the position, and what its round trip did so far.

    `entered` and `left` are the signed units that went in and came out, `entry` and `exit` their average prices;
    `extreme` is the market's best price since the entry on bar `opened`.
    """

    cash: float
    quantity: float
    entered: float
    entry: float
    left: float
    exit: float
    extreme: float
    opened: int
    fees: float


@kernel
def slipped(change: float, price: float, rates: Rates) -> float:
    """What a market order of signed size `change` gets instead of `price`."""
    return price * (1.0 + rates.slippage) if change > 0.0 else price * (1.0 - rates.slippage)


@kernel
def blended(average: float, price: float, share: float) -> float:
    """The average after a `share` of the whole came in at `price`; exactly that price when it is the whole."""
    return average + (price - average) * share


@kernel
def moved(held: Holding, i: int, wanted: float, price: float, rates: Rates) -> Holding:
    """The holding after trading to `wanted` units on bar i; it never crosses zero in one move."""
    change = wanted - held.quantity
    paid = slipped(change, price, rates)
    fee = abs(change) * paid * rates.fee
    cash = held.cash - change * paid - fee
    if held.quantity == 0.0:
        return Holding(cash, wanted, wanted, paid, 0.0, 0.0, price, i, fee)
    entered, entry, left, leave = held.entered, held.entry, held.left, held.exit
    if held.quantity * change > 0.0:
        entered += change
        entry = blended(entry, paid, change / entered)
    else:
        left -= change
        leave = blended(leave, paid, -change / left)
    return Holding(cash, wanted, entered, entry, left, leave, held.extreme, held.opened, held.fees + fee)


@kernel
def quantity_of(weight: float, price: float, spread: float, rates: Rates, equity: float) -> float:
    """How many units a target of `weight` means.

    UNITS: size units. WEIGHT: the fraction `size` of equity. VOLATILITY: a move of one average true range is the
    fraction `size` of equity, at most all of it. A weight of 0, a volatility that is not known yet, and outside of
    UNITS an equity that is used up, mean none.
    """
    if rates.sizing == UNITS:
        return weight * rates.size
    if not equity > 0.0:
        return 0.0
    if rates.sizing == WEIGHT:
        return weight * rates.size * equity / price
    if not spread > 0.0:
        return 0.0
    return weight * min(rates.size * equity / spread, equity / price)


@kernel
def inside(side: float, bar: tuple[float, float, float], stop: float, target: float) -> tuple[float, int]:
    """Where a position is left inside a bar of (fill, high, low), and why; STILL_OPEN when it is not.

    A bar that starts beyond a level leaves at its start. One that reaches both leaves at the stop, since the order
    in which it reached them is unknown.
    """
    fill, high, low = bar
    worst, best = (low, high) if side > 0.0 else (high, low)
    if side * (worst - stop) <= 0.0:
        return (fill if side * (fill - stop) <= 0.0 else stop), BY_STOP
    if side * (best - target) >= 0.0:
        return (fill if side * (fill - target) >= 0.0 else target), BY_LIMIT
    return np.nan, STILL_OPEN


@kernel
def stop_level(side: float, stop: float, trail: float, extreme: float) -> float:
    """The tighter of a stop and of one that trails the best price by `trail`; NaN when there is neither."""
    trailing = extreme - side * trail
    if np.isnan(trailing):
        return stop
    if np.isnan(stop):
        return trailing
    return max(stop, trailing) if side > 0.0 else min(stop, trailing)


@kernel
def write(trades: TradeRows, row: int, held: Holding, i: int, mark: float, reason: int) -> None:
    """Write a round trip that ended on bar i, or whose rest is worth `mark` there."""
    leave = blended(held.exit, mark, held.quantity / (held.left + held.quantity))
    trades.entry[row] = held.opened
    trades.exit[row] = i
    trades.quantity[row] = held.entered
    trades.entry_price[row] = held.entry
    trades.exit_price[row] = leave
    trades.fees[row] = held.fees
    trades.profit[row] = held.entered * (leave - held.entry) - held.fees
    trades.reason[row] = reason


@kernel
def _seen(held: Holding, extreme: float) -> Holding:
    return Holding(
        held.cash,
        held.quantity,
        held.entered,
        held.entry,
        held.left,
        held.exit,
        extreme,
        held.opened,
        held.fees,
    )


@kernel
def run(market: Market, wishes: Wishes, rates: Rates, equity: Floats, trades: TradeRows) -> int:
    """Trade the wishes through the bars; fills `equity` (n,) and `trades`, whose used length is returned.

    The target of bar i-1 is traded at `market.fill[i]` when it differs from the one before. Stops and targets of
    bar i-1 are looked at inside bar i. After such an exit the target counts as 0 until the strategy's own changes.
    """
    held = Holding(rates.cash, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0.0)
    count, wished = 0, 0.0
    equity[0] = rates.cash
    for i in range(1, len(market.close)):
        price = market.fill[i]
        if wishes.weight[i - 1] != wished:
            wished = wishes.weight[i - 1]
            worth = held.cash + held.quantity * price
            wanted = quantity_of(wished, price, wishes.spread[i - 1], rates, worth)
            if held.quantity != 0.0 and held.quantity * wanted <= 0.0:
                held = moved(held, i, 0.0, price, rates)
                write(trades, count, held, i, price, BY_TARGET)
                count += 1
            if wanted != held.quantity:
                held = moved(held, i, wanted, price, rates)
        if held.quantity != 0.0:
            side = 1.0 if held.quantity > 0.0 else -1.0
            stop = stop_level(side, wishes.stop[i - 1], wishes.trail[i - 1], held.extreme)
            bar = (price, market.high[i], market.low[i])
            leaving, reason = inside(side, bar, stop, wishes.target[i - 1])
            if reason != STILL_OPEN:
                held = moved(held, i, 0.0, leaving, rates)
                write(trades, count, held, i, leaving, reason)
                count += 1
            extreme = max(held.extreme, market.high[i]) if side > 0.0 else min(held.extreme, market.low[i])
            held = _seen(held, extreme)
        equity[i] = held.cash + held.quantity * market.close[i]
    if held.quantity != 0.0:
        last = len(market.close) - 1
        write(trades, count, held, last, market.close[last], STILL_OPEN)
        count += 1
    return count
