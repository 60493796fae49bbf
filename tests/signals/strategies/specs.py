"""Strategies as data, drawn from a seed: entries, exits, stops, targets, trails and sizes of every kind."""

from __future__ import annotations

from typing import Any

import numpy as np

from quorum.signals.specs import StrategySpec, read_spec

QUICK = (
    "close",
    "close[{k}]",
    "(high + low) / 2",
    "sma(close, 3)",
    "ema(close, {m})",
    "where(close > open, high, low)",
)
SLOW = ("sma(close, {n})", "median(close, {n})", "vwap({n})", "wilder(close, {m})", "sma(max(open, close), {n})")
BANDS = (
    ("close > donchian_upper({n})", "close < donchian_lower({n})"),
    ("close > bollinger_upper(close, {n}, 1)", "close < bollinger_lower(close, {n}, 1)"),
    ("high >= highest(high, {n})", "low <= lowest(low, {n})"),
    ("close > close[1] > close[2]", "close < close[1] < close[2]"),
    ("close - ema(close, {m}) > atr({m}) / 2", "ema(close, {m}) - close > atr({m}) / 2"),
)
GAUGES = (
    ("rsi(close, {m})", 20, 80),
    ("rsi(sma(close, 3), {m})", 30, 70),
    ("100 * rank(close, {n})", 10, 90),
    ("50 + 20 * zscore(close, {n})", 15, 85),
    ("50 + 3000 * roc(close, {k})", 30, 70),
    ("50 + 500 * slope(close, {n}) / atr({m})", 20, 80),
    ("100 * count(close > open, {n}) / {n}", 30, 70),
    ("50 + 1000 * macd(close, {m}, {m} + 3) / close", 45, 55),
    ("100 * volume / (volume + mean_volume({n}))", 35, 65),
)
AMOUNTS = ("{f} * atr({m})", "{f} * stdev(close, {n})", "close * {f} / 100", "max({f} * true_range(), close / 200)")
WEIGHTS = (
    "0.5",
    "min(1, 0.002 / volatility(close, {n}))",
    "floor(4 * rank(volume, {n})) / 4",
    "where(side > 0, 1, 0.7)",
)


def random_spec(seed: int) -> StrategySpec:
    """The spec of this seed, its warm-up below 300 bars; it trades on most walks of some hundred bars."""
    return read_spec(random_plain(seed))


def random_plain(seed: int) -> dict[str, Any]:
    """The plain form of this seed's spec, as a file would have it."""
    rng = np.random.default_rng(seed)
    plain: dict[str, Any] = {
        "name": f"drawn_{seed}",
        "summary": "drawn from a seed",
        "parameters": {
            "span": {"default": int(rng.integers(3, 12)), "low": 2, "high": 40, "search": [3, 6, 12]},
            "factor": {"default": round(float(rng.uniform(0.5, 3.0)), 2), "low": 0.1, "high": 9.0},
        },
        "indicators": {"first": _fill(rng, _one(rng, QUICK)), "second": _fill(rng, _one(rng, SLOW))},
    }
    both = rng.random() < 0.5
    sides = ("long", "short") if both else (("long",) if rng.random() < 0.7 else ("short",))
    for side in sides:
        plain[side] = _condition(rng, side == "long")
        if rng.random() < 0.75:
            plain[f"exit_{side}"] = _condition(rng, side != "long")
    bounded = False
    for key in ("stop", "target", "trail"):
        if rng.random() < 0.45:
            plain[key], bounded = _fill(rng, _one(rng, AMOUNTS)), True
    if rng.random() < 0.4:
        plain["weight"] = _fill(rng, _one(rng, WEIGHTS))
    if rng.random() < 0.2 or not (bounded or both or any(key.startswith("exit") for key in plain)):
        plain["hold"] = int(rng.integers(2, 30))
    return plain


def _condition(rng: np.random.Generator, rising: bool) -> str:
    kind = rng.random()
    first = _cross(rng, rising) if rng.random() < 0.6 else _level(rng, rising)
    if kind < 0.5:
        return first
    second = _level(rng, bool(rng.random() < 0.5))
    if kind < 0.7:
        return f"{_level(rng, rising)} and {second}"
    if kind < 0.9:
        return f"{first} or {second} and not {_level(rng, not rising)}"
    return f"{first} and hour not in [3, 4] and weekday < 6"


def _cross(rng: np.random.Generator, rising: bool) -> str:
    word = "above" if rising else "below"
    if rng.random() < 0.6:
        return f"cross_{word}(first, second)"
    gauge, low, high = GAUGES[int(rng.integers(len(GAUGES)))]
    return f"cross_{word}({_fill(rng, gauge)}, {low if rising else high})"


def _level(rng: np.random.Generator, rising: bool) -> str:
    if rng.random() < 0.5:
        return _fill(rng, BANDS[int(rng.integers(len(BANDS)))][0 if rising else 1])
    gauge, low, high = GAUGES[int(rng.integers(len(GAUGES)))]
    return f"{_fill(rng, gauge)} {'<' if rising else '>'} {low if rising else high}"


def _one(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    return choices[int(rng.integers(len(choices)))]


def _fill(rng: np.random.Generator, text: str) -> str:
    window = "span" if rng.random() < 0.4 else str(int(rng.integers(2, 30)))
    return (
        text.replace("{n}", window)
        .replace("{m}", str(int(rng.integers(2, 9))))
        .replace("{k}", str(int(rng.integers(1, 12))))
        .replace("{f}", "factor" if rng.random() < 0.4 else f"{rng.uniform(0.5, 4.0):.2f}")
    )
