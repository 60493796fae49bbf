"""Orders: targets become quantities, quantities fills, and what is held pays for being held."""

from __future__ import annotations

import numpy as np

from quorum.engine.kernel.values import (
    BY_LIMIT,
    BY_TARGET,
    CASH,
    DECIDED,
    FEE,
    PRICE,
    QUANTITY,
    REASON,
    ROW,
    SYMBOL,
    UNITS,
    VOLATILITY,
    WEIGHT,
    Account,
    Book,
    Floats,
    Market,
    Rates,
)
from quorum.stats import fragment, kernel

ROUNDING = 1e-12
GRAIN = 1e-9


@fragment
def is_open(line: np.record) -> bool:
    """Whether an order on this symbol is not filled whole."""
    return bool(line.goal != line.quantity or not np.isnan(line.due))


@kernel
def open_count(account: Account) -> int:
    """How many orders are not filled whole."""
    count = 0
    for j in range(len(account)):
        count += is_open(account[j])
    return count


@fragment
def decide(row: int, weight: Floats, account: Account) -> int:
    """Take over the targets (m,) decided at bar `row`; how many orders they replaced that were not filled whole.

    NaN leaves a symbol as it is, its order included.
    """
    replaced = 0
    for j in range(len(account)):
        line = account[j]
        if np.isnan(weight[j]):
            continue
        replaced += is_open(line)
        line.goal = line.quantity
        line.due = line.aim = weight[j]
        line.decided = row
    return replaced


@fragment
def size(prices: Floats, spreads: Floats, rates: Rates, account: Account, at: tuple[int, float, float]) -> None:
    """Turn due targets into quantities at bar i's prices and the equity `worth` (NaN: at these prices).

    A symbol without a price waits; one that is sized at a close goes by its newest price. What differs from the
    holding by rounding alone is no order.
    """
    i, cash, worth = at
    presized = not np.isnan(worth)
    if not presized:
        worth = cash
        for j in range(len(account)):
            if account[j].quantity != 0.0:
                price = prices[i, j]
                worth += account[j].quantity * (account[j].last if np.isnan(price) else price)
    for j in range(len(account)):
        line = account[j]
        price = line.last if presized else prices[i, j]
        if np.isnan(line.due) or np.isnan(price):
            continue
        spread = spreads[line.decided, j] if spreads.shape[0] > 0 else np.nan
        base = cash + line.quantity * price if rates.sizing == CASH else worth
        goal = quantity_of(line.due, price, spread, rates, base)
        if rates.lot > 0.0:
            goal = in_lots(goal, rates.lot)
        line.goal = line.quantity if abs(goal - line.quantity) <= ROUNDING * abs(line.quantity) else goal
        line.due = np.nan


@fragment
def quantity_of(weight: float, price: float, spread: float, rates: Rates, equity: float) -> float:
    """How many units a target of `weight` means.

    UNITS: size units. WEIGHT: the fraction `size` of equity. CASH: what that fraction of the cash at hand (and of
    what is held of this symbol) buys after slippage and fees. VOLATILITY: the fraction of equity whose yearly
    volatility is `size`, at most all of it. ATR: a move of one average true range is the fraction `size` of equity,
    at most all of it. A weight of 0, a volatility that is not known yet, and outside of UNITS an equity that is used
    up, mean none.
    """
    if rates.sizing == UNITS:
        return weight * rates.size
    if weight == 0.0 or not equity > ROUNDING * rates.cash:
        return 0.0
    if rates.sizing == WEIGHT:
        return weight * rates.size * equity / price
    if rates.sizing == CASH:
        return weight * rates.size * equity / (price * (1.0 + rates.slippage) * (1.0 + rates.taker) + rates.per_unit)
    if not spread > 0.0:
        return 0.0
    if rates.sizing == VOLATILITY:
        return weight * min(rates.size / spread, 1.0) * equity / price
    return weight * min(rates.size * equity / spread, equity / price)


@fragment
def in_lots(quantity: float, lot: float) -> float:
    """The quantity in whole lots, towards 0; what lacks of a lot by rounding alone is there."""
    return float(np.copysign(np.floor(abs(quantity) / lot + GRAIN) * lot, quantity))


