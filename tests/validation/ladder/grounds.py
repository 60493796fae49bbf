"""Markets with and without something to find, a rule that finds it, and a ladder that is quick to climb."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from quorum.domain import DAY, HOUR, Timeframe, parse_instant
from quorum.engine import Terms
from quorum.lake import Bars
from quorum.signals import AnyStrategy, Parameter, Params, from_batch
from quorum.validation.evidence import Draws
from quorum.validation.ladder import LADDER, Ladder, Method

START = parse_instant("2019-01-01")
H8 = Timeframe(8 * HOUR)
DAYS = 1_300
BRISK = replace(LADDER, method=Method(draws=Draws(paths=200, resamples=300), examination_seconds=20.0))
Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def swings(seed: int = 1, days: int = DAYS, drift: float = 0.006, symbol: str = "BTCUSDT") -> Bars:
    """Bars of 8 hours that rise for three days or so, then fall as long; without `drift` a random walk."""
    rng = np.random.default_rng(seed)
    n = 3 * days
    state = np.where(np.cumsum(rng.random(n) < 1 / 9) % 2 == 0, 1.0, -1.0)
    return bars_of(np.exp(np.cumsum(drift * state + 0.008 * rng.standard_normal(n))), symbol)


def bars_of(level: Floats, symbol: str = "BTCUSDT", timeframe: Timeframe = H8, venue: str = "binance") -> Bars:
    """Bars that close at 100 times these levels, each opening where the one before closed."""
    close = 100.0 * level
    opens = np.concatenate([[100.0], close[:-1]])
    time = START + np.arange(len(close)) * timeframe.nanoseconds
    high, low = np.maximum(opens, close) * 1.001, np.minimum(opens, close) / 1.001
    return Bars(symbol, venue, timeframe, time, close, opens, high, low, np.full(len(close), 1e6))


def without(bars: Bars, kept: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Bars:
    """Only the bars that are kept."""
    columns: dict[str, Any] = {name: column[kept] for name, column in bars.columns().items()}
    return replace(bars, **columns)


def weekdays(bars: Bars) -> Bars:
    """As an exchange would have them: without weekends."""
    return without(bars, (bars.time // DAY + 3) % 7 < 5)


def _rising(bars: Bars, params: Params) -> Floats:
    look, size = int(params["look"]), float(params["size"])
    weight = np.zeros(len(bars))
    grown = bars.close[look:] / bars.close[:-look] - 1.0
    weight[look:] = np.where(grown > params["least"], size, 0.0)
    return weight


def follower() -> AnyStrategy:
    """Long while prices have risen by `least` over `look` bars."""
    return from_batch(
        "follower",
        _rising,
        lambda params: int(params["look"]) + 1,
        (
            Parameter("look", 3, 1, 40, "bars back", (2, 3, 4, 5)),
            Parameter("least", 0.0, 0.0, 0.5, "growth that is asked for", (0.0, 0.002, 0.004)),
            Parameter("size", 1.0, 0.1, 1.0, "share of equity"),
        ),
    )


def _tomorrow(bars: Bars, params: Params) -> Floats:
    return np.append(bars.close[1:] > bars.close[:-1], False).astype(np.float64)


def clairvoyant() -> AnyStrategy:
    """Holds what will rise: the commonest leak."""
    return from_batch("clairvoyant", _tomorrow, lambda params: 2)


def ladder(**method: Any) -> Ladder:
    """The quick ladder, measured otherwise."""
    return replace(BRISK, method=replace(BRISK.method, **method))


FREE = Terms(fee_bps=0.0)
