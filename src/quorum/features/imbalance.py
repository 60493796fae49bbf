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


class Candles(NamedTuple):
    """The prices of n closed bars, columns of shape (n,)."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats


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


class _Track(NamedTuple):
    """Gaps in the making, a column for each fast candle: side, bottom and top, and the bar of each state."""

    side: Signs
    prices: Floats
    states: Indices


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
    track = _Track(np.zeros(n, np.int8), np.full((2, n), np.nan), np.full((4, n), -1, np.int64))
    for side in (1, -1):
        _walk(side, Candles(open, high, low, close), track)
    bar, (bottom, top) = np.arange(n), track.prices
    touched, half, filled, inverted = track.states
    gaps = Gaps(bar, bar + 1, track.side, bottom, top, touched, half, filled, inverted)
    return Gaps._make(column[track.side != 0] for column in gaps)


@kernel
def _walk(side: int, bars: Candles, track: _Track) -> None:
    """Find the gaps of one side and follow them."""
    n = len(bars.close)
    wicks, closes = _ladder(n), _ladder(n)
    first = middle = Candle(np.nan, np.nan, np.nan, np.nan)
    for i in range(n):
        last = Candle(bars.open[i], bars.high[i], bars.low[i], bars.close[i])
        wicks = _fill(wicks, last.low if side > 0 else -last.high, track, i)
        closes = _invert(closes, side * last.close, track, i)
        gap = gap_of(first, middle, last)
        if gap.side == side:
            track.side[i - 1], track.prices[0, i - 1], track.prices[1, i - 1] = side, gap.bottom, gap.top
            near, far = (gap.top, gap.bottom) if side > 0 else (-gap.bottom, -gap.top)
            wicks, closes = _hang(wicks, near, i - 1), _hang(closes, far, i - 1)
        first, middle = middle, last


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
def _fill(ladder: _Ladder, wick: float, track: _Track, i: int) -> _Ladder:
    """Mark what the wick of bar i reached; a gap that is not filled hangs again, at its next level."""
    while ladder.size > 0 and wick <= ladder.level[ladder.size - 1]:
        gap = ladder.gap[ladder.size - 1]
        ladder = _Ladder(ladder.level, ladder.gap, ladder.size - 1)
        state = 0
        while track.states[state, gap] >= 0:
            state += 1
        track.states[state, gap] = i
        bottom, top = track.prices[0, gap], track.prices[1, gap]
        near, far = (top, bottom) if track.side[gap] > 0 else (-bottom, -top)
        if state < FILLED - 1:
            ladder = _hang(ladder, far if state == HALF - 1 else 0.5 * (near + far), gap)
    return ladder


@kernel
def _invert(ladder: _Ladder, close: float, track: _Track, i: int) -> _Ladder:
    """Mark the gaps that the close of bar i is beyond."""
    while ladder.size > 0 and close < ladder.level[ladder.size - 1]:
        ladder = _Ladder(ladder.level, ladder.gap, ladder.size - 1)
        track.states[INVERTED - 1, ladder.gap[ladder.size]] = i
    return ladder