@fragment
def trade(
    prices: Floats, limits: tuple[Floats, Floats], rates: Rates, account: Account, to: tuple[Floats, int, Book]
) -> tuple[Book, bool]:
    """Fill what is open, each symbol up to its share of the bar's volume; whether orders are open still."""
    cash, i, book = to
    volume, impact = limits
    open_orders = False
    for j in range(len(account)):
        line = account[j]
        change, price = line.goal - line.quantity, prices[i, j]
        if change == 0.0 or np.isnan(price):
            open_orders = open_orders or is_open(line)
            continue
        if rates.share > 0.0:
            most = rates.share * volume[i, j]
            if rates.lot > 0.0:
                most = in_lots(most, rates.lot)
            if not most > 0.0:
                open_orders = True
                continue
            change = min(max(change, -most), most)
        before, whole = line.quantity, change == line.goal - line.quantity
        moved = impact[i, j] * np.sqrt(abs(change)) if impact.shape[0] > 0 else 0.0
        deal = (i, line.decided, j, change, price, moved)
        book = fill(rates, cash, deal, BY_TARGET, book)
        line.quantity = line.goal if whole else before + change
        if not whole and abs(line.quantity) <= ROUNDING * abs(before):
            line.quantity = 0.0
        open_orders = open_orders or not whole
        if before * line.quantity <= 0.0:
            line.best = price
    return book, open_orders


@fragment
def turn(
    prices: Floats, spreads: Floats, rates: Rates, account: Account, to: tuple[Floats, int, int, float, Book]
) -> Book:
    """`decide`, `size` and `trade` of one symbol in one, where nothing hinders a fill: the usual case, fast."""
    cash, i, decided, weight, book = to
    line, price = account[0], prices[i, 0]
    if np.isnan(weight):
        return book
    spread = spreads[decided, 0] if spreads.shape[0] > 0 else np.nan
    wanted = quantity_of(weight, price, spread, rates, cash[0] + line.quantity * price)
    change = wanted - line.quantity
    line.aim, line.decided = weight, decided
    if abs(change) > ROUNDING * abs(line.quantity):
        book = fill(rates, cash, (i, decided, int(np.int64(0)), change, price, 0.0), BY_TARGET, book)
        if line.quantity * wanted <= 0.0:
            line.best = price
        line.quantity = line.goal = wanted
    return book


@fragment
def fill(
    rates: Rates,
    cash: Floats,
    deal: tuple[int, int, int, float, float, float],
    reason: int,
    book: Book,
) -> Book:
    """Pay for `change` units of symbol j at about `price` in bar i, and write a row more of fills."""
    i, decided, j, change, price, moved = deal
    fills, count = book
    worse = rates.slippage + moved if reason != BY_LIMIT else 0.0
    paid = price * (1.0 + worse) if change > 0.0 else price * max(1.0 - worse, 0.0)
    fee = abs(change) * (paid * (rates.maker if reason == BY_LIMIT else rates.taker) + rates.per_unit)
    if rates.minimum > 0.0 and fee < rates.minimum:
        fee = rates.minimum
    cash[0] -= change * paid + fee
    if count == len(fills):
        more = np.empty((2 * count, 7))
        for k in range(count):
            for c in range(7):
                more[k, c] = fills[k, c]
        fills = more
    row = fills[count]
    row[ROW], row[DECIDED], row[SYMBOL], row[QUANTITY] = i, decided, j, change
    row[PRICE], row[FEE], row[REASON] = paid, fee, reason
    return fills, count + 1


@kernel
def carry(market: Market, account: Account, cash: Floats, i: int) -> None:
    """Pay for what was held into bar i: funding at its open, borrowing by the value at the last close."""
    for j in range(len(account)):
        held, last = account[j].quantity, account[j].last
        if held == 0.0:
            continue
        if market.funding.shape[0] > 0 and market.funding[i, j] != 0.0:
            price = market.open[i, j]
            cash[0] -= held * (last if np.isnan(price) else price) * market.funding[i, j]
        if held < 0.0 and market.borrow.shape[0] > 0:
            cash[0] += held * last * market.borrow[i]
