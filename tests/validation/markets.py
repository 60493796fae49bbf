"""A small market, a strategy that reads its targets from the bars, and a sweep of it."""

from __future__ import annotations

import numpy as np

from quorum.domain import HOUR, Timeframe, parse_instant
from quorum.engine import Sweep, Terms, grid, sweep
from quorum.engine.fakes import MemoryTrials
from quorum.lake import Bars, synthetic_market
from quorum.signals import AnyStrategy, ConsensusRules, Parameter, Params, find_strategy, from_batch

START = parse_instant("2021-01-01")
H8 = Timeframe(8 * HOUR)
RULES = ConsensusRules(required=("smc", "momentum"), optional=())
FREE = Terms(fee_bps=0.0)


def market(days: int = 300, seed: int = 3, symbol: str = "BTCUSDT") -> Bars:
    """Bars of 8 hours."""
    return synthetic_market(seed, [symbol], H8, START, 3 * days)[symbol]


def _drift(bars: Bars, params: Params) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Long after `look` bars that rose together, else `other`."""
    look = int(params["look"])
    weight = np.zeros(len(bars))
    weight[look:] = np.where(bars.close[look:] > bars.close[:-look], 1.0, params["other"])
    return weight


def follower() -> AnyStrategy:
    """A strategy with one whole and one fractional parameter."""
    return from_batch(
        "follower",
        _drift,
        lambda params: int(params["look"]),
        (
            Parameter("look", 6, 1, 60, "bars back", search=(3, 6, 9, 12)),
            Parameter("other", 0.0, -1.0, 0.5, "target after a fall", search=(-0.5, 0.0)),
        ),
    )


def swept(bars: Bars, terms: Terms | None = None) -> tuple[Sweep, MemoryTrials]:
    """The follower's own search, counted."""
    trials, rule = MemoryTrials(), follower()
    return sweep(bars, rule, grid(rule), terms or Terms(), trials), trials


def rotation() -> AnyStrategy:
    return find_strategy("rotation", RULES)
