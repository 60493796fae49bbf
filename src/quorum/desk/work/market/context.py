"""The context of a trading day: how much prices move, what moves together, and the prices that many look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.desk.desk import Desk
from quorum.desk.work.asked import bars_of, number, told, whole
from quorum.desk.work.assignment import Assignment
from quorum.desk.work.market.longer import days_of
from quorum.domain import DAY, DataError, UsageError, iso
from quorum.features import log_returns, rolling_volatility
from quorum.lake import Bars
from quorum.stats import Regime, market_regimes
from quorum.stats.performance import periods_per_year

Floats = NDArray[np.float64]

VOLATILITY_DAYS, YEAR_OF_DAYS = 20, 252
LOW, HIGH = 0.2, 0.8
TREND_DAYS = 126
LEAST_RANKED = 20
CORRELATION_DAYS, LEAST_COMMON, CORRELATED = 90, 20, 0.7
MOST_SYMBOLS = 60
MONDAY_OF_WEEK = 4 * DAY  # 1970-01-01 was a Thursday: weeks turn four days after it
WEEK = 7 * DAY


class Level(NamedTuple):
    """A price that many look at: what it is, and the open of the first bar of its period (ns UTC)."""

    name: str
    price: float
    since: int


def volatility_regime(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """How volatile the last 20 whole days were among those of the last year, and where the market is heading.

    `regime` is low in the lowest fifth, high in the highest, else normal (ours); `volatility` is a fraction a year.
    `trend` is bull, bear or sideways by the last 126 days, unknown before there are so many. DataError for fewer than
    40 days.
    """
    bars = bars_of(desk, assignment)
    days = days_of(bars, assignment.as_of)
    rolling = rolling_volatility(log_returns(days.close), VOLATILITY_DAYS)
    known = rolling[np.isfinite(rolling)][-YEAR_OF_DAYS:]
    if len(known) < LEAST_RANKED:
        raise DataError(
            f"{bars.symbol} has {len(days)} whole days, a rank needs {VOLATILITY_DAYS + LEAST_RANKED}",
            "import more history",
        )
    year = float(np.sqrt(periods_per_year(days.time)))
    rank = float(np.mean(known[:-1] < known[-1]))
    return {
        "snapshot": told(bars, assignment.as_of),
        "regime": "low" if rank <= LOW else "high" if rank >= HIGH else "normal",
        "volatility": float(known[-1]) * year,
        "median_volatility": float(np.median(known)) * year,
        "rank": rank,
        "ranked_days": len(known),
        "window_days": VOLATILITY_DAYS,
        "trend": _trend(days.close),
    }


def _trend(close: Floats) -> str:
    """The regime of the day that follows the last close."""
    labels = market_regimes(np.append(close, close[-1]), TREND_DAYS)
    return Regime(int(labels[-1])).name.lower()


def correlation_matrix(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """How the daily log returns of the lake's symbols moved together over the last 90 days, pair by pair.

    Symbols are `symbols`, else all that the lake has in the timeframe asked for, at most 60. A pair with fewer than 20
    common days has null; `close_pairs` are those above 0.7. `left_out` names symbols without enough days.
    """
    bars = bars_of(desk, assignment)
    window = whole(assignment, "window_days", CORRELATION_DAYS, LEAST_COMMON)
    above = number(assignment, "above", CORRELATED)
    returns: dict[str, dict[int, float]] = {}
    left_out: dict[str, str] = {}
    for symbol, venue in _others(desk, assignment, bars):
        found = _daily_returns(desk, bars, (symbol, venue), assignment.as_of, window)
        if len(found) >= LEAST_COMMON:
            returns[symbol] = found
        else:
            left_out[symbol] = f"{len(found)} days with a return, {LEAST_COMMON} are needed"
    matrix = [[_correlation(a, b) for b in returns.values()] for a in returns.values()]
    return {
        "snapshot": told(bars, assignment.as_of),
        "symbols": list(returns),
        "matrix": matrix,
        "close_pairs": list(_pairs(list(returns), matrix, above)),
        "above": above,
        "window_days": window,
        "left_out": left_out,
    }


def _others(desk: Desk, assignment: Assignment, bars: Bars) -> Sequence[tuple[str, str | None]]:
    """The symbols to compare, with the bars' own first, each with its venue where the lake chose it."""
    named = assignment.params.get("symbols")
    if named:
        return [(str(name), assignment.params.get("venue")) for name in dict.fromkeys([bars.symbol, *named])]
    known = assignment.as_of - bars.timeframe.nanoseconds
    held = [s for s in desk.lake.series() if s.timeframe == bars.timeframe and s.first <= known]
    at_home = [s for s in held if s.venue == bars.venue]
    first: dict[str, str | None] = {bars.symbol: bars.venue}
    for series in (*at_home, *held):
        first.setdefault(series.symbol, series.venue)
    if len(first) > MOST_SYMBOLS:
        raise UsageError(
            f"the lake has {len(first)} symbols in {bars.timeframe}, at most {MOST_SYMBOLS} are compared",
            "name them in the parameter symbols",
        )
    return list(first.items())


