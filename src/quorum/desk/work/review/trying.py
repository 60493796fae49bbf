"""Trying a strategy: its backtest with what the judgement asks for, and the look-ahead detector."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from quorum.desk.desk import Desk
from quorum.desk.work.asked import Subject, mapping, number, source, strategy_of, subject_of, whole
from quorum.desk.work.assignment import Assignment
from quorum.desk.work.review.planning import agreed_terms, parameters_of, planned
from quorum.domain import DataError, iso, plain
from quorum.engine import Backtest, Terms, backtest
from quorum.engine.backtest import wishes_for
from quorum.lake import Bars, Panel
from quorum.signals import AnyStrategy, read_params
from quorum.stats import profit_factor, regime_results, win_rate
from quorum.validation import Effort, Examination, examine, facts_of, markets_for, refuse_foresight
from quorum.validation.evidence import USUAL, chance, hold_returns, regimes_of

SECONDS = 20.0
MOST_BARS = 3_000


def run_backtest(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """The backtest of the strategy on the plan's parameters and terms, counted as a trial, with what gates ask for.

    Returns are fractions, ratios annualised. `metrics` are by the names of the gates, and every one of them is in
    sample: `return_at_twice_costs` trades it once more at twice fee and slippage, which is no trial. `facts` are what
    the diagnostics ask about. InvalidSignal for a strategy from outside that looks ahead.
    """
    plan = planned(assignment, "backtest")
    subject = subject_of(desk, assignment)
    strategy, bars = subject
    params, terms = parameters_of(assignment, plan), agreed_terms(assignment, plan)
    refuse_foresight(strategy, bars, params)
    result = backtest(bars, strategy, params, terms, desk.trials)
    hold = hold_returns(bars)
    wishes = wishes_for(bars, strategy, result.parameters, terms)
    return {
        **plain(result.summary()),
        "as_of": iso(assignment.as_of),
        "source": source(subject),
        "trials_in_family": result.trials_in_family,
        "metrics": measured({**_metrics(result, hold), "return_at_twice_costs": _at_twice_costs(subject, result)}),
        "facts": measured(asdict(facts_of(result, wishes, hold))),
        "quality": result.quality.plain(),
    }


def measured(numbers: Mapping[str, float]) -> dict[str, float | str | None]:
    """Numbers for JSON: NaN as None, and one without end, as the profit factor without a loss, as its sign's word."""
    return {n: ("endless" if v > 0 else "-endless") if math.isinf(v) else plain(v) for n, v in numbers.items()}


def numbers_of(told: Mapping[str, Any]) -> dict[str, float]:
    """The numbers that `measured` told."""
    words = {None: math.nan, "endless": math.inf, "-endless": -math.inf}
    return {name: words[value] if value in words else float(value) for name, value in told.items()}


def _metrics(result: Backtest, hold: Any) -> dict[str, float]:
    _, returns = result.daily
    sound, profits = np.nan_to_num(returns, nan=0.0), result.trades.profit
    drawn = chance(sound, np.empty(0), result.performance.periods_per_year, USUAL)
    regimes = regime_results(sound, regimes_of(hold))
    return {
        "in_sample_sharpe": result.performance.sharpe,
        "calmar": result.performance.calmar,
        "max_drawdown": -result.performance.max_drawdown,
        "trades": float(len(profits)),
        "profit_factor": profit_factor(profits),
        "win_rate": win_rate(profits),
        "sharpe_low": drawn.sharpe.low,
        "sharpe_high": drawn.sharpe.high,
        "regimes": float(len(regimes)),
    }


def _at_twice_costs(subject: Subject, result: Backtest) -> float:
    terms: Terms = replace(
        result.terms,
        fee_bps=2.0 * result.terms.fee_bps,
        slippage_bps=2.0 * result.terms.slippage_bps,
        fee_per_unit=2.0 * result.terms.fee_per_unit,
        minimum_fee=2.0 * result.terms.minimum_fee,
    )
    return backtest(subject.bars, subject.strategy, result.parameters, terms, None).performance.total_return


def check_lookahead(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """Whether the strategy looks ahead, repaints or is unfit otherwise: on the run's own bars and on made-up markets.

    Of the run's bars the newest 3,000, where they are enough for the strategy. `verdict` is clean, leaks or unfit;
    `seconds` (20) bounds the effort, `seed` makes the markets. One process is asked, so that a strategy which answers
    otherwise in another one is not found: `quorum strategy check` asks two.
    """
    plan = planned(assignment, "lookahead")
    subject = subject_of(desk, assignment)
    params = read_params(subject.strategy, parameters_of(assignment, plan))
    seed = whole(assignment, "seed", 0, 0)
    own = subject.bars.slice(max(0, len(subject.bars) - MOST_BARS), len(subject.bars))
    markets = markets_for(subject.strategy, params, seed)
    try:
        found = _examined(subject.strategy, [own, *markets], params, assignment)
        left_out = None
    except DataError as error:
        found, left_out = _examined(subject.strategy, markets, params, assignment), error.found
    return {"as_of": iso(assignment.as_of), **found.told(), "clean": found.clean, "own_bars_left_out": left_out}


def check_strategy(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """Whether a strategy looks ahead, repaints or is unfit otherwise, on made-up markets alone; it needs no data."""
    strategy = strategy_of(desk, assignment)
    params = read_params(strategy, mapping(assignment, "parameters"))
    markets = markets_for(strategy, params, whole(assignment, "seed", 0, 0))
    found = _examined(strategy, markets, params, assignment)
    return {**found.told(), "clean": found.clean}


def _examined(strategy: AnyStrategy, markets: list[Bars | Panel], params: Any, assignment: Assignment) -> Examination:
    effort = Effort(seconds=number(assignment, "seconds", SECONDS))
    return examine(strategy, markets, params, whole(assignment, "seed", 0, 0), effort)
