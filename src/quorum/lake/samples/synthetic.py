"""A made-up market that behaves like one: regimes, clustered volatility, jumps, fat tails, assets that move together.

Stochastic volatility as in Taylor (1986), two time scales of it; regimes as in Hamilton (1989), shared by all assets;
jumps as in Merton (1976); highs and lows are the extremes of a Brownian bridge (its maximum by inversion).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DAY, HOUR, Timeframe, UsageError
from quorum.lake.bars import Bars, Floats, Instants

VENUE = "synthetic"
_TAIL = 5.0
_MARKET, _ASSET = 1, 2


class Regime(NamedTuple):
    """A mood of the market: mean length in days, log drift and jumps a day, volatility factor, correlation; `next` are
    the chances of the regimes that may follow, in the order of REGIMES.
    """

    name: str
    days: float
    drift: float
    volatility: float
    correlation: float
    jumps: float
    next: tuple[float, float, float, float]


REGIMES = (
    Regime("bull", 40.0, 0.0022, 0.9, 0.55, 0.02, (0.0, 0.45, 0.45, 0.10)),
    Regime("bear", 20.0, -0.0022, 1.3, 0.65, 0.04, (0.40, 0.0, 0.35, 0.25)),
    Regime("quiet", 25.0, 0.0002, 0.5, 0.40, 0.01, (0.55, 0.35, 0.0, 0.10)),
    Regime("crisis", 6.0, -0.0110, 2.5, 0.88, 0.25, (0.30, 0.50, 0.20, 0.0)),
)


class _Market(NamedTuple):
    """What all assets share, bar by bar; shapes (n,)."""

    time: Instants
    days: float
    regime: NDArray[np.int64]
    volatility: Floats
    shock: Floats
    jump: Floats
    season: Floats


def synthetic_market(
    seed: int, symbols: Sequence[str], timeframe: Timeframe, start: int, count: int
) -> dict[str, Bars]:
    """`count` bars of each symbol from `start` (ns UTC) on, without gaps; venue `synthetic`.

    The same arguments give the same bytes; a longer run begins with the shorter one, and an asset does not depend on
    which others are asked for. Prices lie on a grid of 2 to 6 decimals. UsageError for an empty or doubled request.
    """
    if count < 1 or not symbols or len(set(symbols)) != len(symbols):
        raise UsageError(f"{count} bars of {list(symbols)} make no market", "ask for bars of one or more symbols")
    market = _market(np.random.SeedSequence([seed, _MARKET]), timeframe, start, count)
    return {symbol: _asset(market, seed, symbol, timeframe) for symbol in symbols}


def _market(seed: np.random.SeedSequence, timeframe: Timeframe, start: int, count: int) -> _Market:
    moods, slow, fast, shocks, tails, jumps = (np.random.default_rng(s) for s in seed.spawn(6))
    days = timeframe.nanoseconds / DAY
    time = start + np.arange(count, dtype=np.int64) * timeframe.nanoseconds
    regime = _regimes(moods, days, count)
    log_volatility = 0.30 * _memory(slow, 8.0, days, count) + 0.25 * _memory(fast, 0.4, days, count)
    fat = np.sqrt((_TAIL - 2) / tails.chisquare(_TAIL, count))
    rate = _of("jumps", regime) * days
    happens = jumps.random((count, 2))
    jump = np.where(happens[:, 0] < rate, 0.06 * (happens[:, 1] - 0.6), 0.0)
    volatility = _of("volatility", regime) * np.exp(log_volatility) * fat
    return _Market(time, days, regime, volatility, shocks.standard_normal(count), jump, _season(time, timeframe))


def _regimes(rng: np.random.Generator, days: float, count: int) -> NDArray[np.int64]:
    """Index in REGIMES of each bar: lengths are exponential, the next regime follows by chance."""
    ends, states, state, end = [], [], 0, 0.0
    while end <= count * days:
        end += rng.exponential(REGIMES[state].days)
        ends.append(end)
        states.append(state)
        state = int(rng.choice(len(REGIMES), p=REGIMES[state].next))
    return np.asarray(states)[np.searchsorted(ends, np.arange(count) * days, "right")]


def _of(field: str, regime: NDArray[np.int64]) -> Floats:
    return np.asarray([getattr(r, field) for r in REGIMES])[regime]


def _memory(rng: np.random.Generator, half_life: float, days: float, count: int) -> Floats:
    """A Gaussian process of variance 1 that forgets half of its value in `half_life` days."""
    keep = 0.5 ** (days / half_life)
    noise = np.sqrt(1 - keep**2) * rng.standard_normal(count)
    noise[0] /= np.sqrt(1 - keep**2)
    return np.fromiter(accumulate(noise.tolist(), lambda held, new: keep * held + new), np.float64, count)


def _season(time: Instants, timeframe: Timeframe) -> Floats:
    """How busy each bar's part of the day is, about 1 on average: afternoons in UTC more than nights."""
    width = timeframe.nanoseconds / DAY
    middle = (time % DAY + timeframe.nanoseconds / 2 - 15 * HOUR) / DAY
    season: Floats = 1 + 0.4 * np.cos(2 * np.pi * middle) * np.sinc(width)
    return season


