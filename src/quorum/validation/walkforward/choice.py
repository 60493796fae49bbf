"""Choosing on the past, window by window, and what the choices came to in the days that followed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

import numpy as np

from quorum.stats import Span, Stability, WalkForward, Window, parameter_stability
from quorum.stats.performance import sharpe
from quorum.validation.walkforward.candidates import (
    Candidates,
    Combination,
    Floats,
    Grid,
    Ints,
    grid_of,
    span_sharpes,
)

NAN = float("nan")


class Rule(StrEnum):
    """How a window chooses: the best Sharpe ratio on its training days, or the best mean of a combination's ratio and
    those of its neighbours on the grid, which prefers the middle of high ground to a peak."""

    BEST = "best"
    PLATEAU = "plateau"


Search = Callable[[Span], Candidates]
"""Finds candidates by the days of one training span alone; their returns are those of every day of the whole span."""


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """The combination that a window chose by its training days; ratios are annualised.

    `window` counts days of the candidates, `train_return` is the yearly mean return. `around` holds the Sharpe ratios
    of its neighbours on the grid, NaN where there is none.
    """

    window: Window
    index: int
    parameters: Combination
    train_sharpe: float
    train_return: float
    around: Floats


@dataclass(frozen=True, eq=False)
class Walk:
    """Choices, and the returns (w * t,) of the days (w * t,) on which each was proved, one window after the other.

    Ratios are annualised by `periods`, NaN where undefined. `sharpe` is one ratio of all days, `window_sharpes` (w,)
    those of the windows; OOS and IS mean out of sample (test) and in sample (training).
    """

    choices: tuple[Choice, ...]
    day: Ints
    returns: Floats
    periods: float
    stability: Stability | None

    @property
    def sharpe(self) -> float:
        return sharpe(self.returns, self.periods)

    @cached_property
    def window_sharpes(self) -> Floats:
        return np.array([sharpe(part, self.periods) for part in self.parts()])

    @cached_property
    def window_returns(self) -> Floats:
        """The compounded return (w,) of each window."""
        return np.array([float(np.prod(1.0 + part)) - 1.0 for part in self.parts()])

    @property
    def mean_sharpe(self) -> float:
        """The mean of the windows' ratios, one without a ratio counting 0."""
        return float(np.nan_to_num(self.window_sharpes).mean())

    @property
    def positive(self) -> int:
        """Windows that earned something."""
        return int(np.sum(self.window_returns > 0))

    @property
    def train_sharpe(self) -> float:
        """The mean of the chosen ratios in sample."""
        return float(np.mean([c.train_sharpe for c in self.choices]))

    @property
    def oos_is(self) -> float:
        """The ratio out of sample over the mean one in sample; NaN when that is not above 0."""
        return self.sharpe / self.train_sharpe if self.train_sharpe > 0 else NAN

    @property
    def efficiency(self) -> float:
        """Yearly mean return out of sample over that in sample (walk-forward efficiency); NaN if that is not > 0."""
        earned = float(np.mean([c.train_return for c in self.choices]))
        return float(self.returns.mean()) * self.periods / earned if earned > 0 else NAN

    def parts(self) -> list[Floats]:
        """The returns of each window."""
        edges = np.cumsum([c.window.test.size for c in self.choices])[:-1]
        return list(np.split(self.returns, edges))


def choose(
    tried: Candidates,
    plan: WalkForward,
    periods: float,
    rule: Rule = Rule.PLATEAU,
    search: Search | None = None,
) -> tuple[Choice, ...]:
    """The candidate that each window chooses, the first of equals; with `search` of those that it finds for the window.

    The windows end with the last day; days before the first are warm-up. TooFewRows when they do not fit.
    """
    shared = grid_of(tried.combinations)
    choices = []
    for window in windows_at_the_end(plan, len(tried.day)):
        found = tried if search is None else search(window.train)
        grid = shared if search is None else grid_of(found.combinations)
        choices.append(_choice(found, grid, window, (periods, rule)))
    return tuple(choices)


def windows_at_the_end(plan: WalkForward, days: int) -> tuple[Window, ...]:
    """The windows of `plan` over the newest of `days` days, so that what is left over lies before them."""
    windows = plan.split(days)
    left = days - windows[-1].test.stop
    return tuple(Window(*(Span(start + left, stop + left) for start, stop in window)) for window in windows)


def steadiness(choices: Sequence[Choice], combinations: Sequence[Combination]) -> Stability | None:
    """How still the chosen parameters hold on the axes of all `combinations`; None for a single window."""
    if len(choices) < 2:
        return None
    grid = grid_of([*combinations, *(c.parameters for c in choices)])
    chosen = np.array([[float(c.parameters[name]) for name in grid.names] for c in choices]).reshape(len(choices), -1)
    widest = max(len(c.around) for c in choices)
    metrics = np.full((len(choices), 1 + widest), NAN)
    for i, choice in enumerate(choices):
        metrics[i, 0], metrics[i, 1 : 1 + len(choice.around)] = choice.train_sharpe, choice.around
    return parameter_stability(chosen, grid.axes, metrics)


def walk_on(tried: Candidates, plan: WalkForward, periods: float, rule: Rule = Rule.PLATEAU) -> Walk:
    """The walk over the candidates' own returns, changes of parameters at no cost."""
    choices = choose(tried, plan, periods, rule)
    rows = np.concatenate([np.arange(*c.window.test) for c in choices])
    returns = np.concatenate([tried.returns[c.index, slice(*c.window.test)] for c in choices])
    walk = Walk(choices, tried.day[rows], np.nan_to_num(returns, nan=0.0), periods, None)
    return replace(walk, stability=steadiness(choices, tried.combinations))


def _choice(tried: Candidates, grid: Grid, window: Window, how: tuple[float, Rule]) -> Choice:
    periods, rule = how
    seen = tried.returns[:, slice(*window.train)]
    ratios = span_sharpes(seen, periods)
    there = grid.neighbours >= 0
    around = np.where(there, ratios[grid.neighbours], NAN)
    level = ratios if rule is Rule.BEST else (ratios + np.nansum(around, axis=1)) / (1 + there.sum(axis=1))
    best = int(np.argmax(level))
    earned = float(np.nan_to_num(seen[best], nan=0.0).mean()) * periods
    return Choice(window, best, dict(tried.combinations[best]), float(ratios[best]), earned, around[best])
