"""How often the gates let luck pass, and how often skill: grids of returns without and with a planted plateau."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from quorum.domain import DAY, parse_instant
from quorum.stats import Interval, profit_factor, wilson_interval, win_rate
from quorum.stats.performance import max_drawdown, sharpe
from quorum.validation.evidence import Draws, Evidence, Family, Record, Rerun, Stress, TradingRecord, weigh
from quorum.validation.gates.table import L2, Judgement, Weight, judge
from quorum.validation.outcomes import Passed
from quorum.validation.walkforward import YEAR_AND_QUARTER, Floats, Rule, Tried, Walk, span_sharpes, walk_on, wealth_of

SIDE, PLATEAU, YEAR, YEARS = 20, 5, 252, 5
CORRELATION, VOLATILITY, TRUE_SHARPE = 0.9, 0.01, 2.5
HELD_DAYS, ROUND_TRIP = 5, 0.0020
DRAWS = Draws(paths=200, resamples=500)
_MONDAY = parse_instant("2018-01-01")


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of `n` passed the whole tier, and how many each gate did not let through."""

    passed: int
    n: int
    stopped: Mapping[str, int]

    @property
    def share(self) -> float:
        return self.passed / self.n

    @property
    def interval(self) -> Interval:
        """The 95 % interval of the share, by Wilson."""
        return wilson_interval(self.passed, self.n)

    def told(self) -> dict[str, Any]:
        """The plain numbers."""
        share, (low, high) = self.share, self.interval
        return {"passed": self.passed, "of": self.n, "share": share, "low": low, "high": high, "stopped": self.stopped}


@dataclass(frozen=True, slots=True)
class GateRates:
    """How often noise passes, and how often a planted plateau of true net Sharpe 2.5 does."""

    noise: Rate
    planted: Rate

    def told(self) -> dict[str, Any]:
        """The plain numbers."""
        return {"noise": self.noise.told(), "planted": self.planted.told()}


def simulate_gates(repetitions: int = 200, seed: int = 0, rule: Rule = Rule.PLATEAU, draws: Draws = DRAWS) -> GateRates:
    """Both rates over `repetitions` grids each; the n-th grid is the same however many are drawn.

    The same evidence and gates as for a backtest, on a grid of 20 by 20 combinations over five years of 252 days.
    Daily net returns are normal with 1 % deviation and correlate 0.9 with one another; planted is a square of 5 by 5
    with a true Sharpe ratio of 2.5, anywhere on the grid, the rest has none. What returns alone do not have is
    made so: a change of parameters costs nothing; a trade lasts 5 days on average, of geometric length, and its
    profit is the sum of its days; its round trip costs 20 basis points, so that twice the costs takes those once more;
    the family is the grid; the market to hold and its regimes are unknown, which no gate reads.
    """
    how = _How(repetitions, rule, draws)
    return GateRates(_rate(how, (seed, 0), 0.0), _rate(how, (seed, 1), TRUE_SHARPE))


def draw_grid(rng: np.random.Generator, sharpe_ratio: float) -> Tried:
    """One grid of candidates, its plateau with this true yearly Sharpe ratio."""
    days, k = YEARS * YEAR, SIDE * SIDE
    common = rng.standard_normal(days)
    own = rng.standard_normal((k, days))
    returns = VOLATILITY * (np.sqrt(CORRELATION) * common + np.sqrt(1.0 - CORRELATION) * own)
    row, column = rng.integers(0, SIDE - PLATEAU + 1, 2)
    lifted = np.zeros((SIDE, SIDE))
    lifted[row : row + PLATEAU, column : column + PLATEAU] = VOLATILITY * sharpe_ratio / np.sqrt(YEAR)
    grid = tuple({"fast": i, "slow": j} for i, j in product(range(1, SIDE + 1), repeat=2))
    return Tried(grid, _MONDAY + np.arange(days) * DAY, returns + lifted.reshape(-1, 1))


def weigh_grid(tried: Tried, rng: np.random.Generator, rule: Rule = Rule.PLATEAU, draws: Draws = DRAWS) -> Evidence:
    """The evidence of a grid of returns, its trades drawn."""
    walk = walk_on(tried, YEAR_AND_QUARTER, YEAR, rule)
    family = Family(span_sharpes(tried.returns, 1.0), len(tried.combinations))
    last = np.append(rng.random(len(walk.returns) - 1) < 1.0 / HELD_DAYS, True)
    return weigh(tried, walk, family, Record(_trading(walk, last), Stress(_doubled(walk, last))), draws)


class _How(NamedTuple):
    repetitions: int
    rule: Rule
    draws: Draws


def _rate(how: _How, stream: tuple[int, int], sharpe_ratio: float) -> Rate:
    stopped: Counter[str] = Counter({gate.metric: 0 for gate in L2 if gate.weight is Weight.GATE})
    passed = 0
    for repetition in range(how.repetitions):
        rng = np.random.default_rng([*stream, repetition])
        judgement = judge(weigh_grid(draw_grid(rng, sharpe_ratio), rng, how.rule, how.draws).metrics(), L2)
        stopped.update(_stops(judgement))
        passed += judgement.passed
    return Rate(passed, how.repetitions, dict(stopped))


def _stops(judgement: Judgement) -> list[str]:
    gates = (row for row in judgement.rows if row.gate.weight is Weight.GATE)
    return [row.gate.metric for row in gates if not isinstance(row.outcome, Passed)]


def _trading(walk: Walk, last: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> TradingRecord:
    ends = np.flatnonzero(last)
    profits = np.diff(np.cumsum(walk.returns)[ends], prepend=0.0)
    fall = max_drawdown(wealth_of(walk.returns), 1.0)
    return TradingRecord(len(profits), profit_factor(profits), win_rate(profits), fall, profits)


def _doubled(walk: Walk, last: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Rerun:
    returns: Floats = walk.returns - ROUND_TRIP * last
    return Rerun(float(np.prod(1.0 + returns)) - 1.0, sharpe(returns, walk.periods))
