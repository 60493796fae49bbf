"""The tear sheet: one backtest as a page that a newcomer can judge."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import Side, split_symbol
from quorum.engine import FILLS, Backtest, Terms, Trades
from quorum.lake import Bars
from quorum.stats import Month, monthly_returns, profit_factor, win_rate
from quorum.stats.performance import daily_returns
from quorum.surfaces.report.charts import Curve, Mark, equity_chart, price_chart
from quorum.surfaces.report.page import money, percent, price, ratio, render, with_error

Floats = NDArray[np.float64]

LISTED_TRADES = 200
BEST_DAYS = 5


class Card(NamedTuple):
    """One headline number: its name, the number, a line below it, and the class of its colour."""

    name: str
    value: str
    below: str
    tone: str = "even"


class TradeRow(NamedTuple):
    """One round trip of the table, numbered from 1 in order of entry."""

    number: int
    side: str
    entered: int
    entry_price: float
    left: int
    exit_price: float
    quantity: float
    fees: float
    profit: float
    reason: str


class Year(NamedTuple):
    """A row of the monthly table: twelve returns (None where nothing was traded) and the year's."""

    year: int
    months: tuple[float | None, ...]
    total: float


def tearsheet(backtest: Backtest, bars: Bars) -> str:
    """The page of `backtest` over `bars`, self-contained HTML; the same inputs give the same bytes."""
    months = monthly_returns(backtest.time, backtest.equity, backtest.terms.starting_equity)
    hold = _buy_and_hold(backtest, bars)
    curve = Curve(backtest.time, backtest.equity, backtest.terms.starting_equity, hold)
    chart = price_chart("price", bars, _marks(backtest.trades))
    return render(
        "tearsheet.html",
        b=backtest,
        bars=bars,
        quote=split_symbol(backtest.symbol)[1],
        fills=FILLS[backtest.fill].meaning,
        sizing=_sizing(backtest.terms),
        cards=_cards(backtest, hold),
        evidence=_evidence(backtest),
        equity=equity_chart("equity", curve),
        price=chart,
        years=_years(months),
        strongest=max((abs(m.value) for m in months if math.isfinite(m.value)), default=0.0),
        rows=_rows(backtest.trades),
        trades=len(backtest.trades.profit),
    )


def _cards(b: Backtest, hold: Floats | None) -> list[Card]:
    p, quote = b.performance, split_symbol(b.symbol)[1]
    closed = _closed(b.trades)
    profits = b.trades.profit[closed]
    trades = len(b.trades.profit)
    held = f"buy and hold {percent(float(hold[-1]) / b.terms.starting_equity - 1)}" if hold is not None else ""
    gain = "gain" if p.total_return > 0 else "loss" if p.total_return < 0 else "even"
    still = f"{trades - len(profits)} still open at the end" if trades > len(profits) else "round trips"
    return [
        Card("Final equity", money(b.final_equity), f"{quote}, from {money(b.terms.starting_equity)}"),
        Card("Total return", percent(p.total_return), held, gain),
        Card("Sharpe ratio", with_error(p.sharpe, p.sharpe_se), f"a year, over {p.days:,} days"),
        Card(
            "Max drawdown",
            percent(p.max_drawdown),
            "deepest fall from a high",
            "loss" if p.max_drawdown < 0 else "",
        ),
        Card("Trades", f"{trades:,}", still),
        Card("Win rate", percent(win_rate(profits)), f"of {len(profits):,} closed trades"),
        Card("Profit factor", ratio(profit_factor(profits)), "money won over money lost"),
        Card("Growth a year", percent(p.cagr), f"volatility {percent(p.volatility)}"),
        Card("Sortino ratio", ratio(p.sortino), "counts only the falls"),
        Card("Calmar ratio", ratio(p.calmar), "growth over drawdown"),
        Card("Bad day (5%)", percent(p.value_at_risk_5), "one day in twenty is worse"),
        Card("Average bad day", percent(p.expected_shortfall_5), "mean of those days"),
    ]


