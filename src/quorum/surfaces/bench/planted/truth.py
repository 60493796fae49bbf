"""The true net Sharpe ratio of a planted strategy, by long simulation, and the strength that makes it 2.5."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from quorum.engine import Terms, backtest
from quorum.signals.specs import SpecStrategy, read_spec
from quorum.surfaces.bench.planted.kinds import TRUE_SHARPE, Kind
from quorum.surfaces.bench.planted.moves import BARS, Floats, Shape, bars_of

YEAR = 365
_TRUTH = 77


class Truth(NamedTuple):
    """A yearly net Sharpe ratio of daily returns and its standard error, and round trips a year."""

    sharpe: float
    error: float
    trades: float


def daily_of(kind: Kind, shape: Shape, strength: float, seed: tuple[int, ...], terms: Terms) -> tuple[Floats, int]:
    """The daily net returns of the sound rule in one market of the benchmark's length, and its round trips."""
    rng = np.random.default_rng(seed)
    moves = kind.draw(rng, BARS, shape, strength)
    bars = bars_of(rng, moves, "TRUTH", "planted")
    result = backtest(bars, SpecStrategy(read_spec(kind.sound(shape))), {}, terms, None)
    return result.daily[1], len(result.trades)


def truth(kind: Kind, shape: Shape, strength: float, markets: int, seed: int = _TRUTH) -> Truth:
    """What the sound rule earns over `markets` fresh markets at the default terms.

    The error is that of Lo (2002) for independent days, sqrt((1 + S^2 / 2) / days), with S the daily ratio.
    """
    drawn = [daily_of(kind, shape, strength, (seed, k), Terms()) for k in range(markets)]
    returns = np.concatenate([daily for daily, _ in drawn])
    ratio = returns.mean() / returns.std(ddof=1)
    error = np.sqrt((1.0 + ratio**2 / 2.0) / len(returns))
    trades = sum(count for _, count in drawn) * YEAR / len(returns)
    return Truth(float(ratio * np.sqrt(YEAR)), float(error * np.sqrt(YEAR)), trades)


def strength_for(kind: Kind, shape: Shape, markets: int, seed: int = _TRUTH) -> float:
    """The strength at which the sound rule's ratio is 2.5 over the same `markets` drawn again and again."""

    def excess(strength: float) -> float:
        return truth(kind, shape, strength, markets, seed).sharpe - TRUE_SHARPE

    low, high = 0.0, 0.05
    while excess(high) < 0.0:
        low, high = high, 2.0 * high
    return float(brentq(excess, low, high, xtol=1e-4, rtol=1e-3))
