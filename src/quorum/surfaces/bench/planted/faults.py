"""Faults: what is wrong with a strategy that would be sound, a row a kind, each with a way to mend it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from quorum.lake import Bars
from quorum.surfaces.bench.planted.kinds import KINDS, Kind
from quorum.surfaces.bench.planted.moves import Shape

Values = dict[str, float]
_HIGHER = {
    "momentum": (2.2, 3.0),
    "breakout": (6.0, 12.0),
    "reversion": (1.45, 1.8),
    "volume": (1.6, 2.2),
    "shock": (1.25, 1.5),
}
Change = Callable[[np.random.Generator, Kind, Shape], Values]


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault, the tier that it concerns, and the reason that it is expected to fail for.

    `change` draws the parameters that are wrong. They are put in place of the idea's parameters or of the rule's
    defaults; `search` moves the values to be searched along with them. `dirty` leaves the rule alone and feeds it
    from a source with bad rows, `late` leaves it alone and gives it less time than it takes. `times` says how many of
    60 have it.
    """

    name: str
    tier: str
    reason: str
    times: int
    kinds: tuple[str, ...]
    change: Change = lambda rng, kind, shape: {}
    in_defaults: bool | None = None
    search: bool = False
    dirty: bool = False
    late: bool = False


def _too_high(rng: np.random.Generator, kind: Kind, shape: Shape) -> Values:
    assert kind.threshold is not None
    more = rng.uniform(*_HIGHER[kind.name])
    return {kind.threshold: kind.fitting(kind.threshold, shape[kind.threshold] * more)}


def _too_low(rng: np.random.Generator, kind: Kind, shape: Shape) -> Values:
    assert kind.threshold is not None
    return {kind.threshold: kind.fitting(kind.threshold, shape[kind.threshold] * rng.uniform(0.1, 0.3))}


def _off(rng: np.random.Generator, kind: Kind, shape: Shape) -> Values:
    if kind.window == "hold":
        return {"hold": 1}
    return {"window": kind.fitting("window", shape["window"] * rng.uniform(10.0, 18.0))}


def _outside(rng: np.random.Generator, kind: Kind, shape: Shape) -> Values:
    name = kind.window if kind.threshold is None or rng.random() < 0.5 else kind.threshold
    low, high = kind.parameters[name]
    wrong = high * rng.uniform(1.2, 3.0)
    return {name: round(wrong) if isinstance(low, int) else round(float(wrong), 2)}


def _all(rng: np.random.Generator, kind: Kind, shape: Shape) -> Values:
    return {"size": 1.0}


ALL = tuple(KINDS)
FAULTS: tuple[Fault, ...] = (
    Fault(
        "threshold_high",
        "L1",
        "signal_frequency_low",
        11,
        ("momentum", "breakout", "reversion", "volume", "shock"),
        _too_high,
    ),
    Fault("threshold_low", "L1", "signal_frequency_high", 7, ("volume", "shock"), _too_low),
    Fault("window_off", "L1", "sharpe_below_threshold", 10, ALL, _off),
    Fault("out_of_bounds", "L1", "parameter_out_of_bounds", 8, ALL, _outside, in_defaults=False),
    Fault("bad_source", "L1", "data_quality_warning", 6, ("momentum", "breakout"), dirty=True),
    Fault("leverage", "L2", "max_drawdown_extreme", 9, ("reversion", "hours", "volume", "shock"), _all),
    Fault(
        "search_off",
        "L2",
        "sharpe_below_threshold",
        5,
        ("momentum", "breakout", "hours"),
        _off,
        in_defaults=True,
        search=True,
    ),
    Fault("slow", "L1", "timeout", 4, ("momentum",), late=True),
)


def plan() -> tuple[Fault, ...]:
    """The faults of the first 60, mixed so that a few of them show most kinds."""
    places = [((k + 0.5) / fault.times, fault.name, fault) for fault in FAULTS for k in range(fault.times)]
    return tuple(fault for _, _, fault in sorted(places, key=lambda place: place[:2]))


def damaged(rng: np.random.Generator, bars: Bars, venue: str) -> Bars:
    """The bars as a bad source has them: now and then 5 to 14 of them in another unit, every 16th missing, by fours.

    The wrong unit is off by 25 to 40 %, up or down, about once in 60 bars.
    """
    n = len(bars)
    factor, kept = np.ones(n), np.ones(n, np.bool_)
    for start in rng.integers(0, n, n // 60):
        factor[start : start + int(rng.integers(5, 15))] = 1.0 + rng.choice((-1.0, 1.0)) * rng.uniform(0.25, 0.40)
    for start in rng.integers(0, n - 8, n // (16 * 4)):
        kept[start : start + 4] = False
    rows = {name: column[kept] for name, column in bars.columns().items() if name != "time"}
    prices: Any = {name: np.rint(row * factor[kept] * 1e6) / 1e6 for name, row in rows.items() if name != "volume"}
    return Bars(bars.symbol, venue, bars.timeframe, bars.time[kept], **prices, volume=rows["volume"], price_decimals=6)
