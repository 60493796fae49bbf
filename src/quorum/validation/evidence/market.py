"""The market that a strategy traded in: what holding it would have earned, and which kind of market it was."""

from __future__ import annotations

import numpy as np

from quorum.lake import Bars, Panel
from quorum.stats import market_regimes
from quorum.stats.performance import day_ends, growth
from quorum.stats.regimes import Labels
from quorum.validation.walkforward.candidates import Floats


def hold_returns(bars: Bars | Panel) -> Floats:
    """Daily returns (d,) of buying at the first close and holding, no costs; of a panel the mean over its symbols.

    Of the UTC days that occur; a symbol counts from its second day on and keeps its last close where a bar is missing.
    """
    close = bars.close.reshape(len(bars), -1)
    rows = np.where(np.isnan(close), 0, np.arange(len(close))[:, None])
    carried = np.take_along_axis(close, np.maximum.accumulate(rows, axis=0), axis=0)
    levels = carried[day_ends(bars.time)]
    each = np.stack([growth(column, float(column[0])) for column in levels.T], axis=1)
    each[0] = levels[0] / close[0] - 1.0
    known = ~np.isnan(each)
    return np.asarray(np.where(known, each, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1))


def regimes_of(hold: Floats) -> Labels:
    """The regime (d,) in which each day began, of a market with these daily returns."""
    return market_regimes(np.exp(np.cumsum(np.log1p(np.maximum(hold, -0.99)))))
