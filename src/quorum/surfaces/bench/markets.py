"""The markets that are measured on: made up from a seed, of the sizes that the promises name."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DAY, Timeframe, parse_instant
from quorum.lake import Bars, Panel, synthetic_market

MINUTES = 525_600
SWEPT = 100_000
SYMBOLS, DAYS = 500, 2_520
TOP, LOOKBACK = 75, 120
Floats = NDArray[np.float64]


@cache
def minutes() -> Bars:
    """A year of minutes, hashed."""
    market = synthetic_market(7, ("BENCHUSDT",), Timeframe.parse("1m"), parse_instant("2023-01-01"), MINUTES)
    bars = market["BENCHUSDT"]
    assert bars.data_hash
    return bars


@cache
def stocks() -> Panel:
    """500 symbols over 2,520 weekdays, hashed."""
    rng = np.random.default_rng(7)
    market = rng.normal(0.0003, 0.009, DAYS)
    own = rng.standard_normal((DAYS, SYMBOLS)) * rng.uniform(0.008, 0.025, SYMBOLS)
    close = rng.uniform(10, 200, SYMBOLS) * np.exp(np.cumsum(market[:, None] * rng.uniform(0.5, 1.5, SYMBOLS) + own, 0))
    before = np.concatenate([close[:1], close[:-1]])
    start = before * np.exp(rng.normal(0, 0.003, (DAYS, SYMBOLS)))
    close, start = close.round(4), start.round(4)
    every = np.arange(7 * DAYS) + parse_instant("2014-01-02") // DAY
    days = every[(every + 3) % 7 < 5][:DAYS] * DAY
    names = tuple(f"S{j:03d}" for j in range(SYMBOLS))
    high, low = np.maximum(start, close), np.minimum(start, close)
    panel = Panel(names, "bench", Timeframe(DAY), days, close, start, high, low)
    assert panel.data_hash
    return panel


def month_ends(panel: Panel) -> NDArray[np.bool_]:
    """Which rows (n,) are the last of a month that the panel goes beyond."""
    months = panel.time.astype("datetime64[ns]").astype("datetime64[M]").astype(np.int64)
    ends = np.zeros(len(months), np.bool_)
    ends[:-1] = months[1:] != months[:-1]
    return ends
