"""Moves: log returns in which something stands that a simple rule can earn by, and bars made of them.

Everything else is a martingale with slowly changing volatility: with a strength of 0 there is nothing to earn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from quorum.domain import DAY, HOUR, Timeframe, parse_instant
from quorum.lake import Bars

FOUR_HOURS = Timeframe.parse("4h")
A_DAY = 6
A_YEAR = 365 * A_DAY
START = parse_instant("2021-01-01")
DAYS = 1_250
BARS = DAYS * A_DAY
Floats = NDArray[np.float64]
Shape = Mapping[str, float]


class Moves(NamedTuple):
    """Log returns (n,), how many times the usual volume was traded (n,), and each bar's usual deviation (n,)."""

    returns: Floats
    volume: Floats
    sigma: Floats


Draw = Callable[[np.random.Generator, int, Shape, float], Moves]
"""Draws n bars of a shape, the planted thing that strong."""


def quiet(rng: np.random.Generator, n: int, shape: Shape) -> Moves:
    """Nothing to earn: a martingale of `volatility` a year, its deviation wandering by a fifth."""
    sigma = shape["volatility"] / np.sqrt(A_YEAR) * np.exp(0.2 * memory(rng, 60.0, n))
    volume = np.exp(0.25 * rng.standard_normal(n))
    return Moves(sigma * rng.standard_normal(n) - sigma**2 / 2, volume, sigma)


def memory(rng: np.random.Generator, half_life: float, n: int) -> Floats:
    """A Gaussian process (n,) of variance 1 that forgets half of its value in `half_life` bars."""
    keep = 0.5 ** (1.0 / half_life)
    noise = np.sqrt(1.0 - keep**2) * rng.standard_normal(n)
    noise[0] /= np.sqrt(1.0 - keep**2)
    held: Floats = lfilter([1.0], [1.0, -keep], noise)
    return held


def drifting(rng: np.random.Generator, n: int, shape: Shape, strength: float) -> Moves:
    """A drift that comes and goes, its deviation `strength` of the bar's."""
    base = quiet(rng, n, shape)
    drift = base.sigma * strength * memory(rng, shape["half_life"], n)
    return base._replace(returns=base.returns + drift)


def returning(rng: np.random.Generator, n: int, shape: Shape, strength: float) -> Moves:
    """A part of the price that always comes back to 0, of `strength` deviations of a bar."""
    base = quiet(rng, n, shape)
    away = base.sigma.mean() * strength * memory(rng, shape["half_life"], n)
    return base._replace(returns=base.returns + np.diff(away, prepend=away[0]))


def at_hours(rng: np.random.Generator, n: int, shape: Shape, strength: float) -> Moves:
    """A drift up in the bars after one bar of the week, and down after another."""
    base = quiet(rng, n, shape)
    time = times(n)
    hour, day = time % DAY // HOUR, (time // DAY + 3) % 7
    up = (day == shape["day"]) & (hour == shape["at"])
    down = (day == shape["other"]) & (hour == shape["at"])
    return base._replace(returns=base.returns + strength * base.sigma * after(up, down, int(shape["hold"])))


def after_volume(rng: np.random.Generator, n: int, shape: Shape, strength: float) -> Moves:
    """Now and then a bar with much volume, and a drift its way in the bars after it."""
    base = quiet(rng, n, shape)
    busy = rng.random(n) < shape["rate"] / A_YEAR
    volume = np.where(busy, base.volume * rng.uniform(3.0, 6.0, n), base.volume)
    drift = after(busy & (base.returns > 0), busy & (base.returns < 0), int(shape["hold"]))
    return base._replace(returns=base.returns + strength * base.sigma * drift, volume=volume)


def after_shocks(rng: np.random.Generator, n: int, shape: Shape, strength: float) -> Moves:
    """Now and then a shock of several deviations, of which some is given back in the bars after it."""
    base = quiet(rng, n, shape)
    side = np.where(rng.random(n) < 0.5, -1.0, 1.0)
    hit = rng.random(n) < shape["rate"] / A_YEAR
    shock = np.where(hit, side * rng.uniform(3.5, 6.0, n) * base.sigma, 0.0)
    back = after(hit & (side < 0), hit & (side > 0), int(shape["hold"]))
    return base._replace(returns=base.returns + shock + strength * base.sigma * back)


def after(up: NDArray[np.bool_], down: NDArray[np.bool_], hold: int) -> Floats:
    """1 in the `hold` bars after an `up`, -1 after a `down`, the sum where they meet."""
    sign = up.astype(np.float64) - down
    reach = np.concatenate([[0.0], np.ones(hold)])
    return np.convolve(sign, reach)[: len(sign)]


def times(n: int) -> NDArray[np.int64]:
    """The opens (n,) of bars of four hours from the start on."""
    return START + np.arange(n, dtype=np.int64) * FOUR_HOURS.nanoseconds


def bars_of(rng: np.random.Generator, moves: Moves, symbol: str, venue: str) -> Bars:
    """Bars of four hours: each opens near the last close, and reaches as far as a Brownian bridge would."""
    close = np.log(100.0) + np.cumsum(moves.returns)
    before = np.concatenate([[np.log(100.0)], close[:-1]])
    opened = before + 0.03 * moves.sigma * rng.standard_normal(len(close))
    change = close - opened
    chance = rng.random((2, len(close)))
    reach = np.sqrt(change**2 - 2.0 * moves.sigma**2 * np.log1p(-chance))
    logs = {"open": opened, "close": close, "high": opened + (change + reach[0]) / 2}
    logs["low"] = opened + (change - reach[1]) / 2
    prices = {name: np.rint(np.exp(log) * 1e6) / 1e6 for name, log in logs.items()}
    volume = np.rint(1e6 * moves.volume) / 1e3
    return Bars(symbol, venue, FOUR_HOURS, times(len(close)), **prices, volume=volume, price_decimals=6)
