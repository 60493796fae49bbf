"""The tear sheet: one backtest as a page that a newcomer can judge."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import iso, split_symbol
from quorum.engine import FILLS, Backtest, Terms, Trades
from quorum.engine.appraisal import (
    Appraisal,
    Benchmark,
    Contribution,
    appraise,
    buy_and_hold,
    contributions,
    data_quality,
)
from quorum.lake import Bars
from quorum.stats import Month
from quorum.stats.performance import daily_returns
from quorum.surfaces.report.drawings import (
    equity_drawing,
    exposure_drawing,
    price_drawing,
    rolling_drawing,
    spread_drawing,
)
from quorum.surfaces.report.measures import measures
from quorum.surfaces.report.page import lowered, money, percent, price, ratio, render, with_error

Floats = NDArray[np.float64]

LISTED_TRADES = 200
LISTED_SYMBOLS = 10
BEST_DAYS = 5


class Evidence(NamedTuple):
    """A row of the evidence table, in words and numbers as they are printed.

    `passed` is None where the gate could not decide; `source` names the rule or the paper.
    """

    gate: str
    value: str
    threshold: str
    passed: bool | None
    source: str


class Card(NamedTuple):
    """One headline number: its name, the number, a line below it, and the class of its colour."""

    name: str
    value: str
    below: str
    tone: str = "even"


class TradeRow(NamedTuple):
    """One round trip of the table, numbered from 1 in the order in which they ended."""

    number: int
    symbol: str
    side: str
    entered: int
    entry_price: float
    left: int
    exit_price: float
    quantity: float
    fees: float
    profit: float
    reason: str


class MonthRow(NamedTuple):
    """A row of the monthly table: twelve returns (None where nothing was traded) and the year's."""

    year: int
    months: tuple[float | None, ...]
    total: float


def tearsheet(
    backtest: Backtest, *, evidence: Sequence[Evidence] | None = None, benchmark: Benchmark | None = None
) -> str:
    """The page of `backtest`, self-contained HTML; the same inputs give the same bytes.

    Beside it stands `benchmark`, else its own symbols bought and held; `evidence` fills a table of gates.
    """
    rival = buy_and_hold(backtest.bars) if benchmark is None else benchmark
    found, quote = appraise(backtest, rival), quote_of(backtest)
    rival_returns = daily_returns(backtest.time, rival.level, 1.0)
    return render(
        "tearsheet.html",
        b=backtest,
        a=found,
        quote=quote,
        fills=FILLS[backtest.fill].meaning,
        sizing=_sizing(backtest.terms),
        costs=_costs(backtest.terms),
        cards=_cards(backtest, found, quote),
        caution=caution(backtest),
        evidence=evidence,
        equity=equity_drawing(backtest, rival),
        rolling=rolling_drawing(backtest, rival_returns),
        spread=spread_drawing(backtest.daily[1]),
        exposure=exposure_drawing(backtest),
        price=price_drawing(backtest),
        symbols=_symbols(backtest),
        years=_years(found.months),
        strongest=max((abs(m.value) for m in found.months if math.isfinite(m.value)), default=0.0),
        groups=measures(found, quote),
        quality=data_quality(backtest.bars, backtest.terms),
        rows=_rows(backtest.trades),
        trades=len(backtest.trades),
    )


def quote_of(backtest: Backtest) -> str:
    """The currency that the account is in, or both words of it where symbols differ."""
    return "/".join(sorted({split_symbol(symbol)[1] for symbol in backtest.symbols}))


