"""Kinds of sound strategies: what stands in the market, and the rule that earns by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from quorum.surfaces.bench.planted.moves import (
    Draw,
    Shape,
    after_shocks,
    after_volume,
    at_hours,
    drifting,
    returning,
)

TRUE_SHARPE = 2.5
SHAPES = 20
Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A planted thing and its rule.

    `shape` draws what a market of this kind looks like together with the parameters that suit it; `parameters` are
    the rule's, as (low, high); `window` and `threshold` name the parameters that these words mean here.
    """

    name: str
    draw: Draw
    shape: Callable[[np.random.Generator], Shape]
    parameters: Mapping[str, tuple[float, float]]
    searched: Mapping[str, tuple[float, ...]]
    rules: Mapping[str, str | Mapping[str, str]]
    window: str
    threshold: str | None = None

    def sound(self, shape: Shape, number: int = 0) -> Plain:
        """The rule as a spec, its defaults those that suit the shape, its search values around them."""
        return self.spec({name: shape[name] for name in self.parameters}, number)

    def spec(self, defaults: Mapping[str, float], number: int) -> Plain:
        """The rule as a spec with these defaults.

        It trades at no less than a volume that each number has its own of and every bar exceeds: trials are counted by
        rule, and those of one planted strategy are not another's.
        """
        parameters = {name: self._parameter(name, defaults[name]) for name in self.parameters}
        least = f" and volume > {1 + number / 1000:g}"
        entries = {side: f"{self.rules[side]}{least}" for side in ("long", "short")}
        return {"name": f"planted_{self.name}_{number}", "parameters": parameters, **self.rules, **entries}

    def _parameter(self, name: str, default: float) -> Plain:
        low, high = self.parameters[name]
        form: Plain = {"default": default, "low": low, "high": high}
        if name in self.searched:
            around = [self.fitting(name, default * factor) for factor in self.searched[name]]
            form["search"] = sorted({*around, default})
        return form

    def fitting(self, name: str, value: float) -> float:
        """`value` within the bounds of a parameter, whole where they are."""
        low, high = self.parameters[name]
        kept = min(max(value, low), high)
        return round(kept) if isinstance(low, int) else round(float(kept), 4)


def _trend(rng: np.random.Generator) -> Shape:
    half_life = float(rng.uniform(6, 12))
    return {
        "volatility": float(rng.uniform(0.6, 1.1)),
        "half_life": half_life,
        "window": round(half_life * rng.uniform(0.8, 1.3)),
        "threshold": round(float(rng.uniform(0.8, 1.2)), 2),
        "size": round(float(rng.uniform(0.18, 0.26)), 2),
    }


def _breakout(rng: np.random.Generator) -> Shape:
    half_life = float(rng.uniform(7, 11))
    return {
        "volatility": float(rng.uniform(0.6, 1.1)),
        "half_life": half_life,
        "window": round(half_life * rng.uniform(0.8, 1.2)),
        "buffer": round(float(rng.uniform(0.1, 0.4)), 2),
        "leave": max(4, round(half_life * 0.5)),
        "size": round(float(rng.uniform(0.18, 0.26)), 2),
    }


def _reversion(rng: np.random.Generator) -> Shape:
    half_life = float(rng.uniform(4, 10))
    return {
        "volatility": float(rng.uniform(0.6, 1.1)),
        "half_life": half_life,
        "window": round(half_life * rng.uniform(3.0, 5.0)),
        "threshold": round(float(rng.uniform(1.3, 1.8)), 2),
        "size": round(float(rng.uniform(0.18, 0.26)), 2),
    }


def _hours(rng: np.random.Generator) -> Shape:
    day, other = (int(d) for d in rng.choice(7, 2, replace=False))
    return {
        "volatility": float(rng.uniform(0.6, 1.1)),
        "day": day,
        "other": other,
        "at": 4 * int(rng.integers(1, 5)),
        "hold": int(rng.integers(5, 9)),
        "size": round(float(rng.uniform(0.18, 0.26)), 2),
    }


def _events(rng: np.random.Generator) -> Shape:
    return {
        "volatility": float(rng.uniform(0.6, 1.1)),
        "rate": float(rng.uniform(110, 170)),
        "hold": int(rng.integers(6, 12)),
        "window": int(rng.integers(40, 90)),
        "threshold": round(float(rng.uniform(2.4, 2.9)), 2),
        "size": round(float(rng.uniform(0.15, 0.22)), 2),
    }


_SIZE = {"size": (0.05, 1.0)}
_FEW = (0.4, 0.6, 0.8, 1.25, 1.6, 2.2)
_MANY = (0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.25, 1.6, 2.0, 2.5, 3.0)

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "momentum",
            drifting,
            _trend,
            {"window": (2, 400), "threshold": (0.0, 6.0), **_SIZE},
            {"window": _MANY},
            {
                "indicators": {"trend": "roc(close, window) / (volatility(close, 120) * sqrt(window))"},
                "long": "trend > threshold",
                "exit_long": "trend < 0",
                "short": "trend < -threshold",
                "exit_short": "trend > 0",
                "weight": "size",
            },
            "window",
            "threshold",
        ),
        Kind(
            "breakout",
            drifting,
            _breakout,
            {"window": (2, 400), "buffer": (0.0, 8.0), "leave": (2, 200), **_SIZE},
            {"window": _MANY},
            {
                "indicators": {"edge": "buffer * atr(20)"},
                "long": "close > donchian_upper(window) + edge",
                "exit_long": "close < donchian_lower(leave)",
                "short": "close < donchian_lower(window) - edge",
                "exit_short": "close > donchian_upper(leave)",
                "weight": "size",
            },
            "window",
            "buffer",
        ),
        Kind(
            "reversion",
            returning,
            _reversion,
            {"window": (3, 400), "threshold": (0.1, 6.0), **_SIZE},
            {"threshold": _MANY},
            {
                "indicators": {"score": "zscore(close, window)"},
                "long": "score < -threshold",
                "exit_long": "score > 0",
                "short": "score > threshold",
                "exit_short": "score < 0",
                "weight": "size",
            },
            "window",
            "threshold",
        ),
        Kind(
            "hours",
            at_hours,
            _hours,
            {"day": (0, 6), "other": (0, 6), "at": (0, 20), "hold": (1, 40), **_SIZE},
            {"hold": _FEW},
            {
                "long": "weekday == day and hour == at",
                "short": "weekday == other and hour == at",
                "weight": "size",
                "hold": "hold",
            },
            "hold",
        ),
        Kind(
            "volume",
            after_volume,
            _events,
            {"window": (5, 400), "threshold": (0.1, 30.0), "hold": (1, 60), **_SIZE},
            {"threshold": _FEW},
            {
                "indicators": {"busy": "volume / mean_volume(window)"},
                "long": "busy > threshold and close > open",
                "short": "busy > threshold and close < open",
                "weight": "size",
                "hold": "hold",
            },
            "hold",
            "threshold",
        ),
        Kind(
            "shock",
            after_shocks,
            _events,
            {"window": (5, 400), "threshold": (0.1, 12.0), "hold": (1, 60), **_SIZE},
            {"threshold": _FEW},
            {
                "indicators": {"move": "log(close / close[1]) / volatility(close, window)"},
                "long": "move < -threshold",
                "short": "move > threshold",
                "weight": "size",
                "hold": "hold",
            },
            "hold",
            "threshold",
        ),
    )
}


def shape_of(kind: Kind, index: int) -> Shape:
    """The shape of that number, 0 to 19, the same for ever."""
    return kind.shape(np.random.default_rng([*kind.name.encode(), index]))
