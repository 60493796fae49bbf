"""The ground of a search: the bars before the days that the tier tests on, on which fixes may be tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from quorum.domain import NotFound, Timeframe
from quorum.domain.errors import DataError
from quorum.engine import Terms, Trials, fitting, sweep
from quorum.lake import Bars, BarSource, Panel
from quorum.signals import AnyStrategy, Number, guard, is_ours, is_portfolio, read_params
from quorum.stats.performance import periods_per_year
from quorum.validation.evidence.facts import entries
from quorum.validation.ladder.asked import default_of
from quorum.validation.ladder.check import Counting
from quorum.validation.ladder.checks.universe import ALONE, mean_of
from quorum.validation.ladder.lot import Market, days_of
from quorum.validation.ladder.tier import Ladder, Rung, Tier
from quorum.validation.life import Idea
from quorum.validation.lookahead.answers import answer
from quorum.validation.repair.case import Case
from quorum.validation.walkforward import span_sharpes

Combination = Mapping[str, Number]
Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
LEAST_DAYS = 90
MOST_DAYS = 1_095


@dataclass(frozen=True, slots=True, eq=False)
class Tries:
    """Combinations tried on the ground: the annualised Sharpe ratio of each, and its round trips a year."""

    combinations: tuple[Combination, ...]
    ratios: Floats
    trades: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """Bars of the training span, and what a search on them needs; `needed` round trips a year the tier asks for."""

    strategy: AnyStrategy
    markets: tuple[Market, ...]
    days: int
    periods: float
    needed: float
    terms: Terms
    trials: Counting

    def tries(self, combinations: Sequence[Combination], terms: Terms | None = None) -> Tries:
        """Every combination that fits, on every market; returns are in equal parts of the markets.

        Each is a trial, but for those on other `terms`, by which nothing is chosen.
        """
        kept, _ = fitting(self.markets[0], self.strategy, combinations)
        if not kept:
            return Tries((), np.empty(0), np.empty(0))
        counted = self.trials if terms is None else None
        swept = [sweep(m, self.strategy, kept, terms or self.terms, counted, ALONE) for m in self.markets]
        _, returns = mean_of([(each.day, each.returns) for each in swept])
        fills = np.sum([each.fills for each in swept], axis=0)
        return Tries(kept, span_sharpes(returns, self.periods), fills / 2.0 * self.periods / self.days)

    def entries(self, params: Combination) -> float:
        """How often a year these parameters ask for a new position; nothing is traded, so that it is no trial."""
        kept, _ = fitting(self.markets[0], self.strategy, [params])
        if not kept:
            return 0.0
        asked = sum(entries(answer(self.strategy, market, kept[0]).weights()) for market in self.markets)
        return float(asked) * self.periods / self.days


@dataclass(frozen=True, slots=True)
class Site:
    """Where agents look for a fix: the desk's bars and trials, its ladder, and what becomes of an idea.

    `strategy_of` gives the strategy that an idea names; `series` every (symbol, venue, timeframe) that there is.
    """

    source: BarSource
    series: Sequence[tuple[str, str, str]]
    ladder: Ladder
    trials: Trials
    strategy_of: Callable[[Idea], AnyStrategy]

    def rung(self, case: Case) -> Rung:
        return self.ladder.of(Tier(case.tier))

    def strategy(self, idea: Idea) -> AnyStrategy:
        """The strategy of an idea, a stranger's code with a guard around it."""
        found = self.strategy_of(idea)
        return found if is_ours(found) else guard(found)

    def bars(self, idea: Idea, symbols: Sequence[str], venue: str | None = None) -> tuple[Bars, ...]:
        """The series of those symbols that are there."""
        found = []
        for symbol in symbols:
            try:
                found.append(self.source.bars(symbol, Timeframe.parse(idea.timeframe), venue or idea.venue))
            except (NotFound, DataError):
                continue
        return tuple(bars for bars in found if len(bars))

    def tested_days(self, rung: Rung, periods: float) -> int:
        """How many of the newest days a tier tests on: those of its windows' tests, else its whole span."""
        windows = self.ladder.method.windows
        if rung.tier is Tier.L2 and windows.windows is not None:
            return windows.windows * windows.test
        return rung.days(periods)

    def ground(self, case: Case, idea: Idea | None = None) -> Ground | str:
        """The ground before the days that the tier tests on, or why there is none."""
        asked, rung = idea or case.idea, self.rung(case)
        strategy = self.strategy(asked)
        many = rung.whole_universe or is_portfolio(strategy)
        series = self.bars(asked, asked.symbols if many else asked.symbols[:1])
        if not series:
            return "there are no bars to look at"
        newest = max(series, key=lambda bars: int(bars.time[-1]))
        periods = periods_per_year(newest.time)
        days = days_of(newest, 0)
        tested = self.tested_days(rung, periods)
        if len(days) <= tested:
            return f"all of its {len(days)} days are tested on"
        past = days[:-tested][-MOST_DAYS:]
        cut = [bars.between(int(past[0]), int(days[-tested])) for bars in series]
        cut = [bars for bars in cut if len(days_of(bars, 0)) >= LEAST_DAYS]
        if not cut:
            return f"{len(past)} days lie before those that are tested on, {LEAST_DAYS} are needed"
        markets: tuple[Market, ...] = (Panel.of(cut),) if is_portfolio(strategy) else tuple(cut)
        needed = _needed(rung) * periods / tested
        return Ground(strategy, markets, len(past), periods, needed, self.ladder.method.terms, Counting(self.trials))


def given_of(strategy: AnyStrategy, given: Mapping[str, Any]) -> dict[str, Number]:
    """All parameters of the strategy, those given taken as they are, within bounds or not."""
    known = {p.name for p in strategy.parameters}
    return {**default_of(strategy), **{name: value for name, value in given.items() if name in known}}


def taken(strategy: AnyStrategy, params: Combination) -> bool:
    """Whether the strategy takes these parameters."""
    try:
        guard(strategy).warmup(read_params(strategy, params))
    except Exception:  # noqa: BLE001  # a stranger's code: whatever it raises, it does not take them
        return False
    return True


def without_costs(terms: Terms) -> Terms:
    """The terms on which a trade costs nothing."""
    return replace(terms, fee_bps=0.0, slippage_bps=0.0, maker_bps=None, fee_per_unit=0.0, minimum_fee=0.0, impact=0.0)


def _needed(rung: Rung) -> float:
    """The trades that a tier asks for in the days that it tests on."""
    floors = [g.threshold for g in rung.gates if g.metric in ("trades", "signals") and g.weight.value == "gate"]
    return max(floors, default=0.0)
