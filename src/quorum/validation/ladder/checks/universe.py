"""A universe traded as one: each market by itself, its daily returns in equal parts with the others'."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import NormalDist
from typing import Any

import numpy as np

from quorum.domain import DAY, QuorumError
from quorum.engine import Backtest, SweepOptions, Terms, Trials, fitting, sweep
from quorum.stats import profit_factor, win_rate
from quorum.stats.performance import day_ends, max_drawdown, sharpe
from quorum.validation.evidence import (
    Facts,
    Jitter,
    Rerun,
    Stress,
    TradingRecord,
    facts_of,
    hold_returns,
)
from quorum.validation.evidence.facts import entries, largest_day, longest_drawdown, weekly_sharpe
from quorum.validation.evidence.gather import trading_record
from quorum.validation.evidence.stress import CHANGES, COSTS, MISSING, doubled, moved, thinned
from quorum.validation.ladder.asked import Combination
from quorum.validation.ladder.lot import Lot, Market
from quorum.validation.walkforward import Floats, Ints, Leg, Stitched, Tried, stitch, wealth_of

NAN = float("nan")
ALONE = SweepOptions(threads=1)


@dataclass(frozen=True, eq=False)
class Tested:
    """What the same choices came to on each market, and together: `returns` (d,) of the days (d,) that occur."""

    legs: tuple[Leg, ...]
    stitched: tuple[Stitched, ...]
    tests: tuple[Backtest, ...]
    day: Ints
    returns: Floats
    periods: float

    @property
    def terms(self) -> Terms:
        return self.tests[0].terms

    @property
    def sharpe(self) -> float:
        return sharpe(self.returns, self.periods)

    @property
    def total_return(self) -> float:
        return float(np.prod(1.0 + self.returns)) - 1.0

    @cached_property
    def trading(self) -> TradingRecord:
        """All round trips, the return of each on the whole, and the deepest fall over every bar."""
        records = [trading_record(test) for test in self.tests]
        if len(records) == 1:
            return records[0]
        profits = self.profits
        returns = np.concatenate([r.returns for r in records]) / len(records)
        return TradingRecord(len(profits), profit_factor(profits), win_rate(profits), fall_of(self.tests), returns)

    @property
    def profits(self) -> Floats:
        return np.concatenate([test.trades.profit for test in self.tests])

    def again(self, terms: Terms) -> Tested:
        """The same wishes on other terms."""
        return self.instead([s.trade(terms) for s in self.stitched])

    def instead(self, tests: Sequence[Backtest]) -> Tested:
        """Other backtests of the same choices."""
        day, returns = mean_of([test.daily for test in tests])
        return replace(self, tests=tuple(tests), day=day, returns=returns)

    def facts(self, hold: Floats, jitters: Sequence[Jitter] = (), oos_is: float = NAN) -> Facts:
        """What the diagnostics ask about; `hold` are the daily returns (d,) of the markets themselves."""
        if len(self.tests) == 1:
            return facts_of(self.tests[0], self.stitched[0].wishes, hold, jitters, oos_is)
        record = self.trading
        exposures = [float(np.nanmax(t.exposure[1])) for t in self.tests if np.isfinite(t.exposure[1]).any()]
        return Facts(
            total_return=self.total_return,
            hold_return=float(np.prod(1.0 + hold)) - 1.0,
            trades=float(record.trades),
            signals=float(sum(entries(s.wishes.weight) for s in self.stitched)),
            daily_sharpe=self.sharpe,
            weekly_sharpe=weekly_sharpe(self.day, self.returns),
            profit_factor=record.profit_factor,
            win_rate=record.win_rate,
            largest_exposure=max(exposures, default=NAN),
            largest_day=largest_day(self.returns),
            longest_drawdown=longest_drawdown(self.returns),
            kept=Stress(jitters=tuple(jitters)).kept(0.1),
            oos_is=oos_is,
        )


def mean_of(parts: Sequence[tuple[Ints, Floats]]) -> tuple[Ints, Floats]:
    """The days (d,) that occur in any part, and of returns (..., d) the mean over the parts that have the day."""
    day = np.unique(np.concatenate([days for days, _ in parts]))
    total, count = np.zeros((*parts[0][1].shape[:-1], len(day))), np.zeros(len(day))
    for days, returns in parts:
        at = np.searchsorted(day, days)
        total[..., at] += np.nan_to_num(returns, nan=0.0)
        count[at] += 1.0
    return day, total / count


def trade_legs(lot: Lot, legs: Sequence[Leg], terms: Terms) -> Tested:
    """The legs traded on every market of the lot."""
    stitched = tuple(stitch(market, lot.strategy, terms, legs) for market in lot.markets)
    tests = tuple(s.trade(terms) for s in stitched)
    return Tested(tuple(legs), stitched, tests, *mean_of([test.daily for test in tests]), lot.periods)


def trade_params(lot: Lot, params: Combination, terms: Terms) -> Tested:
    """One set of parameters traded over the whole span."""
    return trade_legs(lot, [Leg(lot.start, lot.end, params)], terms)


def sweep_all(lot: Lot, combinations: Sequence[Combination], terms: Terms, trials: Trials | None) -> Tried:
    """Every combination on every market, each a trial where they are counted; returns are those of the span."""
    parts = []
    for market in lot.markets:
        tried = sweep(market, lot.strategy, combinations, terms, trials, ALONE)
        parts.append((tried.day, tried.returns))
    day, returns = mean_of(parts)
    inside = day >= lot.start
    return Tried(tuple(combinations), day[inside], returns[:, inside])


def try_beside(lot: Lot, terms: Terms, trials: Trials) -> tuple[dict[str, Any], ...]:
    """The lot's combinations, each a trial: what those beside the given one come to."""
    tried = sweep_all(lot, lot.combinations, terms, trials)
    rest = zip(tried.combinations[1:], tried.returns[1:], strict=True)
    return tuple({"params": dict(params), "sharpe": sharpe(row, lot.periods)} for params, row in rest)