def _cards(b: Backtest, a: Appraisal, quote: str) -> list[Card]:
    p, t = b.performance, a.trades
    gain = "gain" if p.total_return > 0 else "loss" if p.total_return < 0 else "even"
    still = f"{a.open_trades} still open at the end" if a.open_trades else "round trips"
    return [
        Card("Final equity", money(b.final_equity), f"{quote}, from {money(b.terms.starting_equity)}"),
        Card(
            "Total return", percent(p.total_return), f"{lowered(a.benchmark)} {percent(a.against.total_return)}", gain
        ),
        Card("Sharpe ratio", with_error(p.sharpe, p.sharpe_se), f"a year, over {p.days:,} days"),
        Card(
            "Max drawdown",
            percent(p.max_drawdown),
            "deepest fall from a high",
            "loss" if p.max_drawdown < 0 else "",
        ),
        Card("Trades", f"{t.closed + a.open_trades:,}", still),
        Card("Hit rate", percent(t.hit_rate), f"of {t.closed:,} closed trades"),
        Card("Profit factor", ratio(t.profit_factor), "money won over money lost"),
        Card("Growth a year", percent(p.cagr), f"volatility {percent(p.volatility)}"),
        Card("Turnover", f"{ratio(a.activity.turnover)} x", "of equity a year"),
        Card("In the market", percent(a.exposure.time_in_market), f"mean gross {percent(a.exposure.mean_gross)}"),
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


def _costs(terms: Terms) -> str:
    parts = [f"fee {terms.fee_bps:g} bps and slippage {terms.slippage_bps:g} bps of each trade's value"]
    named = (
        ("maker fee", "" if terms.maker_bps is None else f"{terms.maker_bps:g} bps"),
        ("fee a unit", f"{terms.fee_per_unit:g}" if terms.fee_per_unit else ""),
        ("minimum fee", f"{terms.minimum_fee:g}" if terms.minimum_fee else ""),
        ("square-root impact", f"{terms.impact:g}" if terms.impact else ""),
        ("borrowing", f"{percent(terms.borrow_rate)} a year" if terms.borrow_rate else ""),
    )
    return ", ".join([*parts, *(f"{name} {value}" for name, value in named if value)])


def caution(b: Backtest) -> list[str]:
    """How far the result can be told from luck, in sentences."""
    p = b.performance
    lines = []
    if b.ruined is not None:
        lines.append(f"Nothing was left on {iso(b.ruined)[:10]}: a real account would have been closed.")
    elif not (math.isfinite(p.sharpe) and math.isfinite(p.sharpe_se)):
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
    best = np.sort(b.daily[1])[-BEST_DAYS:]
    left = b.final_equity / float(np.prod(1.0 + best))
    return f"Without its {len(best)} best days the account would have ended at {money(left)}."


def _symbols(b: Backtest) -> dict[str, Any] | None:
    """The best and the worst symbols of a result with several, each with the width of its bar."""
    if isinstance(b.bars, Bars):
        return None
    every = contributions(b)
    few = len(every) <= 2 * LISTED_SYMBOLS
    shown = every if few else every[:LISTED_SYMBOLS] + every[-LISTED_SYMBOLS:]
    most = max((abs(c.profit) for c in shown), default=0.0) or 1.0
    rows: list[tuple[Contribution, float]] = [(c, round(100 * abs(c.profit) / most, 1)) for c in shown]
    idle = sum(c.trades == 0 for c in every)
    return {"rows": rows, "count": len(every), "hidden": len(every) - len(shown), "idle": idle}


def _rows(trades: Trades) -> list[TradeRow]:
    """The last trades, newest first."""
    n = len(trades)
    shown = range(n - 1, max(-1, n - 1 - LISTED_TRADES), -1)
    return [_row(trades, i) for i in shown]


def _row(trades: Trades, i: int) -> TradeRow:
    t = trades[i]
    side = "long" if t.side > 0 else "short"
    times = t.entry_time, t.entry_price, t.exit_time, t.exit_price
    return TradeRow(i + 1, t.symbol, side, *times, t.quantity, t.fees, t.profit, t.reason)


def _years(months: Sequence[Month]) -> list[MonthRow]:
    years = []
    for year in sorted({m.year for m in months}, reverse=True):
        found = {m.month: m.value for m in months if m.year == year}
        total = math.prod(1.0 + value for value in found.values()) - 1.0
        years.append(MonthRow(year, tuple(found.get(month) for month in range(1, 13)), total))
    return years