def _sizing(terms: Terms) -> str:
    words = {
        "weight": f"a target of 1 is {percent(terms.size)} of the equity",
        "units": f"a target of 1 is {price(terms.size)} units",
        "cash": f"a target of 1 is what {percent(terms.size)} of the cash at hand buys",
        "volatility": f"a target of 1 is as much of the equity as has a yearly volatility of {percent(terms.size)}",
        "atr": f"one average true range of a target of 1 is {percent(terms.size)} of the equity",
    }
    return words.get(terms.sizing, terms.sizing)


def _evidence(b: Backtest) -> list[str]:
    p = b.performance
    lines = []
    if not (math.isfinite(p.sharpe) and math.isfinite(p.sharpe_se)):
        lines.append("There are too few days, or too little happened in them, to say anything about skill.")
    else:
        low, high = p.sharpe - 2 * p.sharpe_se, p.sharpe + 2 * p.sharpe_se
        where = "all above zero" if low > 0 else "all below zero" if high < 0 else "zero included: it may be luck"
        lines.append(f"Two standard errors around the Sharpe ratio span {ratio(low)} to {ratio(high)}, {where}.")
        lines.append("That takes the days for independent of each other; the truth is less certain still.")
        if p.days < p.periods_per_year:
            lines.append("The days make less than a year, so that yearly numbers say little.")
        if p.days >= 6 * BEST_DAYS:
            lines.append(_without_best_days(b))
    if b.trials_in_family and b.trials_in_family > 1:
        best = f"This is one of {b.trials_in_family:,} recorded trials of its family, and the best of many"
        lines.append(f"{best} looks better than it is.")
    return lines


def _without_best_days(b: Backtest) -> str:
    returns = daily_returns(b.time, b.equity, b.terms.starting_equity)
    best = np.sort(returns)[-BEST_DAYS:]
    left = b.final_equity / float(np.prod(1.0 + best))
    return f"Without its {len(best)} best days the account would have ended at {money(left)}."


def _buy_and_hold(b: Backtest, bars: Bars) -> Floats | None:
    if len(b.time) == 0 or len(bars) == 0:
        return None
    at = np.clip(np.searchsorted(bars.time, b.time, "right") - 1, 0, len(bars) - 1)
    close = bars.close[at]
    return np.asarray(b.terms.starting_equity * close / close[0])


def _closed(trades: Trades) -> NDArray[np.bool_]:
    return np.array([reason != "open" for reason in trades.reason], dtype=np.bool_)


def _marks(trades: Trades) -> list[Mark]:
    marks = []
    for row in _rows(trades, most=len(trades.profit)):
        enter, leave = (Side.BUY, Side.SELL) if row.side == "long" else (Side.SELL, Side.BUY)
        marks.append(Mark(row.entered, row.entry_price, enter, f"trade {row.number}: enter {row.side}"))
        if row.reason != "open":
            label = f"trade {row.number}: leave {row.side} ({row.reason}), profit {money(row.profit)}"
            marks.append(Mark(row.left, row.exit_price, leave, label))
    return marks


def _rows(trades: Trades, most: int = LISTED_TRADES) -> list[TradeRow]:
    """The last `most` trades, newest first."""
    n = len(trades.profit)
    return [
        TradeRow(
            number=i + 1,
            side="long" if trades.side[i] > 0 else "short",
            entered=int(trades.entry_time[i]),
            entry_price=float(trades.entry_price[i]),
            left=int(trades.exit_time[i]),
            exit_price=float(trades.exit_price[i]),
            quantity=float(trades.quantity[i]),
            fees=float(trades.fees[i]),
            profit=float(trades.profit[i]),
            reason=str(trades.reason[i]),
        )
        for i in range(n - 1, max(-1, n - 1 - most), -1)
    ]


def _years(months: Sequence[Month]) -> list[Year]:
    years = []
    for year in sorted({m.year for m in months}, reverse=True):
        found = {m.month: m.value for m in months if m.year == year}
        total = math.prod(1.0 + value for value in found.values()) - 1.0
        years.append(Year(year, tuple(found.get(month) for month in range(1, 13)), total))
    return years
