"""The backtest kernel: many symbols, one purse; orders at a stated price, exits inside the bar, every cost."""

from __future__ import annotations

import numpy as np

from quorum.engine.kernel.exits import leave, march, mark, mark_on
from quorum.engine.kernel.orders import carry, decide, open_count, size, trade, turn
from quorum.engine.kernel.values import ACCOUNT, Account, Book, Floats, Market, Rates, Wishes
from quorum.stats import kernel


@kernel
def run(market: Market, wishes: Wishes, rates: Rates, equity: Floats) -> tuple[Floats, int]:
    """Trade the wishes through the bars; fills `equity` (n,).

    Answers the fills, a row each of (bar, bar of the decision, symbol, signed quantity, price, fee, reason), and how
    many orders were replaced or ended before they were filled whole.

    In bar i: what was held into it pays funding and the cost of being short; then an order decided at bar i - lag
    is filled and exits are looked at, or the other way round when fills are late; then the bar is marked. After an
    exit the target counts as 0 until the next decision. Exits are for one symbol.
    """
    n, m = market.close.shape
    close, prices, spread, row, weight = market.close, market.fill, wishes.spread, wishes.row, wishes.weight
    limits = (market.volume, market.impact)
    account, cash = np.zeros(m, ACCOUNT), np.full(1, rates.cash)
    for j in range(m):
        account[j].last = account[j].due = np.nan
    leaves = wishes.stop.shape[0] > 0
    pays = market.funding.shape[0] > 0 or market.borrow.shape[0] > 0
    usual = not (pays or rates.late or rates.presized or rates.share > 0.0 or rates.lot > 0.0)
    simple = market.dense and market.impact.shape[0] == 0 and usual
    zero = int(np.int64(0))  # a literal would have everything below compiled twice
    book: Book = (np.empty((64, 7)), zero)
    unfilled, p, i = 0, 0, zero
    open_orders = bool(n < 0)
    while i < n:
        due = row[p] + (0 if rates.presized else rates.lag) if p < len(row) else n
        if due > i and not open_orders and not pays:
            if leaves:
                i = march(market, wishes, account, (cash[0], i, due), equity)
            else:
                i = mark_on(close, account, (cash[0], i, due), equity)
            if i >= due:
                continue
        if simple and due == i:
            if m == 1:
                book = turn(prices, spread, rates, account, (cash, i, row[p], weight[p, 0], book))
            else:
                decide(row[p], weight[p], account)
                size(prices, spread, rates, account, (i, cash[0], np.nan))
                book, _ = trade(prices, limits, rates, account, (cash, i, book))
            p += 1
            continue  # the rest of this bar goes with the quiet ones that follow
        now = (i, p if due == i else -1, open_orders)
        book, open_orders, replaced = _bar(market, wishes, rates, account, (cash, equity, now, book))
        unfilled += replaced
        p += due == i
        i += 1
    return book[0][: book[1]].copy(), unfilled + open_count(account)


@kernel
def _bar(
    market: Market,
    wishes: Wishes,
    rates: Rates,
    account: Account,
    to: tuple[Floats, Floats, tuple[int, int, bool], Book],
) -> tuple[Book, bool, int]:
    """All that happens in bar i, decision p (-1 for none) being due in it.

    Whether orders are open after it, and how many were replaced or ended before they were filled whole.
    """
    cash, equity, now, book = to
    i, p, open_orders = now
    replaced = ended = 0
    carry(market, account, cash, i)
    if rates.late:
        if p >= 0 and rates.lag > 0:
            account[0].aim = wishes.weight[p, 0]
        book, ended = leave(market, wishes, rates, account, (cash, i, book))
    if p >= 0 and not rates.presized:
        replaced = decide(wishes.row[p], wishes.weight[p], account)
        open_orders = True
    if open_orders:
        if not rates.presized:
            size(market.fill, wishes.spread, rates, account, (i, cash[0], np.nan))
        limits = (market.volume, market.impact)
        book, open_orders = trade(market.fill, limits, rates, account, (cash, i, book))
    if not rates.late:
        book, ended = leave(market, wishes, rates, account, (cash, i, book))
    equity[i] = mark(market.close, account, cash[0], i)
    if rates.presized and i + 1 < len(equity) and (p >= 0 or open_orders):
        if p >= 0:
            replaced = decide(wishes.row[p], wishes.weight[p], account)
        size(market.close, wishes.spread, rates, account, (i, cash[0], equity[i]))
        open_orders = True
    return book, open_orders, replaced + ended