def hold_all(lot: Lot) -> tuple[Ints, Floats]:
    """Daily returns of holding equal parts of the markets, warm-up included."""
    return mean_of([(_days(market), hold_returns(market)) for market in lot.markets])


def stress_all(tested: Tested, lot: Lot, jitters: Sequence[Jitter], seed: int) -> Stress:
    """The same choices at twice the costs, a bar late, and with 1 % of the bars missing."""
    terms = tested.terms
    late = [s.delayed().trade(terms) for s in tested.stitched]
    return Stress(
        _rerun(tested.again(doubled(terms))) if charged(terms) else Rerun(),
        _rerun(tested.instead(late)),
        _thinned(tested, lot, seed),
        tuple(jitters),
    )


def jitters_of(lot: Lot, params: Combination, terms: Terms) -> Iterator[Jitter]:
    """Each parameter moved by 10 and 20 % both ways, over the span; nothing is chosen by it, so that it is no trial."""
    moves = [
        (p.name, change, value)
        for p in lot.strategy.parameters
        for change in CHANGES
        if (value := moved(p, params[p.name], change)) != params[p.name]
    ]
    asked = [{**params, name: value} for name, _, value in moves]
    taken = [fitting(lot.markets[0], lot.strategy, [one])[0] for one in asked]
    ratios = _ratios(lot, [params, *(one[0] for one in taken if one)], terms)
    whole = next(ratios)
    for (name, change, value), one in zip(moves, taken, strict=True):
        ratio = next(ratios) if one else NAN
        yield Jitter(name, change, value, ratio, ratio / whole if whole > 0 else NAN)


def edge(tested: Tested) -> dict[str, float]:
    """What there is before costs: `gross_sharpe`, the edge over its costs, and how likely so low an edge is by luck.

    `gross_p` is the probability of a mean return before costs that is as low, if the true one were 0.
    """
    none: dict[str, Any] = {**dict.fromkeys(COSTS, 0.0), "maker_bps": None}
    free = replace(tested.terms, **none)
    gross = tested.again(free).returns
    cost = float(gross.mean() - tested.returns.mean())
    ratio = sharpe(gross, 1.0)
    return {
        "gross_sharpe": ratio * math.sqrt(tested.periods),
        "edge_over_cost": float(gross.mean()) / cost if cost > 0 else NAN,
        "gross_p": NAN if math.isnan(ratio) else NormalDist().cdf(ratio * math.sqrt(len(gross))),
    }


def charged(terms: Terms) -> bool:
    """Whether a trade costs anything."""
    return any(getattr(terms, name) > 0 for name in COSTS) or (terms.maker_bps or 0.0) > 0


def fall_of(tests: Sequence[Backtest]) -> float:
    """The deepest fall, over every bar, of wealth that is in equal parts in each backtest at the start of each day.

    A market without a bar on a day has no part in it; a negative fraction.
    """
    time = np.unique(np.concatenate([test.time for test in tests]))
    day = time // DAY
    first = np.searchsorted(day, day)  # row of each day's first bar
    total, count = np.zeros(len(time)), np.zeros(len(time))
    for test in tests:
        at = np.searchsorted(test.time, time, "right") - 1
        level = np.concatenate([[test.terms.starting_equity], test.equity])[at + 1]
        before = np.concatenate([[test.terms.starting_equity], level])[first]
        there = np.isin(day, test.time // DAY)
        total += np.where(there, np.divide(level, before, out=np.ones(len(time)), where=before > 0), 0.0)
        count += there
    ratio = total / count
    ends = day_ends(time)
    wealth = np.concatenate([[1.0], wealth_of(ratio[ends] - 1.0)])
    opened = wealth[np.searchsorted(np.unique(day), day)]
    return max_drawdown(opened * ratio, 1.0)


def _days(market: Market) -> Ints:
    days: Ints = market.time[day_ends(market.time)] // DAY * DAY
    return days


def _rerun(tested: Tested) -> Rerun:
    return Rerun(tested.total_return, tested.sharpe)


def _thinned(tested: Tested, lot: Lot, seed: int) -> Rerun:
    thin = replace(lot, markets=tuple(thinned(market, MISSING, seed) for market in lot.markets))
    try:
        return _rerun(trade_legs(thin, tested.legs, tested.terms))
    except QuorumError:
        return Rerun()


def _ratios(lot: Lot, combinations: Sequence[Combination], terms: Terms) -> Iterator[float]:
    """The Sharpe ratio of each over the span, 0 without spread."""
    tried = sweep_all(lot, combinations, terms, None)
    for row in tried.returns:
        ratio = sharpe(row, lot.periods)
        yield 0.0 if math.isnan(ratio) else ratio
