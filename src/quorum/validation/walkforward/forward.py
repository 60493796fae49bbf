"""Walk-forward: choose on the past, trade what comes next, window by window, as one strategy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from quorum.domain import DAY, UsageError, iso, plain
from quorum.engine import Backtest, Sweep
from quorum.signals import AnyStrategy
from quorum.stats import TooFewRows, WalkForward
from quorum.stats.performance import periods_per_year
from quorum.validation.outcomes import Inconclusive
from quorum.validation.walkforward.candidates import Combination, Ints
from quorum.validation.walkforward.choice import Choice, Rule, Search, Walk, choose, steadiness
from quorum.validation.walkforward.stitched import Leg, Stitched, stitch

NAN = float("nan")
YEAR_AND_QUARTER = WalkForward(windows=12, train=252, test=63)


@dataclass(frozen=True, slots=True)
class WindowResult:
    """One window: its days (UTC midnights in ns, the ends not included), what was chosen, and what that came to.

    Ratios are annualised, returns fractions; `trades` were entered in the window.
    """

    train: tuple[int, int]
    test: tuple[int, int]
    parameters: Combination
    train_sharpe: float
    test_sharpe: float
    test_return: float
    trades: int

    def told(self) -> dict[str, Any]:
        """The plain values, spans as ISO dates."""
        spans = {n: [iso(t)[:10] for t in getattr(self, n)] for n in ("train", "test")}
        rest = ("parameters", "train_sharpe", "test_sharpe", "test_return", "trades")
        return {**spans, **{n: plain(getattr(self, n)) for n in rest}}


@dataclass(frozen=True, eq=False)
class WalkForwardResult:
    """What choosing on the past would have come to: the windows, and one backtest of all test days, `oos`.

    Ratios are those of `walk`, over the daily returns of `oos`: costs and positions carried across windows.
    `stitched` is what it traded, to trade it again on other terms. `trials_in_family` is None when nobody counts.
    """

    strategy: AnyStrategy
    plan: WalkForward
    rule: Rule
    windows: tuple[WindowResult, ...]
    walk: Walk
    oos: Backtest
    stitched: Stitched
    combinations: int
    trials_in_family: int | None

    def summary(self) -> dict[str, Any]:
        """The plain numbers: what the command line prints."""
        walk, oos = self.walk, self.oos.summary()
        stability = walk.stability
        told = ("symbol", "venue", "timeframe", "fill", "trades", "total_return", "max_drawdown", "convention")
        numbers = {
            "oos_sharpe": walk.sharpe,
            "oos_sharpe_se": oos["sharpe_se"],
            "oos_mean_window_sharpe": walk.mean_sharpe,
            "positive_windows": walk.positive,
            "in_sample_sharpe": walk.train_sharpe,
            "oos_is": walk.oos_is,
            "efficiency": walk.efficiency,
            "stability": NAN if stability is None else stability.score,
            "drift": NAN if stability is None else stability.drift,
            "plateau": NAN if stability is None else stability.plateau,
        }
        return {
            "strategy": self.strategy.name,
            **{name: plain(oos[name]) for name in told},
            "plan": plain(self.plan),
            "rule": self.rule.value,
            "first": iso(int(walk.day[0]))[:10],
            "last": iso(int(walk.day[-1]))[:10],
            "combinations": self.combinations,
            "trials_in_family": self.trials_in_family,
            **plain(numbers),
            "windows": [window.told() for window in self.windows],
        }


def walk_forward(
    tried: Sweep,
    strategy: AnyStrategy,
    plan: WalkForward = YEAR_AND_QUARTER,
    rule: Rule = Rule.PLATEAU,
    search: Search | None = None,
) -> WalkForwardResult | Inconclusive:
    """Walk the swept combinations forward; with `search` those that it finds on each training span.

    Days are those that occur in the bars: UTC days of crypto, sessions of equities, on any timeframe. The windows end
    with the newest day; what lies before the first is warm-up. In each the combination that `rule` chooses, by its
    daily returns on the training days, decides from the first bar of the test on: a strategy is causal, so that one
    sweep over all days holds every training result. The test is traded in one run, with every indicator as old as the
    bars. Inconclusive when the days are too few. UsageError for a sweep of another strategy.
    """
    if tried.strategy != strategy.name:
        raise UsageError(f"a sweep of {tried.strategy} walks no {strategy.name} forward", "give the strategy it swept")
    periods = periods_per_year(tried.bars.time)
    try:
        choices = choose(tried, plan, periods, rule, search)
    except TooFewRows as few:
        return Inconclusive("days", few.needed, few.found)
    legs = legs_of(choices, tried.day)
    stitched = stitch(tried.bars, strategy, tried.terms, legs)
    oos = stitched.trade(tried.terms)
    walk = walk_of(choices, oos, periods, tried.combinations)
    entered = oos.trades.entry_time
    windows = tuple(
        WindowResult(
            (int(tried.day[c.window.train.start]), int(tried.day[c.window.train.stop - 1]) + DAY),
            (leg.start, leg.end),
            c.parameters,
            c.train_sharpe,
            float(walk.window_sharpes[i]),
            float(walk.window_returns[i]),
            int(np.sum((entered >= leg.start) & (entered < leg.end))),
        )
        for i, (c, leg) in enumerate(zip(choices, legs, strict=True))
    )
    return WalkForwardResult(
        strategy, plan, rule, windows, walk, oos, stitched, len(tried.combinations), tried.trials_in_family
    )


def legs_of(choices: tuple[Choice, ...], day: Ints) -> tuple[Leg, ...]:
    """When each choice decides: over the days of its test."""
    tests = [choice.window.test for choice in choices]
    return tuple(
        Leg(int(day[test.start]), int(day[test.stop - 1]) + DAY, choice.parameters)
        for test, choice in zip(tests, choices, strict=True)
    )


def walk_of(
    choices: tuple[Choice, ...], oos: Backtest, periods: float, combinations: tuple[Mapping[str, Any], ...]
) -> Walk:
    """The walk whose days were traded as `oos`; a day after a ruin earned 0."""
    day, returns = oos.daily
    return Walk(choices, day, np.nan_to_num(returns, nan=0.0), periods, steadiness(choices, combinations))
