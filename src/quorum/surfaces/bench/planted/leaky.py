"""Rules that know what they cannot know yet, each in its own way; `n` is how far, or how wide, it looks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from quorum.domain import DAY
from quorum.lake import Bars
from quorum.signals import Parameter, Strategy, from_batch

Floats = NDArray[np.float64]
Rule = Callable[[Bars, int], Floats]
WIDTH = Parameter("n", 6, 1, 60, "bars that it looks ahead, or the width of its window", (2, 4, 6, 8, 12))
SIZE = 0.3
LEAKS: dict[str, Strategy] = {}


def leak(rule: Rule) -> Strategy:
    """The rule as a strategy under its name."""
    made = from_batch(rule.__name__, lambda bars, params: SIZE * rule(bars, int(params["n"])), 130, (WIDTH,))
    LEAKS[rule.__name__] = made
    return made


def ahead(values: Floats, bars: int) -> Floats:
    """The values `bars` later, the last one where there is none."""
    later: Floats = np.concatenate([values[bars:], np.repeat(values[-1:], min(bars, len(values)))])
    return later[: len(values)]


def mean(values: Floats, n: int) -> Floats:
    """The mean of the last n values, of fewer at the start."""
    total = np.cumsum(np.concatenate([[0.0], values]))
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - n, 0)
    found: Floats = (total[ends] - total[starts]) / (ends - starts)
    return found


def best(values: Floats, n: int) -> Floats:
    """The largest of the last n values, of fewer at the start."""
    return np.asarray(sliding_window_view(np.concatenate([np.full(n - 1, -np.inf), values]), n).max(axis=1))


def day_ends(bars: Bars) -> Floats:
    """The last close of each bar's own day."""
    last = np.append(np.flatnonzero(np.diff(bars.time // DAY)), len(bars) - 1)
    ends: Floats = bars.close[last[np.searchsorted(last, np.arange(len(bars)))]]
    return ends


@leak
def next_bars(bars: Bars, n: int) -> Floats:
    """The move of the next bars."""
    moved: Floats = np.sign(ahead(bars.close, n) - bars.close)
    return moved


@leak
def shifted_trend(bars: Bars, n: int) -> Floats:
    """A trend of later bars, shifted the wrong way."""
    return ahead(np.sign(bars.close - mean(bars.close, 3 * n)), n)


@leak
def centred_mean(bars: Bars, n: int) -> Floats:
    """Below or above a mean centred on the bar."""
    return -np.sign(bars.close - ahead(mean(bars.close, 2 * n + 1), n))


@leak
def scored_over_all(bars: Bars, n: int) -> Floats:
    """A score by the mean and deviation of the whole sample."""
    level = mean(np.log(bars.close), n)
    score: Floats = np.clip(-(level - level.mean()) / level.std(), -1.0, 1.0)
    return score


@leak
def scaled_over_all(bars: Bars, n: int) -> Floats:
    """The place between the lowest and highest close there will ever be."""
    level = mean(bars.close, n)
    low, high = level.min(), level.max()
    place: Floats = (level - low) / (high - low)
    return 1.0 - 2.0 * place


@leak
def unclosed_day(bars: Bars, n: int) -> Floats:
    """The close of a day that is not over."""
    return np.sign(mean(day_ends(bars) - bars.close, 1 + n // 12))


@leak
def repainted_turn(bars: Bars, n: int) -> Floats:
    """Sell at what turns out to be a peak, buy at what turns out to be a trough."""
    top, bottom = ahead(best(bars.close, 2 * n + 1), n), -ahead(best(-bars.close, 2 * n + 1), n)
    turn = np.where(bars.close == top, -1.0, np.where(bars.close == bottom, 1.0, 0.0))
    rows = np.maximum.accumulate(np.where(turn != 0.0, np.arange(len(turn)), 0))
    return turn[rows]


@leak
def line_between(bars: Bars, n: int) -> Floats:
    """A straight line to a close that is to come."""
    known = np.arange(0, len(bars), n + 1)
    return np.sign(np.interp(np.arange(len(bars)), known, bars.close[known]) - bars.close)


@leak
def back_filled(bars: Bars, n: int) -> Floats:
    """The next large move, filled backwards."""
    moves = np.diff(np.log(bars.close), prepend=np.log(bars.close[0]))
    large = np.abs(moves) > 1.5 * moves[:120].std()
    rows = np.where(large, np.arange(len(moves)), len(moves) - 1)
    return np.sign(moves[np.minimum.accumulate(rows[::-1])[::-1]])


@leak
def smoothed_both_ways(bars: Bars, n: int) -> Floats:
    """The slope of a mean that was run forwards and backwards."""
    smooth = mean(mean(bars.close, n + 1)[::-1], n + 1)[::-1]
    return np.sign(np.diff(smooth, append=smooth[-1]))


@leak
def ranked_over_all(bars: Bars, n: int) -> Floats:
    """The rank of a move among all moves there will be, with the move of the next bars in it."""
    moves = np.log(ahead(bars.close, 1) / bars.close) + np.log(bars.close / np.roll(bars.close, 1)) / (10 * n)
    return 2.0 * np.argsort(np.argsort(moves)) / max(len(moves) - 1, 1) - 1.0


@leak
def regime_known(bars: Bars, n: int) -> Floats:
    """Long in weeks that will end higher, flat in the others."""
    weeks = bars.time // (7 * DAY)
    last = np.append(np.flatnonzero(np.diff(weeks)), len(bars) - 1)
    ends = bars.close[last[np.searchsorted(last, np.arange(len(bars)))]]
    return np.where(ends > mean(bars.close, n), 1.0, 0.0)