def _asset(market: _Market, seed: int, symbol: str, timeframe: Timeframe) -> Bars:
    root = np.random.SeedSequence([seed, _ASSET, *symbol.encode()])
    traits, own, moods, jumps, gaps, paths, trades = (np.random.default_rng(s) for s in root.spawn(7))
    n = len(market.time)
    price, daily, beta, turnover = 10 ** traits.uniform(0, 4.6), *traits.uniform((0.02, 0.8, 7), (0.045, 1.2, 9))
    sigma = daily * np.sqrt(market.days * market.season) * market.volatility
    sigma = sigma * np.exp(0.3 * _memory(moods, 4.0, market.days, n))
    shared = _of("correlation", market.regime)
    shock = np.sqrt(shared) * market.shock + np.sqrt(1 - shared) * own.standard_normal(n)
    happens = jumps.random((n, 2))
    own_jump = np.where(happens[:, 0] < 0.015 * market.days, 0.16 * (happens[:, 1] - 0.5), 0.0)
    moves = beta * (_of("drift", market.regime) * market.days + market.jump) + sigma * shock + own_jump
    close = np.log(price) + np.cumsum(moves)
    before = np.concatenate([[np.log(price)], close[:-1]])
    open_ = before + 0.05 * sigma * gaps.standard_normal(n)
    decimals = max(2, 4 - int(np.log10(price)))
    volume = _volume(trades, market, 10**turnover / price, np.abs(moves) / daily)
    prices = _prices(open_, close, sigma, paths.random((n, 2)), decimals)
    return Bars(symbol, VENUE, timeframe, market.time.copy(), **prices, volume=volume, price_decimals=decimals)


def _prices(open_: Floats, close: Floats, sigma: Floats, chance: Floats, decimals: int) -> dict[str, Any]:
    """Log open and close with the extremes of a bridge between them, as prices on the grid, at least one tick."""
    change = close - open_
    reach = np.sqrt(change[:, None] ** 2 - 2 * sigma[:, None] ** 2 * np.log1p(-chance))
    logs = {
        "open": open_,
        "high": open_ + (change + reach[:, 0]) / 2,
        "low": open_ + (change - reach[:, 1]) / 2,
        "close": close,
    }
    scale = 10.0**decimals
    return {name: np.maximum(np.rint(np.exp(log) * scale), 1.0) / scale for name, log in logs.items()}


def _volume(rng: np.random.Generator, market: _Market, daily: float, moved: Floats) -> Floats:
    """Units traded: more in busy hours, in volatile times and when the price moves; three decimals, never 0."""
    usual = daily * market.days * market.season * np.sqrt(_of("volatility", market.regime))
    lively = 1 + 2.5 * moved / np.sqrt(market.days)
    traded: Floats = np.rint(usual * lively * np.exp(0.35 * rng.standard_normal(len(moved))) * 1e3) / 1e3
    return np.maximum(traded, 1e-3)
