"""The drawings of a tear sheet: equity, rolling Sharpe, exposure, the spread of daily returns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.engine import Backtest, Trades
from quorum.engine.appraisal import Benchmark, values_held
from quorum.lake import Bars
from quorum.stats.metrics import Histogram, histogram, rolling_sharpe, rounded
from quorum.surfaces.report.charts import Chart, Curve, Line, Pane, Trips, equity_chart, lines_chart, price_chart
from quorum.surfaces.report.page import percent

Floats = NDArray[np.float64]

FEWEST_DAYS = 20
MOST_MEANS = 600
IDLE = 1e-13  # what rounding alone may come to
WIDTH, HEIGHT, FOOT = 520.0, 232.0, 22.0


class Rolling(NamedTuple):
    """A chart of the Sharpe ratio of the last `window` days."""

    chart: Chart
    window: int


class Column(NamedTuple):
    """A bar of the histogram in the units of its drawing; `tone` is up or down, `title` what to say about it."""

    x: float
    y: float
    width: float
    height: float
    tone: str
    title: str


class Tick(NamedTuple):
    """A label below the histogram."""

    x: float
    text: str


class Spread(NamedTuple):
    """The histogram of daily returns: its columns, the normal of the same mean and spread as points, ticks; `idle` days
    without any return are left out of it.
    """

    columns: list[Column]
    normal: str
    ticks: list[Tick]
    idle: int


def equity_drawing(backtest: Backtest, rival: Benchmark) -> Chart:
    """The equity with the benchmark beside it, from the same capital."""
    starting = backtest.terms.starting_equity
    return equity_chart("equity", Curve(backtest.time, backtest.equity, starting, starting * rival.level, rival.name))


def price_drawing(backtest: Backtest) -> Chart | None:
    """Candles with the round trips; None for many symbols."""
    bars = backtest.bars
    return price_chart("price", bars, _trips(backtest.trades)) if isinstance(bars, Bars) else None


def rolling_drawing(backtest: Backtest, rival: Floats) -> Rolling | None:
    """Half a year's Sharpe ratio of account and benchmark returns (d,), a third of the days where there are fewer;
    None for fewer than 60 days.
    """
    days, returns = backtest.daily
    periods = backtest.performance.periods_per_year
    window = max(FEWEST_DAYS, min(round(periods / 2), len(returns) // 3))
    if len(returns) < 3 * FEWEST_DAYS:
        return None
    own, other = (rolling_sharpe(r, window, periods)[window - 1 :] for r in (returns, rival))
    lines = (Line("Account", own, "accent"), Line("Benchmark", other, "rival", thin=True))
    html = lines_chart("rolling", "rolling Sharpe ratio", days[window - 1 :], (Pane(lines, "ratio", zero=True),), 250)
    return Rolling(Chart(html, ""), window)


def exposure_drawing(backtest: Backtest) -> Chart:
    """Net and gross exposure at each close, means of neighbours where there are many; for many symbols, below it, how
    many are held.
    """
    net, gross = backtest.exposure
    k = max(1, -(-len(net) // MOST_MEANS))
    starts = np.arange(0, len(net), k)
    lines = [Line("Gross", _means(gross, starts), "rival", thin=True), Line("Net", _means(net, starts), "accent")]
    panes = [Pane(lines, "percent", zero=True)]
    if not isinstance(backtest.bars, Bars):
        held = _means(np.count_nonzero(values_held(backtest), axis=1).astype(np.float64), starts)
        count = Line("Symbols held", held, "c3", fill=True)
        panes = [panes[0]._replace(share=0.62), Pane((count,), "count", 0.38, zero=True)]
    note = f"Each point is the mean of {k:,} bars." if k > 1 else ""
    height = 210 if len(panes) == 1 else 300
    return Chart(lines_chart("exposure", "exposure", backtest.time[starts], panes, height), note)


def _means(values: Floats, starts: NDArray[np.int64]) -> Floats:
    counts = np.diff(np.append(starts, len(values)))
    return np.asarray(np.add.reduceat(values, starts) / counts) if len(values) else values


def spread_drawing(returns: Floats) -> Spread | None:
    """The histogram of returns (d,) but those of 0; None when there are too few or all are equal."""
    moved = returns[np.abs(returns) > IDLE]
    found = histogram(moved)
    if len(found.counts) == 0:
        return None
    most = max(float(found.counts.max()), float(found.normal.max()))
    tall, wide = (HEIGHT - FOOT - 6) / most, WIDTH / len(found.counts)
    columns = [
        Column(
            round(k * wide + 0.75, 2),
            round(HEIGHT - FOOT - tall * count, 2),
            round(wide - 1.5, 2),
            round(tall * count, 2),
            "up" if found.edges[k] + found.edges[k + 1] > 0 else "down",
            _title(found, k),
        )
        for k, count in enumerate(found.counts.tolist())
    ]
    points = [(wide * (k + 0.5), HEIGHT - FOOT - tall * v) for k, v in enumerate(found.normal.tolist())]
    return Spread(
        columns, " ".join(f"{x:.1f},{y:.1f}" for x, y in points), _ticks(found, wide), len(returns) - len(moved)
    )


def _title(found: Histogram, k: int) -> str:
    low, high = percent(found.edges[k]), percent(found.edges[k + 1])
    last = len(found.counts) - 1
    span = f"{low} to {high}" if 0 < k < last else f"below {high}" if k == 0 else f"above {low}"
    return f"{span}: {found.counts[k]:,} days"


def _ticks(found: Histogram, wide: float) -> list[Tick]:
    width = float(found.edges[1] - found.edges[0])
    step = rounded(max(width, width * len(found.edges) / 7))
    at = np.arange(np.ceil(found.edges[0] / step + 0.01), np.floor(found.edges[-1] / step - 0.01) + 1) * step
    return [Tick(round(float(v - found.edges[0]) / width * wide, 1), f"{100 * v:z.4g}%") for v in at]


def _trips(trades: Trades) -> Trips:
    prices = trades.entry_price, trades.exit_price
    return Trips(trades.entry_time, trades.exit_time, trades.side, *prices, trades.profit, trades.reason)
