"""What became of past views: the first of stop and target that the price touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quorum.domain import MINUTE, Direction, View
from quorum.lake import Bars

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ScoredVote:
    """A forecast with its outcome: `source` said at `time` that with `probability` its view would come true.

    `side` is 1 for bullish, -1 for bearish; at `resolved_at` it was known whether it did (times in ns UTC).
    `reward_risk` is the view's.
    """

    time: int
    source: str
    probability: float
    resolved_at: int
    outcome: bool
    side: int = 1
    reward_risk: float = 1.0
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class _Prices:
    """The columns that decide, with the instants at which bars open and close."""

    open_at: NDArray[np.int64]
    known_at: NDArray[np.int64]
    high: Floats
    low: Floats
    close: Floats


def outcomes(bars: Bars, views: Sequence[View], horizon: int | None = None) -> tuple[ScoredVote, ...]:
    """What became of the views on `bars`' symbol, those left out that are open still, in the order of `views`.

    A view comes true when the price touches its first target before its stop within `horizon` minutes of its time,
    its own validity where none is given; a bar that touches both counts as the stop. Touched neither, it is true when
    the last close of that time is beyond the far edge of its entry zone. Only bars that open at its time or later
    count; one that has none within that time is left out. A view given twice counts once. An outcome is resolved at
    the close of the bar that shows it: bars that come later change nothing.
    """
    high, low = (bars.close if column is None else column for column in (bars.high, bars.low))
    prices = _Prices(bars.time, bars.time + bars.timeframe.nanoseconds, high, low, bars.close)
    once = {(v.source, v.time): v for v in reversed(views) if v.symbol == bars.symbol}
    found = (_score(prices, v, horizon) for v in reversed(once.values()) if v.direction is not Direction.NEUTRAL)
    return tuple(vote for vote in found if vote is not None)


def _score(prices: _Prices, view: View, horizon: int | None) -> ScoredVote | None:
    end = view.time + (view.valid_minutes if horizon is None else horizon) * MINUTE
    first = int(np.searchsorted(prices.open_at, view.time, "left"))
    last = int(np.searchsorted(prices.open_at, end, "left"))
    if first == last or view.stop is None:
        return None
    span, side = slice(first, last), view.direction.sign
    ahead, behind = (prices.high, prices.low) if side > 0 else (prices.low, prices.high)
    stopped = side * behind[span] <= side * view.stop
    reached = side * ahead[span] >= side * view.targets[0]
    touched = stopped | reached
    if touched.any():
        i = int(np.argmax(touched))
        return _scored(view, int(prices.known_at[first + i]), bool(not stopped[i]))
    over = int(np.searchsorted(prices.known_at, end, "left"))
    if over == len(prices.known_at):
        return None
    true = side * float(prices.close[last - 1]) > side * view.entry_price
    return _scored(view, int(prices.known_at[over]), true)


def _scored(view: View, resolved_at: int, outcome: bool) -> ScoredVote:
    return ScoredVote(
        view.time,
        view.source,
        view.confidence,
        resolved_at,
        outcome,
        view.direction.sign,
        view.reward_risk,
        view.symbol,
    )
