"""Fair value gaps: the prices that a fast candle jumped over, and how far later bars came back to fill them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DataError
from quorum.stats import kernel

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Signs = NDArray[np.int8]

UNTOUCHED, TOUCHED, HALF, FILLED, INVERTED = range(5)


class Candle(NamedTuple):
    """The prices of one closed bar."""

    open: float
    high: float
    low: float
    close: float


class Gap(NamedTuple):
    """A gap between two prices; `side` is 1 when the market rose through it, -1 when it fell, 0 for no gap."""

    side: int
    bottom: float
    top: float


class Gaps(NamedTuple):
    """Fair value gaps (m,), oldest first: `bar` is the fast candle's bar, known at the close of the next one.

    `touched`, `half`, `filled` and `inverted` are the bars at which a gap first reached that state, -1 while it
    has not; the first bar that can is `bar` + 2.
    """

    bar: Indices
    known_at: Indices
    side: Signs
    bottom: Floats
    top: Floats
    touched: Indices
    half: Indices
    filled: Indices
    inverted: Indices


class OpenGaps(NamedTuple):
    """The gaps that are not filled, in a ring with a slot for each of the last bars; `side` is 0 in an empty slot.

    `bar` is the fast candle's. The arrays are written in place by `follow`.
    """

    bars: int
    bar: Indices
    side: Signs
    bottom: Floats
    top: Floats
    before: Candle
    last: Candle


class _Ladder(NamedTuple):
    """Levels that prices may fall to next, the highest last, and whose gap each is; full up to `size`."""

    level: Floats
    gap: Indices
    size: int


@kernel
def gap_of(first: Candle, middle: Candle, last: Candle) -> Gap:
    """The gap that three bars leave: the middle one closed away from its open, and the outer ones do not meet."""
    if first.high < last.low and middle.close > middle.open:
        return Gap(1, first.high, last.low)
    if first.low > last.high and middle.close < middle.open:
        return Gap(-1, last.high, first.low)
    return Gap(0, np.nan, np.nan)


@kernel
def depth(gap: Gap, bar: Candle) -> int:
    """The deepest state that a later bar alone brings a gap to, UNTOUCHED to INVERTED.

    A rising gap is touched by a low at its top, half at its middle, filled at its bottom, inverted by a close
    below the bottom; a falling gap is the mirror.
    """
    near, far = (gap.top, gap.bottom) if gap.side > 0 else (-gap.bottom, -gap.top)
    wick, close = (bar.low, bar.close) if gap.side > 0 else (-bar.high, -bar.close)
    if close < far:
        return INVERTED
    if wick <= far:
        return FILLED
    if wick <= 0.5 * (near + far):
        return HALF
    return TOUCHED if wick <= near else UNTOUCHED


def begin(life: int) -> OpenGaps:
    """No gap, before the first bar; gaps are followed for `life` bars."""
    nowhere = Candle(*[float("nan")] * 4)
    bar, side, levels = np.full(life, -1, np.int64), np.zeros(life, np.int8), np.full((2, life), np.nan)
    return OpenGaps(0, bar, side, levels[0], levels[1], nowhere, nowhere)


@kernel
def follow(gaps: OpenGaps, bar: Candle) -> OpenGaps:
    """The open gaps after one more closed bar: it fills some, may leave one, and the oldest slot ends."""
    for k in range(len(gaps.side)):
        if gaps.side[k] != 0 and depth(Gap(gaps.side[k], gaps.bottom[k], gaps.top[k]), bar) >= FILLED:
            gaps.side[k] = 0
    gap, slot = gap_of(gaps.before, gaps.last, bar), gaps.bars % len(gaps.side)
    gaps.bar[slot], gaps.side[slot] = gaps.bars - 1, gap.side
    gaps.bottom[slot], gaps.top[slot] = gap.bottom, gap.top
    return OpenGaps(gaps.bars + 1, gaps.bar, gaps.side, gaps.bottom, gaps.top, gaps.last, bar)


def fair_value_gaps(open: Floats, high: Floats, low: Floats, close: Floats) -> Gaps:
    """The gaps of n bars, columns of shape (n,), in time that grows with n and not with the open gaps.

    DataError when the shapes differ.
    """
    if not open.shape == high.shape == low.shape == close.shape:
        raise DataError(f"columns of shapes {open.shape}, {high.shape}, {low.shape}, {close.shape} are no bars")
    n = len(close)
    types = (np.int64, np.int64, np.int8, np.float64, np.float64)
    gaps = Gaps._make([*(np.empty(n, t) for t in types), *(np.full(n, -1, np.int64) for _ in range(4))])
    found = _walk(open, high, low, close, gaps)
    return Gaps._make(column[:found].copy() for column in gaps)


@kernel
def _walk(open: Floats, high: Floats, low: Floats, close: Floats, gaps: Gaps) -> int:
    n, found = len(close), 0
    up_wicks, up_closes = _ladder(n), _ladder(n)
    down_wicks, down_closes = _ladder(n), _ladder(n)
    first = middle = Candle(np.nan, np.nan, np.nan, np.nan)
    for i in range(n):
        last = Candle(open[i], high[i], low[i], close[i])
        up_wicks, up_closes = _fill(up_wicks, low[i], gaps, i), _invert(up_closes, close[i], gaps, i)
        down_wicks, down_closes = _fill(down_wicks, -high[i], gaps, i), _invert(down_closes, -close[i], gaps, i)
        gap = gap_of(first, middle, last)
        if gap.side != 0:
            gaps.bar[found], gaps.known_at[found], gaps.side[found] = i - 1, i, gap.side
            gaps.bottom[found], gaps.top[found] = gap.bottom, gap.top
        if gap.side > 0:
            up_wicks, up_closes = _hang(up_wicks, gap.top, found), _hang(up_closes, gap.bottom, found)
        elif gap.side < 0:
            down_wicks, down_closes = _hang(down_wicks, -gap.bottom, found), _hang(down_closes, -gap.top, found)
        found += gap.side != 0
        first, middle = middle, last
    return found


@kernel
def _ladder(capacity: int) -> _Ladder:
    return _Ladder(np.empty(capacity, np.float64), np.empty(capacity, np.int64), 0)


@kernel
def _hang(ladder: _Ladder, level: float, gap: int) -> _Ladder:
    k = ladder.size
    while k > 0 and ladder.level[k - 1] > level:
        ladder.level[k], ladder.gap[k] = ladder.level[k - 1], ladder.gap[k - 1]
        k -= 1
    ladder.level[k], ladder.gap[k] = level, gap
    return _Ladder(ladder.level, ladder.gap, ladder.size + 1)


@kernel
def _fill(ladder: _Ladder, wick: float, gaps: Gaps, i: int) -> _Ladder:
    """Mark what the wick of bar i reached; a gap that is not filled hangs again, at its next level."""
    while ladder.size > 0 and wick <= ladder.level[ladder.size - 1]:
        gap = ladder.gap[ladder.size - 1]
        bottom, top = gaps.bottom[gap], gaps.top[gap]
        near, far = (top, bottom) if gaps.side[gap] > 0 else (-bottom, -top)
        ladder = _Ladder(ladder.level, ladder.gap, ladder.size - 1)
        if gaps.touched[gap] < 0:
            gaps.touched[gap] = i
            ladder = _hang(ladder, 0.5 * (near + far), gap)
        elif gaps.half[gap] < 0:
            gaps.half[gap] = i
            ladder = _hang(ladder, far, gap)
        else:
            gaps.filled[gap] = i
    return ladder


@kernel
def _invert(ladder: _Ladder, close: float, gaps: Gaps, i: int) -> _Ladder:
    """Mark the gaps that the close of bar i is beyond."""
    while ladder.size > 0 and close < ladder.level[ladder.size - 1]:
        ladder = _Ladder(ladder.level, ladder.gap, ladder.size - 1)
        gaps.inverted[ladder.gap[ladder.size]] = i
    return ladder