def _daily_returns(desk: Desk, bars: Bars, name: tuple[str, str | None], as_of: int, window: int) -> dict[int, float]:
    """Log returns by UTC day, of the whole days within `window` days before `as_of`."""
    symbol, venue = name
    held = bars if symbol == bars.symbol else desk.lake.bars(symbol, bars.timeframe, venue).as_of(as_of)
    days = days_of(held, as_of)
    if not len(days):
        return {}
    change, day = log_returns(days.close), days.time // DAY
    recent = (day >= as_of // DAY - window) & np.isfinite(change)
    return dict(zip(day[recent].tolist(), change[recent].tolist(), strict=True))


def _correlation(a: dict[int, float], b: dict[int, float]) -> float | None:
    if a is b:
        return 1.0
    common = sorted(a.keys() & b.keys())
    if len(common) < LEAST_COMMON:
        return None
    x, y = np.array([a[day] for day in common]), np.array([b[day] for day in common])
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    return float(np.clip(np.corrcoef(x, y)[0, 1], -1.0, 1.0))


def _pairs(names: Sequence[str], matrix: Sequence[Sequence[float | None]], above: float) -> Iterator[dict[str, Any]]:
    for i, first in enumerate(names):
        for j in range(i):
            found = matrix[i][j]
            if found is not None and found > above:
                yield {"symbols": [names[j], first], "correlation": found}


def key_levels(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """The prices that many look at: highs, lows and closes of the day, week and month before, pivots, long extremes.

    Prices are in the quote currency, `distance` is (price - close) / close; periods are UTC days, weeks from Monday,
    and months. The classic pivot is the mean of the day's high, low and close. DataError without a whole day.
    """
    bars = bars_of(desk, assignment)
    days = days_of(bars, assignment.as_of)
    if not len(days):
        raise DataError(f"{bars.symbol} has no whole day at {iso(assignment.as_of)}", "import more history")
    close = float(bars.close[-1])
    levels = sorted(_levels(days, assignment.as_of), key=lambda level: -level.price)
    return {
        "snapshot": told(bars, assignment.as_of),
        "close": close,
        "levels": [
            {"name": at.name, "price": at.price, "distance": at.price / close - 1.0, "since": iso(at.since)}
            for at in levels
        ],
    }


def _levels(days: Bars, as_of: int) -> Iterator[Level]:
    yield from _period("day", days.slice(len(days) - 1, len(days)))
    yield from _pivots(days.slice(len(days) - 1, len(days)))
    week = (as_of - MONDAY_OF_WEEK) // WEEK * WEEK + MONDAY_OF_WEEK
    yield from _period("week", days.between(week - WEEK, week))
    month = np.datetime64(as_of, "ns").astype("datetime64[M]")
    edges = [int(edge.astype("datetime64[ns]").astype(np.int64)) for edge in (month - 1, month)]
    yield from _period("month", days.between(edges[0], edges[1]))
    for count in (20, YEAR_OF_DAYS):
        if len(days) >= count:
            yield from _extremes(f"{count}_days", days.slice(len(days) - count, len(days)))


def _period(name: str, days: Bars) -> Iterator[Level]:
    if len(days):
        yield from _extremes(f"{name}_before", days)
        yield Level(f"{name}_before_close", float(days.close[-1]), int(days.time[0]))


def _extremes(name: str, days: Bars) -> Iterator[Level]:
    high, low = _high_low(days)
    yield Level(f"{name}_high", high, int(days.time[0]))
    yield Level(f"{name}_low", low, int(days.time[0]))


def _pivots(day: Bars) -> Iterator[Level]:
    """The pivot of a day with its first support and resistance."""
    high, low = _high_low(day)
    pivot = (high + low + float(day.close[-1])) / 3.0
    for name, price in (("pivot", pivot), ("resistance_1", 2.0 * pivot - low), ("support_1", 2.0 * pivot - high)):
        yield Level(name, price, int(day.time[0]))


def _high_low(days: Bars) -> tuple[float, float]:
    high = days.close if days.high is None else days.high
    low = days.close if days.low is None else days.low
    return float(high.max()), float(low.min())
