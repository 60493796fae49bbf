"""Rules that cannot be trusted to run, and what an examination has to say of each."""

from __future__ import annotations

import random
import time
from typing import Any

import numpy as np

from quorum.domain import DAY, Row, parse_instant
from quorum.lake import Bars
from quorum.signals import Allocations, AnyStrategy, Target, Targets, from_batch, from_step
from validation.lookahead.columns import Floats, ema, lead, mean, when, within
from validation.lookahead.leaky import Own, trend


def chance(bars: Bars, params: Any) -> Floats:
    return np.random.rand(len(bars)) - 0.5


def dice(state: None, row: Row) -> tuple[None, float]:
    return None, float(random.random() > 0.5)


def no_number(bars: Bars, params: Any) -> Floats:
    return np.where(np.arange(len(bars)) == 77, np.nan, trend(bars))


def twice_as_much(bars: Bars, params: Any) -> Floats:
    return 2 * trend(bars)


def one_short(bars: Bars, params: Any) -> Floats:
    return trend(bars)[1:]


def words(bars: Bars, params: Any) -> Any:
    return ["long"] * len(bars)


def broken(bars: Bars, params: Any) -> Floats:
    return trend(bars) / bars.missing  # type: ignore[attr-defined]


def leaves(bars: Bars, params: Any) -> Floats:
    raise SystemExit(7)


def never(bars: Bars, params: Any) -> Floats:
    return np.zeros(len(bars))


def settles_later(bars: Bars, params: Any) -> Floats:
    average = ema(bars.close, 8)
    return within(20 * (bars.close / average - 1))


def half_its_window(bars: Bars, params: Any) -> Floats:
    return when(bars.close > np.nan_to_num(mean(bars.close, 40), nan=np.inf))


MADE_WITH_HINDSIGHT = {int(parse_instant(f"2024-01-{d:02}T00:00:00Z")) // DAY for d in (3, 4, 9, 12, 17, 18, 23, 25)}


def dates_by_heart(bars: Bars, params: Any) -> Floats:
    return np.array([float(int(t) // DAY in MADE_WITH_HINDSIGHT) for t in bars.time])


class Writes(Own):
    """Turns the prices round when nobody looks."""

    def start(self, bars: Bars, params: Any) -> float:
        return np.nan

    def step(self, state: float, row: Row) -> tuple[float, Target]:
        return row.close, Target(float(row.close > state))

    def batch(self, bars: Bars, params: Any) -> Targets:
        column = bars.close
        while column.base is not None:
            column = column.base
        column.flags.writeable = True
        column[5:] = column[5:] * 1.01
        return Targets(trend(bars))


class Counts(Own):
    """Answers by how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def start(self, bars: Bars, params: Any) -> None:
        return None

    def step(self, state: None, row: Row) -> tuple[None, Target]:
        return None, Target(0.0)

    def batch(self, bars: Bars, params: Any) -> Targets:
        self.asked += 1
        return Targets(np.full(len(bars), float(self.asked % 3 == 0)))


class Remembers(Own):
    """Scales by the mean of the first bars that it ever saw, so that no cut shows the leak."""

    def __init__(self) -> None:
        self.mean: float | None = None

    def start(self, bars: Bars, params: Any) -> None:
        return None

    def step(self, state: None, row: Row) -> tuple[None, Target]:
        return None, Target(float(row.close > (self.mean or 0.0)))

    def batch(self, bars: Bars, params: Any) -> Targets:
        if self.mean is None:
            self.mean = float(bars.close.mean())
        return Targets(when(bars.close > self.mean))


class TwoMinds(Own):
    """Its step is not its batch."""

    def start(self, bars: Bars, params: Any) -> float:
        return np.nan

    def step(self, state: float, row: Row) -> tuple[float, Target]:
        return row.close, Target(float(row.close < state))

    def batch(self, bars: Bars, params: Any) -> Targets:
        return Targets(np.concatenate([[0.0], when(np.diff(bars.close) > 0)]))


class Hasty(TwoMinds):
    """Acts at the second bar and declares ten."""

    def warmup(self, params: Any) -> int:
        return 10

    def step(self, state: float, row: Row) -> tuple[float, Target]:
        return row.close, Target(float(row.close > state))


class StepFails(TwoMinds):
    def step(self, state: float, row: Row) -> tuple[float, Target]:
        raise KeyError("nothing there")


class OverPeeks(TwoMinds):
    """What a backtest asks first, `over`, is not what `batch` and `step` say."""

    def step(self, state: float, row: Row) -> tuple[float, Target]:
        return row.close, Target(float(row.close > state))

    def over(self, bars: Bars) -> Any:
        rows = np.arange(len(bars))
        return lambda params: Allocations(rows, when(lead(bars.close, 1) > bars.close)[:, None])


def whole(name: str, rule: Any, warmup: int) -> AnyStrategy:
    return from_batch(name, rule, warmup)


UNFIT: dict[str, tuple[AnyStrategy, str, str]] = {
    "chance": (whole("chance", chance, 1), "determinism", "weight"),
    "dice": (from_step("dice", dice, lambda params: None, 1), "determinism", "weight"),
    "no_number": (whole("no_number", no_number, 5), "smoke", "wants nan of MADE at the close of row 77"),
    "twice_as_much": (whole("twice_as_much", twice_as_much, 5), "smoke", "a target is a number within -1..1"),
    "one_short": (whole("one_short", one_short, 5), "smoke", "one row a bar is needed"),
    "words": (whole("words", words, 5), "smoke", "words answers a list for 600 bars of MADE: could not convert string"),
    "broken": (whole("broken", broken, 5), "smoke", "broken failed on MADE at the bars of 2024-01-01.*AttributeError"),
    "leaves": (whole("leaves", leaves, 5), "smoke", "leaves failed on MADE .*SystemExit: 7"),
    "never": (whole("never", never, 5), "backtest", "never trades in 1800 bars"),
    "settles_later": (whole("settles_later", settles_later, 8), "warm-up", "weight"),
    "half_its_window": (whole("half_its_window", half_its_window, 20), "warm-up", "with [0-9]+ bars it agrees"),
    "dates_by_heart": (whole("dates_by_heart", dates_by_heart, 1), "calendar", "knows dates by heart"),
    "writes": (Writes(), "smoke", "writes into the bars"),
    "counts": (Counts(), "determinism", "weight"),
    "remembers": (Remembers(), "determinism", "in another order"),
    "two_minds": (TwoMinds(), "stream", "batch says"),
    "hasty": (Hasty(), "warm-up", "before it has seen the 10 bars"),
    "over_peeks": (OverPeeks(), "stream", "over says"),
    "step_fails": (StepFails(), "stream", "StepFails failed on MADE at the bar of 2024-01-01T00:00:00Z: KeyError"),
}


def hangs(bars: Bars, params: Any) -> Floats:
    while True:
        time.sleep(1)


def slow(bars: Bars, params: Any) -> Floats:
    time.sleep(0.2)
    return trend(bars)
