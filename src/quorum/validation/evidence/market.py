"""The market that a strategy traded in: what holding it would have earned, and which kind of market it was."""

from __future__ import annotations

import numpy as np

from quorum.engine.appraisal import buy_and_hold
from quorum.lake import Bars, Panel
from quorum.stats import market_regimes
from quorum.stats.performance import day_ends, growth
from quorum.stats.regimes import Labels
from quorum.validation.walkforward.candidates import Floats


def hold_returns(bars: Bars | Panel) -> Floats:
    """Daily returns (d,), of the UTC days that occur, of equal parts of each symbol bought at its first close."""
    return growth(buy_and_hold(bars).level[day_ends(bars.time)], 1.0)


def regimes_of(hold: Floats) -> Labels:
    """The regime (d,) in which each day began, of a market with these daily returns."""
    return market_regimes(np.exp(np.cumsum(np.log1p(np.maximum(hold, -0.99)))))
