"""Made-up markets to examine a strategy on: hours without a close, sessions with nights between, weekdays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DAY, HOUR, MINUTE, Timeframe, parse_instant
from quorum.lake import Bars, Panel
from quorum.lake.samples import synthetic_market
from quorum.signals import AnyStrategy, Params, is_portfolio, read_params
from quorum.validation.lookahead.answers import Data

LONGEST = 50_000
_BEGIN = parse_instant("2024-01-01T00:00:00Z")
_FUNDING_HOURS = 8
_OPENS, _CLOSES = 13 * HOUR + 30 * MINUTE, 20 * HOUR

Floats = NDArray[np.float64]


def markets_for(strategy: AnyStrategy, params: Params, seed: int = 0, rows: int = 1_800) -> list[Data]:
    """Three markets that suit the strategy, as Bars or as Panels: hourly, quarters of an hour in sessions, daily.

    Together they have missing bars, flat stretches, nights, weekends, a trend, prices on a grid and off it, volume and
    funding. `rows` bars each, more for a long warm-up. A portfolio gets as many symbols as it takes, up to five, of
    which two are cointegrated and one begins late.
    """
    count = min(LONGEST, max(rows, 2 * strategy.warmup(read_params(strategy, params)) + rows // 2))
    if not is_portfolio(strategy):
        return [made[0] for made in _markets(seed, ["MADE"], count)]
    least, most = strategy.symbols
    symbols = [f"MADE{j + 1}" for j in range(max(least, min(5, 5 if most is None else most)))]
    return [Panel.of(_together(made, seed)) for made in _markets(seed, symbols, count)]


def _markets(seed: int, symbols: Sequence[str], count: int) -> list[list[Bars]]:
    rng = np.random.default_rng([seed, 1])
    return [
        [
            _lively(bars, np.random.default_rng([seed, 2, j]))
            for j, bars in enumerate(_hourly(seed, symbols, count, rng))
        ],
        [_funded(bars) for bars in _sessions(seed, symbols, count)],
        [_trending(_funded(bars)) for bars in _weekdays(seed, symbols, count)],
    ]


def _hourly(seed: int, symbols: Sequence[str], count: int, rng: np.random.Generator) -> list[Bars]:
    """Hours around the clock, one in a hundred missing."""
    made = synthetic_market(seed, symbols, Timeframe(HOUR), _BEGIN, count + count // 50)
    kept = rng.random(count + count // 50) >= 0.01
    return [_keep(bars, kept, count) for bars in made.values()]


def _sessions(seed: int, symbols: Sequence[str], count: int) -> list[Bars]:
    """Quarters of an hour from 13:30 to 20:00 UTC on weekdays."""
    weeks = 2 + count // 130
    made = synthetic_market(seed + 1, symbols, Timeframe(15 * MINUTE), _BEGIN, weeks * 7 * 96)
    time = next(iter(made.values())).time
    kept = _is_weekday(time) & (time % DAY >= _OPENS) & (time % DAY < _CLOSES)
    return [_keep(bars, kept, count) for bars in made.values()]


def _weekdays(seed: int, symbols: Sequence[str], count: int) -> list[Bars]:
    made = synthetic_market(seed + 2, symbols, Timeframe(DAY), _BEGIN, 7 + count * 7 // 5)
    return [_keep(bars, _is_weekday(bars.time), count) for bars in made.values()]


def _is_weekday(time: NDArray[np.int64]) -> NDArray[np.bool_]:
    # day 0, the first of January 1970, was a Thursday
    return (time // DAY + 3) % 7 < 5


def _keep(bars: Bars, kept: NDArray[np.bool_], count: int) -> Bars:
    cut: dict[str, Any] = {name: column[kept][:count] for name, column in bars.columns().items()}
    return replace(bars, **cut)


def _lively(bars: Bars, rng: np.random.Generator) -> Bars:
    """With funding, and with three stretches of half a day on which nothing trades."""
    columns = {name: column.copy() for name, column in bars.columns().items()}
    for first in rng.integers(1, max(2, len(bars) - 12), 3):
        still = slice(int(first), int(first) + 12)
        for name in ("open", "high", "low", "close"):
            columns[name][still] = columns["close"][int(first) - 1]
    cut: dict[str, Any] = columns
    return _funded(replace(bars, **cut))


def _funded(bars: Bars) -> Bars:
    """With a funding rate every eight hours that follows what the price did before."""
    settled = (bars.time // HOUR % _FUNDING_HOURS == 0) & (bars.time % HOUR == 0)
    before = np.concatenate([[0.0], np.diff(np.log(bars.close))])
    rate = np.clip(1e-4 + 0.02 * before, -3e-3, 3e-3)
    return replace(bars, funding=np.where(settled, np.round(rate, 6), 0.0))


def _trending(bars: Bars) -> Bars:
    """Drifting upwards by 0.1 % a bar, its prices off any grid."""
    rise = np.exp(0.001 * np.arange(len(bars)))
    cut: dict[str, Any] = {name: getattr(bars, name) * rise for name in ("open", "high", "low", "close")}
    return replace(bars, price_decimals=None, **cut)


def _together(series: list[Bars], seed: int) -> list[Bars]:
    """The second follows the first within a few per cent; the last of more than two begins late."""
    if len(series) < 2:
        return series
    rng = np.random.default_rng([seed, 3])
    spread = np.zeros(len(series[0]))
    for i in range(1, len(spread)):
        spread[i] = 0.95 * spread[i - 1] + 0.006 * rng.standard_normal()
    first, second = series[:2]
    cut: dict[str, Any] = {n: getattr(first, n) * 0.4 * np.exp(spread) for n in ("open", "high", "low", "close")}
    series = [
        first,
        replace(first, symbol=second.symbol, volume=second.volume, price_decimals=None, **cut),
        *series[2:],
    ]
    if len(series) > 2:
        late = series[-1]
        series[-1] = late.slice(len(late) // 20, len(late))
    return series
