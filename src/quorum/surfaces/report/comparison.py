"""Strategies side by side: ranked by Sharpe ratio, with what the best of several is worth."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import UsageError
from quorum.engine import Backtest
from quorum.engine.appraisal import buy_and_hold
from quorum.signals import Number
from quorum.stats import (
    deflated_sharpe,
    false_discoveries,
    luckiest_sharpe,
    probabilistic_sharpe,
    track_record,
    trial_spread,
)
from quorum.stats.performance import day_ends
from quorum.surfaces.report.charts import Chart, Line, Pane, lines_chart
from quorum.surfaces.report.page import count, percent, ratio, render, with_error

Floats = NDArray[np.float64]
Instants = NDArray[np.int64]

DRAWN = 8


class Ranked(NamedTuple):
    """One row of the ranking, 1 for the highest Sharpe ratio; those without one come last.

    `probability` is that of a true Sharpe ratio above 0 had this strategy alone been tried, NaN where undefined;
    `adjusted_p` the p-value of a ratio of 0 or less, adjusted for their number by Benjamini and Hochberg.
    """

    rank: int
    strategy: str
    symbol: str
    parameters: Mapping[str, Number]
    sharpe: float
    sharpe_se: float
    probability: float
    adjusted_p: float
    total_return: float
    cagr: float
    max_drawdown: float
    trades: int
    final_equity: float


class Luck(NamedTuple):
    """What the best of `trials` is worth: the yearly Sharpe ratio that the luckiest without skill is expected to show,
    and the probability that the best one has any (deflated Sharpe ratio); NaN where undefined.
    """

    trials: int
    luckiest: float
    deflated: float


def ranking(results: Sequence[Backtest]) -> tuple[Ranked, ...]:
    """The results by Sharpe ratio, the highest first; equal ones by name."""
    ordered = sorted(results, key=lambda r: (-_or_last(r.performance.sharpe), r.strategy))
    odds = np.array([_probability(result) for result in ordered])
    adjusted = false_discoveries(np.nan_to_num(1.0 - odds, nan=1.0)).adjusted
    chances = zip(odds.tolist(), adjusted.tolist(), strict=True)
    return tuple(_ranked(k, r, chance) for k, (r, chance) in enumerate(zip(ordered, chances, strict=True), 1))


def luck(results: Sequence[Backtest]) -> Luck:
    """The luck in the best of `results`, over these and all recorded trials of their families."""
    recorded = {r.strategy: r.trials_in_family or 0 for r in results}
    trials = max(len(results), sum(recorded.values()))
    best = max(results, key=lambda r: _or_last(r.performance.sharpe))
    returns, year = best.daily[1], math.sqrt(best.performance.periods_per_year)
    if not math.isfinite(best.performance.sharpe):
        return Luck(trials, math.nan, math.nan)
    ratios = np.array([r.performance.sharpe / math.sqrt(r.performance.periods_per_year) for r in results])
    luckiest = luckiest_sharpe(trials, trial_spread(ratios, len(returns))) * year
    return Luck(trials, luckiest, deflated_sharpe(track_record(returns), ratios, trials))


def comparison(results: Sequence[Backtest], skipped: Mapping[str, str] | None = None) -> str:
    """The page of several results on the same bars, self-contained HTML; the same inputs give the same bytes.

    `skipped` has the reason for each strategy that could not run. UsageError for no results at all.
    """
    if not results:
        raise UsageError("there is nothing to compare", "run at least one strategy")
    ranked = ranking(results)
    by_name = sorted(results, key=lambda r: (-_or_last(r.performance.sharpe), r.strategy))
    first = by_name[0]
    return render(
        "comparison.html",
        first=first,
        markets=sorted({r.symbol for r in results}),
        ranked=ranked,
        colours=[f"c{k}" if k <= DRAWN else "" for k in range(1, len(ranked) + 1)],
        verdict=_verdict(ranked[0], luck(results), first),
        equity=_equity(by_name),
        skipped=skipped or {},
        drawn=min(DRAWN, len(results)),
        conventions=sorted({r.performance.convention for r in results}),
    )


def _probability(result: Backtest) -> float:
    if not math.isfinite(result.performance.sharpe):
        return math.nan
    return probabilistic_sharpe(track_record(result.daily[1]))


def _ranked(rank: int, result: Backtest, chance: tuple[float, float]) -> Ranked:
    p = result.performance
    return Ranked(
        rank,
        result.strategy,
        result.symbol,
        result.parameters,
        p.sharpe,
        p.sharpe_se,
        *chance,
        total_return=p.total_return,
        cagr=p.cagr,
        max_drawdown=p.max_drawdown,
        trades=len(result.trades),
        final_equity=result.final_equity,
    )


def _verdict(best: Ranked, chance: Luck, first: Backtest) -> list[str]:
    if not math.isfinite(best.sharpe):
        return ["None of them did enough on these bars to be ranked."]
    trials = f"{count(chance.trials)} trials" if chance.trials > 1 else "1 trial"
    lines = [
        f"{best.strategy} on {best.symbol} leads with a Sharpe ratio of "
        f"{with_error(best.sharpe, best.sharpe_se)} a year.",
        f"The luckiest of {trials} without any skill is expected to show {ratio(chance.luckiest)}; the deflated Sharpe "
        f"ratio, the probability that the leader has skill, is {percent(chance.deflated)}.",
    ]
    if first.performance.days < first.performance.periods_per_year:
        lines.append("The days make less than a year, so that yearly numbers say little.")
    return lines


def _equity(results: Sequence[Backtest]) -> Chart:
    """Growth of the first results and of holding, from the same point, at the end of each day."""
    growth = [_growth(r) for r in results[:DRAWN]]
    first = results[0]
    ends = day_ends(first.time)
    rival = buy_and_hold(first.bars)
    every = np.unique(np.concatenate([days for days, _ in growth]))
    hold = _on(every, first.daily[0], rival.level[ends] - 1.0)
    several = len({r.symbol for r in results}) > 1
    where = [f" {r.symbol}" if several else "" for r in results]
    lines = [Line(f"{rival.name}{f' {first.symbol}' if several else ''}", hold, "rival", thin=True)]
    for k, (result, (days, values)) in enumerate(zip(results[:DRAWN], growth, strict=True), 1):
        lines.append(Line(f"{result.strategy}{where[k - 1]}", _on(every, days, values), f"c{k}"))
    return Chart(lines_chart("equity", "growth of each strategy", every, (Pane(lines, "percent", zero=True),), 460), "")


def _growth(result: Backtest) -> tuple[Instants, Floats]:
    levels = result.equity[day_ends(result.time)] / result.terms.starting_equity
    return result.daily[0], levels - 1.0


def _on(every: Instants, days: Instants, values: Floats) -> Floats:
    """Values (d,) of days (d,) on all of `every`, the newest known one; 0 before the first."""
    at = np.searchsorted(days, every, "right") - 1
    return np.where(at >= 0, values[np.maximum(at, 0)], 0.0)


def _or_last(sharpe: float) -> float:
    return sharpe if math.isfinite(sharpe) else -math.inf
