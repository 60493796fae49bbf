"""Rules that see what they cannot know yet, each in its own way, and the column in which it shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import signal

from quorum.domain import DAY, HOUR, Row
from quorum.lake import Bars, Panel
from quorum.signals import Allocations, AnyStrategy, Exit, Parameter, Target, Targets, from_batch
from validation.lookahead.columns import (
    Floats,
    best_of,
    days,
    groups,
    highest,
    last_of,
    lead,
    lowest,
    mean,
    returns,
    side,
    when,
    within,
)

Rule = Callable[[Bars], "Floats | Targets"]
LEAKS: dict[str, tuple[AnyStrategy, str]] = {}


def leak(column: str = "weight") -> Callable[[Rule], Rule]:
    def plant(rule: Rule) -> Rule:
        LEAKS[rule.__name__] = from_batch(rule.__name__, lambda bars, params: rule(bars), 5), column
        return rule

    return plant


def trend(bars: Bars) -> Floats:
    return when(bars.close > mean(bars.close, 5))


@leak()
def next_return(bars: Bars) -> Floats:
    return side(lead(bars.close, 1) - bars.close)


@leak()
def negative_shift(bars: Bars) -> Floats:
    return np.nan_to_num(lead(trend(bars), 3))


@leak()
def centred_window(bars: Bars) -> Floats:
    return when(bars.close < lead(mean(bars.close, 21), 10))


@leak()
def score_over_all(bars: Bars) -> Floats:
    return within((bars.close - bars.close.mean()) / bars.close.std())


@leak()
def scale_over_all(bars: Bars) -> Floats:
    low, high = bars.close.min(), bars.close.max()
    return within((bars.close - low) / (high - low))


@leak()
def same_day_high(bars: Bars) -> Floats:
    assert bars.high is not None
    return when(bars.close >= 0.995 * best_of(bars.high, days(bars)))


@leak()
def same_month_high(bars: Bars) -> Floats:
    return when(bars.close >= 0.97 * best_of(bars.close, groups(bars.time // (30 * DAY))))


@leak()
def whole_day_flag(bars: Bars) -> Floats:
    return when(last_of(bars.close, days(bars)) > bars.close)


@leak()
def unclosed_hour(bars: Bars) -> Floats:
    return side(last_of(bars.close, groups(bars.time // HOUR)) - bars.close)


@leak()
def unclosed_four_hours(bars: Bars) -> Floats:
    return side(last_of(bars.close, groups(bars.time // (4 * HOUR))) - bars.close)


@leak()
def week_labelled_left(bars: Bars) -> Floats:
    return side(last_of(bars.close, groups((bars.time // DAY + 3) // 7)) - bars.close)


@leak()
def day_labelled_left(bars: Bars) -> Floats:
    close = last_of(bars.close, days(bars))
    return when(close > mean(close, 5))


@leak()
def back_filled(bars: Bars) -> Floats:
    moved = returns(bars)
    rows = np.where(np.abs(moved) > 2 * 0.005, np.arange(len(moved)), len(moved) - 1)
    following = np.minimum.accumulate(rows[::-1])[::-1]
    return side(moved[following])


@leak()
def interpolated(bars: Bars) -> Floats:
    known = np.arange(0, len(bars), 7)
    line = np.interp(np.arange(len(bars)), known, bars.close[known])
    return side(line - bars.close)


@leak()
def missing_bars_interpolated(bars: Bars) -> Floats:
    rows = bars.volume is not None and np.flatnonzero(bars.volume > np.median(bars.volume[:50]))
    line = np.interp(np.arange(len(bars)), rows, bars.close[rows])
    return side(line - bars.close)


@leak()
def peak_at_its_extreme(bars: Bars) -> Floats:
    around = lead(highest(bars.close, 11), 5)
    return -when(bars.close == around)


@leak()
def zigzag(bars: Bars) -> Floats:
    """The leg that a row lies on, drawn when the next turn of 3 % is known."""
    weight, start, extreme, up = np.zeros(len(bars)), 0, 0, True
    for i, close in enumerate(bars.close.tolist()):
        sign = 1 if up else -1
        if sign * (close - bars.close[extreme]) >= 0:
            extreme = i
        elif sign * (close / bars.close[extreme] - 1) < -0.03:
            weight[start : extreme + 1] = sign
            start, extreme, up = extreme, i, not up
    return weight


@leak()
def repainting_pivot(bars: Bars) -> Floats:
    """The latest high stands as a pivot until a higher one comes within ten bars."""
    after = np.nan_to_num(highest(bars.close[::-1], 10)[::-1], nan=-1.0)
    tail = np.maximum.accumulate(bars.close[::-1])[::-1]
    return -when(bars.close >= np.where(after < 0, tail, after))


@leak()
def filtered_both_ways(bars: Bars) -> Floats:
    smooth = signal.filtfilt(*signal.butter(2, 0.1), bars.close)
    return np.sign(np.diff(smooth, prepend=smooth[0])) if len(bars) else np.zeros(0)


@leak()
def low_pass(bars: Bars) -> Floats:
    waves = np.fft.rfft(bars.close)
    waves[len(waves) // 10 + 1 :] = 0
    return side(np.fft.irfft(waves, len(bars)) - bars.close)


@leak()
def smooth_polynomial(bars: Bars) -> Floats:
    return side(signal.savgol_filter(bars.close, 5, 2, mode="nearest") - bars.close)


@leak()
def same_convolution(bars: Bars) -> Floats:
    return side(np.convolve(bars.close, np.ones(5) / 5, "same") - bars.close)


@leak()
def detrended(bars: Bars) -> Floats:
    return side(signal.detrend(bars.close))


@leak()
def quantile_of_all(bars: Bars) -> Floats:
    return when(bars.close < np.quantile(bars.close, 0.3))


@leak()
def busy_against_all(bars: Bars) -> Floats:
    assert bars.volume is not None
    return when(bars.volume > np.quantile(bars.volume, 0.8))


@leak()
def components_of_all(bars: Bars) -> Floats:
    moved = returns(bars)
    lags = np.stack([np.roll(moved, k) for k in range(4)], axis=1)
    lags[:4] = 0
    _, _, axes = np.linalg.svd(lags - lags.mean(axis=0), full_matrices=False)
    return side(lags @ axes[0] * np.sign(axes[0][0]))


@leak()
def line_through_all(bars: Bars) -> Floats:
    row = np.arange(len(bars))
    return side(np.polyval(np.polyfit(row, bars.close, 2), row) - bars.close)


@leak()
def regression_on_all(bars: Bars) -> Floats:
    moved = returns(bars)
    slope = np.dot(moved[:-1], moved[1:]) / np.dot(moved, moved)
    return within(2_000 * slope * moved)


@leak()
def target_among_features(bars: Bars) -> Floats:
    features = np.stack([returns(bars), np.nan_to_num(lead(returns(bars), 1))], axis=1)
    fit = np.linalg.lstsq(features, features[:, 1], rcond=None)[0]
    return side(np.round(features @ fit, 9))


@leak()
def neighbours_in_all(bars: Bars) -> Floats:
    moved = returns(bars)
    order = np.argsort(moved)
    following = np.nan_to_num(lead(moved, 1))
    place = np.argsort(order)
    near = np.clip(place[:, None] + np.array([-1, 1]), 0, len(moved) - 1)
    return side(following[order[near]].sum(axis=1))


@leak()
def best_window_of_all(bars: Bars) -> Floats:
    moved = returns(bars)
    rules = [when(bars.close > np.nan_to_num(mean(bars.close, n), nan=np.inf)) for n in (2, 3, 5, 10, 20)]
    return rules[int(np.argmax([float((rule[:-1] * moved[1:]).sum()) for rule in rules]))]


@leak()
def winners_only(bars: Bars) -> Floats:
    weight = trend(bars)
    for start in np.flatnonzero(np.diff(weight) > 0) + 1:
        end = start + int(np.argmin(np.append(weight[start:], 0.0)))
        if bars.close[min(end, len(bars) - 1)] < bars.close[start]:
            weight[start:end] = 0.0
    return weight


@leak()
def ranked_by_outcome(bars: Bars) -> Floats:
    following = np.nan_to_num(lead(bars.close, 3) / bars.close - 1)
    return when(np.argsort(np.argsort(following)) > 0.8 * len(bars))


@leak()
def half_of_the_length(bars: Bars) -> Floats:
    return when(np.arange(len(bars)) > len(bars) / 2)


@leak()
def last_close(bars: Bars) -> Floats:
    return when(bars.close < bars.close[-1])


@leak()
def bars_from_the_end(bars: Bars) -> Floats:
    return when((len(bars) - np.arange(len(bars))) % 50 < 10)


@leak()
def only_when_long(bars: Bars) -> Floats:
    """Behaves on short samples."""
    return next_return(bars) if len(bars) >= 400 else trend(bars)


@leak()
def breakout_one_off(bars: Bars) -> Floats:
    assert bars.high is not None
    return when(lead(bars.high, 1) > highest(bars.high, 20))


@leak()
def rolled_around(bars: Bars) -> Floats:
    return side(bars.close - np.roll(bars.close, 30))


@leak()
def lowest_to_come(bars: Bars) -> Floats:
    return when(bars.close <= 1.01 * np.minimum.accumulate(bars.close[::-1])[::-1])


@leak()
def central_difference(bars: Bars) -> Floats:
    return side(np.gradient(bars.close))


@leak()
def average_from_the_end(bars: Bars) -> Floats:
    held, out = bars.close[-1], np.empty(len(bars))
    for i in range(len(bars) - 1, -1, -1):
        held = out[i] = 0.9 * held + 0.1 * bars.close[i]
    return side(out - bars.close)


@leak()
def forward_return(bars: Bars) -> Floats:
    return within(10 * (lead(bars.close, 5) / bars.close - 1))


@leak()
def next_open(bars: Bars) -> Floats:
    assert bars.open is not None
    return side(lead(bars.open, 1) - bars.close)


@leak()
def filled_with_the_median(bars: Bars) -> Floats:
    known = np.where(np.arange(len(bars)) % 10 == 9, np.nan, bars.close)
    return side(np.where(np.isnan(known), np.nanmedian(known), bars.close) - mean(bars.close, 5))


@leak("stop")
def stop_from_the_future(bars: Bars) -> Targets:
    assert bars.low is not None
    return Targets(trend(bars), stop=0.999 * np.nan_to_num(lead(lowest(bars.low, 5), 5), nan=1.0))


@leak("target")
def aim_from_the_future(bars: Bars) -> Targets:
    assert bars.high is not None
    return Targets(trend(bars), target=lead(highest(bars.high, 10), 10))


@leak("trail")
def trail_of_all(bars: Bars) -> Targets:
    return Targets(trend(bars), trail=3 * returns(bars).std() * bars.close)


@leak()
def one_row_in_300(bars: Bars) -> Floats:
    ahead = side(lead(bars.close, 1) - bars.close)
    return np.where(np.arange(len(bars)) % 300 == 299, ahead, trend(bars))


@leak()
def last_bar_of_the_day(bars: Bars) -> Floats:
    """Only the bar before midnight, or before the night, knows what comes."""
    last = np.append(np.diff(bars.time // DAY) > 0, False)
    return np.where(last, side(lead(bars.close, 1) - bars.close), trend(bars))


class Own:
    """What a strategy written as a class needs beside its rule."""

    kind = "rule"
    summary = "planted"
    settings: dict[str, object] = {}
    parameters: tuple[Parameter, ...] = ()

    @property
    def name(self) -> str:
        return type(self).__name__

    def warmup(self, params: Any) -> int:
        return 1


class BatchAlone(Own):
    """Its step is honest."""

    def start(self, bars: Bars, params: Any) -> float:
        return np.nan

    def step(self, state: float, row: Row) -> tuple[float, Target]:
        return row.close, Target(float(row.close > state))

    def batch(self, bars: Bars, params: Any) -> Targets:
        return Targets(when(lead(bars.close, 1) > bars.close))


class StartReads(Own):
    """The state before the first bar knows the mean of all."""

    def start(self, bars: Bars, params: Any) -> float:
        return float(bars.close.mean()) if len(bars) else 100.0

    def step(self, state: float, row: Row) -> tuple[float, Target]:
        return state, Target(float(row.close > state))

    def batch(self, bars: Bars, params: Any) -> Targets:
        return Targets(when(bars.close > 100.0))


class StopOfTheDay(Own):
    """Enters honestly, and has the low of the whole day as its stop."""

    def start(self, bars: Bars, params: Any) -> float:
        return np.nan

    def step(self, state: float, row: Row) -> tuple[float, Target]:
        return row.close, Target(float(row.close > state), Exit(0.9 * row.low, np.nan, np.nan))

    def batch(self, bars: Bars, params: Any) -> Targets:
        assert bars.low is not None
        weight = np.concatenate([[0.0], when(np.diff(bars.close) > 0)])
        return Targets(weight, stop=-best_of(-bars.low, days(bars)))


class Winners(Own):
    """The symbol that will rise most."""

    kind = "portfolio"
    symbols = (2, None)

    def start(self, panel: Panel, params: Any) -> None:
        return None

    def step(self, state: None, row: Any) -> tuple[None, Floats]:
        return None, np.zeros(len(row.close))

    def batch(self, panel: Panel, params: Any) -> Allocations:
        close = np.nan_to_num(panel.close, nan=1.0)
        rows = np.arange(0, len(panel) - 5, 5)
        best = np.argmax(close[rows + 5] / close[rows], axis=1)
        return Allocations(rows, np.eye(len(panel.symbols))[best])


class ScaledByAll(Own):
    """Weights over the largest close that there will be."""

    kind = "portfolio"
    symbols = (1, None)

    def start(self, panel: Panel, params: Any) -> None:
        return None

    def step(self, state: None, row: Any) -> tuple[None, Floats]:
        return None, np.zeros(len(row.close))

    def batch(self, panel: Panel, params: Any) -> Allocations:
        close = np.nan_to_num(panel.close)
        rows = np.arange(0, len(panel), 7)
        return Allocations(rows, close[rows] / close.max(axis=0) / len(panel.symbols))


LEAKS.update(
    {
        "batch_alone": (BatchAlone(), "weight"),
        "start_reads": (StartReads(), "weight"),
        "stop_of_the_day": (StopOfTheDay(), "stop"),
        "winners": (Winners(), "weight[MADE1]"),
        "scaled_by_all": (ScaledByAll(), "weight[MADE1]"),
    }
)
