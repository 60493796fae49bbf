"""Market structure without hindsight: swings and the breaks of them, each with the bar at which it was known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DataError, UsageError
from quorum.stats import kernel

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Signs = NDArray[np.int8]
Flags = NDArray[np.bool_]

SPAN = 5


class Swings(NamedTuple):
    """Swings (m,) in the order in which they became known, a high before a low of the same bar.

    `bar` is the swing's bar, `known_at` the bar at whose close it was sure; `side` is 1 for a high, -1 for a low.
    """

    bar: Indices
    known_at: Indices
    side: Signs
    level: Floats


class Breaks(NamedTuple):
    """Breaks of structure (k,), oldest first: a close beyond the last swing's `level`, known at that close.

    `side` is 1 for a break upwards; `swing` is the broken swing's bar; `choch` is True where the break turned
    the trend (change of character), False where the trend went on or was the first (break of structure).
    """

    bar: Indices
    known_at: Indices
    side: Signs
    level: Floats
    swing: Indices
    choch: Flags


class Swing(NamedTuple):
    """The last confirmed swing of one side; `bar` is -1 before there is one."""

    bar: int
    level: float
    broken: bool


class Break(NamedTuple):
    """The last break; `side` is the trend, 0 before there is one."""

    bar: int
    side: int
    level: float
    swing: int
    choch: bool


class Structure(NamedTuple):
    """What is known after `bars` bars: the last swings, the last break, and the bars that may still be swings.

    `ring` has the highs and the lows (2, left + right + 1) of the newest bars, written in place by `advance`.
    """

    bars: int
    right: int
    ring: Floats
    high: Swing
    low: Swing
    last: Break


NO_SWING = Swing(-1, float("nan"), False)
NO_BREAK = Break(-1, 0, float("nan"), -1, False)


def begin(left: int = SPAN, right: int = SPAN) -> Structure:
    """The structure before the first bar, with swings that lead `left` bars before and `right` bars after them.

    UsageError when either is below 1.
    """
    if left < 1 or right < 1:
        raise UsageError(f"a swing over {left} and {right} bars is none", "give at least 1 bar on each side")
    ring = np.full((2, left + right + 1), np.nan)
    return Structure(0, right, ring, NO_SWING, NO_SWING, NO_BREAK)


@kernel
def advance(s: Structure, high: float, low: float, close: float) -> Structure:
    """The structure after one more closed bar: first it confirms swings, then it breaks the last ones.

    A swing high is strictly above the `left` bars before it and not below the `right` bars after it, which are
    known `right` bars later; of equal highs the first is the swing. A close above the last swing high breaks it,
    once. Lows are the mirror. No bar breaks both: the closes after an unbroken swing low are not below it.
    """
    span = s.ring.shape[1]
    s.ring[0, s.bars % span], s.ring[1, s.bars % span] = high, low
    top, bottom, last, at = s.high, s.low, s.last, s.bars - s.right
    if s.bars + 1 >= span:
        if _leads(s.ring[0], at, s.right, 1.0):
            top = Swing(at, s.ring[0, at % span], False)
        if _leads(s.ring[1], at, s.right, -1.0):
            bottom = Swing(at, s.ring[1, at % span], False)
    if not top.broken and close > top.level:
        last = Break(s.bars, 1, top.level, top.bar, last.side == -1)
        top = Swing(top.bar, top.level, True)
    elif not bottom.broken and close < bottom.level:
        last = Break(s.bars, -1, bottom.level, bottom.bar, last.side == 1)
        bottom = Swing(bottom.bar, bottom.level, True)
    return Structure(s.bars + 1, s.right, s.ring, top, bottom, last)


@kernel
def _leads(ring: Floats, at: int, right: int, sign: float) -> bool:
    span = len(ring)
    value = sign * ring[at % span]
    k = at - (span - 1 - right)
    while k < at and value > sign * ring[k % span]:
        k += 1
    if k < at:
        return False
    k += 1
    while k <= at + right and value >= sign * ring[k % span]:
        k += 1
    return k > at + right


def swings(high: Floats, low: Floats, left: int = SPAN, right: int = SPAN) -> Swings:
    """The swings of n bars, `high` and `low` of shape (n,); prices in any unit, a NaN makes no swing.

    DataError when the shapes differ, UsageError when a side is below 1.
    """
    return _events(high, low, np.full(len(high), np.nan), left, right)[0]


def breaks(high: Floats, low: Floats, close: Floats, left: int = SPAN, right: int = SPAN) -> Breaks:
    """The breaks of structure of n bars, columns of shape (n,); one break a bar at most.

    DataError when the shapes differ, UsageError when a side is below 1.
    """
    return _events(high, low, close, left, right)[1]


def _events(high: Floats, low: Floats, close: Floats, left: int, right: int) -> tuple[Swings, Breaks]:
    if not high.shape == low.shape == close.shape:
        raise DataError(f"highs {high.shape}, lows {low.shape} and closes {close.shape} differ in length")
    n = len(high)
    found = Swings._make(np.empty(2 * n, t) for t in (np.int64, np.int64, np.int8, np.float64))
    broken = Breaks._make(np.empty(n, t) for t in (np.int64, np.int64, np.int8, np.float64, np.int64, np.bool_))
    m, k = _walk(begin(left, right), high, low, close, found, broken)
    return Swings._make(c[:m].copy() for c in found), Breaks._make(c[:k].copy() for c in broken)


@kernel
def _walk(s: Structure, high: Floats, low: Floats, close: Floats, found: Swings, broken: Breaks) -> tuple[int, int]:
    m, k = 0, 0
    for i in range(len(close)):
        before = s
        s = advance(s, high[i], low[i], close[i])
        if s.high.bar != before.high.bar:
            m = _note(found, m, s.high, i, 1)
        if s.low.bar != before.low.bar:
            m = _note(found, m, s.low, i, -1)
        if s.last.bar == i:
            broken.bar[k], broken.known_at[k], broken.side[k] = i, i, s.last.side
            broken.level[k], broken.swing[k], broken.choch[k] = s.last.level, s.last.swing, s.last.choch
            k += 1
    return m, k


@kernel
def _note(found: Swings, m: int, swing: Swing, known_at: int, side: int) -> int:
    found.bar[m], found.known_at[m], found.side[m], found.level[m] = swing.bar, known_at, side, swing.level
    return m + 1
