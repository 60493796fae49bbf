"""What a vote is held in: an extreme market, news, vetoes spoken outright, agents that failed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.lake import Bars
from quorum.signals.pools.rules import EXTREME, NEWS, Conflict
from quorum.stats import kernel

Floats = NDArray[np.float64]
RANGES = 14


@dataclass(frozen=True, slots=True)
class Circumstances:
    """`extreme` is a crisis, a halt or a move above 5 ATR; `news` names the event in whose window the vote is held.

    `vetoes` are spoken outright, by agent, and `failed` are participants whose agent gave no signal; both with the
    reason. Plain values that belong into the decision's inputs.
    """

    extreme: bool = False
    news: str = ""
    vetoes: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Circumstances:
        """The circumstances whose plain form is `values`; what it does not say is calm."""
        return cls(**values)

    def calm(self, conflict: Conflict) -> bool:
        """Whether the model keeps its precedence."""
        extreme, news = self.extreme and EXTREME in conflict.exceptions, self.news and NEWS in conflict.exceptions
        return not (extreme or news)


CALM = Circumstances()


class Motion(NamedTuple):
    """The last 14 true ranges, a ring, NaN where unknown; the last close; the bars seen."""

    ranges: Floats
    close: float
    seen: int


def still() -> Motion:
    """Before the first bar."""
    return Motion(np.full(RANGES, np.nan), np.nan, 0)


@kernel
def move(motion: Motion, bar: tuple[float, float, float], multiple: float) -> tuple[Motion, bool]:
    """The motion after one more bar (high, low, close), and whether that bar is extreme.

    It is when its true range is above `multiple` times the mean true range of the 14 bars before it; with fewer, or
    with a missing price among them, nothing is. The ring is written in place.
    """
    high, low, close = bar
    if not (low <= high):
        high = low = close
    total = 0.0
    for k in range(RANGES):
        total += motion.ranges[(motion.seen + k) % RANGES]
    reach = max(high - low, abs(high - motion.close), abs(low - motion.close))
    if math.isnan(high + low + close + motion.close):
        reach = np.nan
    extreme = total > 0.0 and reach > multiple * (total / RANGES)
    motion.ranges[motion.seen % RANGES] = reach
    return Motion(motion.ranges, close, motion.seen + 1), extreme


@kernel
def _moves(motion: Motion, high: Floats, low: Floats, close: Floats, answer: tuple[Floats, float]) -> None:
    extreme, multiple = answer
    for i in range(len(close)):
        motion, found = move(motion, (high[i], low[i], close[i]), multiple)
        extreme[i] = 1.0 if found else 0.0


def extreme_moves(bars: Bars, multiple: float) -> Floats:
    """1 for each bar whose move is extreme by `move`, else 0; shape (n,)."""
    high, low = (bars.close if column is None else column for column in (bars.high, bars.low))
    answer = np.empty(len(bars))
    _moves(still(), high, low, bars.close, (answer, multiple))
    return answer


def extreme_move(bars: Bars, multiple: float = 5.0) -> bool:
    """Whether the last bar's move is extreme."""
    return len(bars) > 0 and bool(extreme_moves(bars.slice(max(0, len(bars) - RANGES - 2), len(bars)), multiple)[-1])
