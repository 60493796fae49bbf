"""Bull, bear and sideways: which kind of market a day began in, and what was earned in each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from quorum.stats.performance import Floats, sharpe

Labels = NDArray[np.int8]


class Regime(IntEnum):
    """The market's direction before a day began; UNKNOWN while the window is not full."""

    BEAR = -1
    SIDEWAYS = 0
    BULL = 1
    UNKNOWN = 2


@dataclass(frozen=True, slots=True)
class RegimeResult:
    """What `days` days of one regime came to: compounded return and Sharpe per period, NaN without spread."""

    regime: Regime
    days: int
    total_return: float
    sharpe: float


def market_regimes(close: Floats, window: int = 126, band: float = 0.5) -> Labels:
    """The regime (n,) in which each day began, from the closes (n,) before it: a day does not choose its own regime.

    Bull (bear) when the sum of the last `window` daily log returns is above (below) `band` standard errors of such a
    sum, sideways between (ours); without drift that is 31 %, 31 % and 38 % of days. UNKNOWN for the first window + 1
    days. ValueError for a close that is not finite and above 0, a window below 2 or a negative band.
    """
    if close.ndim != 1 or not bool(np.all(np.isfinite(close) & (close > 0))):
        raise ValueError(f"closes of shape {close.shape}; finite ones above 0 in one row are needed")
    if window < 2 or not band >= 0:
        raise ValueError(f"a window of {window} and a band of {band}; at least 2 and 0 are needed")
    labels = np.full(len(close), Regime.UNKNOWN, dtype=np.int8)
    if len(close) <= window + 1:
        return labels
    past = sliding_window_view(np.diff(np.log(close)), window)[:-1]
    trend, width = past.sum(axis=1), band * np.sqrt(window) * past.std(axis=1, ddof=1)
    labels[window + 1 :] = np.where(trend > width, 1, np.where(trend < -width, -1, 0))
    return labels


def regime_results(returns: Floats, labels: Labels) -> tuple[RegimeResult, ...]:
    """What returns (n,) of the same days as `labels` (n,) earned in each regime that occurs, bear first, no UNKNOWN.

    ValueError when the lengths differ.
    """
    if returns.shape != labels.shape:
        raise ValueError(f"returns {returns.shape} and labels {labels.shape}; equal shapes are needed")
    parts = [(regime, returns[labels == regime]) for regime in (Regime.BEAR, Regime.SIDEWAYS, Regime.BULL)]
    return tuple(
        RegimeResult(regime, len(part), float(np.prod(1.0 + part)) - 1.0, sharpe(part, 1.0))
        for regime, part in parts
        if len(part)
    )
