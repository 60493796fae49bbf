"""Strategies without any edge: random rules on martingales, and rules whose whole edge is less than it costs."""

from __future__ import annotations

from typing import Any

import numpy as np

from quorum.surfaces.bench.planted.moves import A_YEAR, Moves, memory

Plain = dict[str, Any]
_FIRST = (
    ("close > sma(close, window) + level * atr(20)", "close < sma(close, window) - level * atr(20)"),
    ("zscore(close, window) < -level", "zscore(close, window) > level"),
    ("zscore(close, window) > level", "zscore(close, window) < -level"),
    ("rsi(close, window) < 50 - 12 * level", "rsi(close, window) > 50 + 12 * level"),
    ("close > donchian_upper(window)", "close < donchian_lower(window)"),
    ("roc(close, window) > level * volatility(close, 60)", "roc(close, window) < -level * volatility(close, 60)"),
    ("volume > level * mean_volume(window) and close > open", "volume > level * mean_volume(window) and close < open"),
    ("slope(close, window) > level * stdev(close, 60) / 60", "slope(close, window) < -level * stdev(close, 60) / 60"),
)
_SECOND = (
    "close > ema(close, {n})",
    "close < ema(close, {n})",
    "volatility(close, {n}) > volatility(close, 4 * {n})",
    "hour >= {hour}",
    "weekday < {day}",
    "rank(volume, {n}) > 0.3",
)


def random_rule(rng: np.random.Generator, number: int) -> Plain:
    """A spec that somebody might think of: one condition with two parameters, another beside it, and a holding."""
    long, short = _FIRST[int(rng.integers(len(_FIRST)))]
    if rng.random() < 0.5:
        long, short = short, long
    n, hour, day = int(rng.integers(10, 80)), 4 * int(rng.integers(0, 3)), int(rng.integers(4, 7))
    beside = _SECOND[int(rng.integers(len(_SECOND)))].format(n=n, hour=hour, day=day)
    window, level, hold = int(rng.integers(6, 60)), round(float(rng.uniform(0.5, 1.8)), 2), int(rng.integers(3, 20))
    spec: Plain = {
        "name": f"planted_noise_{number}",
        "parameters": {
            "window": {"default": window, "low": 2, "high": 400, "search": _around(window, (0.3, 0.5, 0.75, 1.4, 2.0))},
            "level": {"default": level, "low": 0.0, "high": 4.0, "search": _around(level, (0.4, 0.7, 1.3))},
            "size": {"default": 0.2, "low": 0.05, "high": 1.0},
        },
        "long": f"{long} and {beside} and volume > {1 + number / 1000:g}",
        "weight": "size",
        "hold": str(hold),
    }
    return spec if rng.random() < 0.3 else spec | {"short": f"{short} and volume > {1 + number / 1000:g}"}


def _around(value: float, factors: tuple[float, ...]) -> list[float]:
    kind: Any = int if isinstance(value, int) else float
    return sorted({value, *(max(kind(2 if kind is int else 0), kind(round(value * f, 2))) for f in factors)})


def bounced(rng: np.random.Generator, n: int, half_spread: float) -> Moves:
    """Closes that are now a bid and now an ask, `half_spread` (a fraction) off a martingale."""
    sigma = np.full(n, 0.15 / np.sqrt(A_YEAR)) * np.exp(0.2 * memory(rng, 60.0, n))
    side = np.where(rng.random(n) < 0.5, -half_spread, half_spread)
    returns = sigma * rng.standard_normal(n) - sigma**2 / 2 + np.diff(side, prepend=side[0])
    return Moves(returns, np.exp(0.25 * rng.standard_normal(n)), sigma)


def stale(rng: np.random.Generator, n: int, share: float) -> Moves:
    """Closes of which `share` is the close before: news arrives over several bars."""
    sigma = np.full(n, 0.20 / np.sqrt(A_YEAR)) * np.exp(0.2 * memory(rng, 60.0, n))
    news = sigma * rng.standard_normal(n) - sigma**2 / 2
    returns = news.copy()
    for i in range(1, n):
        returns[i] = (1.0 - share) * news[i] + share * returns[i - 1]
    return Moves(returns, np.exp(0.25 * rng.standard_normal(n)), sigma)


def illusion(bounce: bool, number: int, window: int) -> Plain:
    """A rule that earns on almost every bar before costs: against the last move where closes bounce, with it where
    they are stale."""
    up, down = "close > sma(close, window)[1]", "close < sma(close, window)[1]"
    long, short = (down, up) if bounce else (up, down)
    least = f" and volume > {1 + number / 1000:g}"
    return {
        "name": f"planted_illusion_{number}",
        "parameters": {
            "window": {"default": window, "low": 1, "high": 60, "search": [1, 2, 3, 4, 5, 6]},
            "size": {"default": 0.5, "low": 0.05, "high": 1.0},
        },
        "long": long + least,
        "short": short + least,
        "weight": "size",
    }
