"""Weighing: from candidates, a walk and the record beside them to the evidence; it needs returns and no bars."""

from __future__ import annotations

import numpy as np

from quorum.stats import (
    Superiority,
    deflated_sharpe,
    effective_trials,
    luckiest_sharpe,
    minimum_backtest_length,
    minimum_track_record,
    probabilistic_sharpe,
    probability_of_overfitting,
    regime_results,
    rows_of,
    superior_ability,
    superior_models,
    track_record,
    trial_spread,
)
from quorum.validation.evidence.chance import USUAL, Draws, chance
from quorum.validation.evidence.record import NAN, Family, Record
from quorum.validation.evidence.value import Evidence, Luck, Proof
from quorum.validation.walkforward.candidates import Candidates, Floats, Ints, span_sharpes
from quorum.validation.walkforward.choice import Walk


def weigh(tried: Candidates, walk: Walk, family: Family, record: Record, draws: Draws = USUAL) -> Evidence:
    """The evidence of candidates (k, d) that were walked forward.

    Selected is the best Sharpe ratio over all d days, deflated by the family's trials, never fewer than k. ValueError
    for fewer than 4 days.
    """
    returns = np.nan_to_num(tried.returns, nan=0.0)
    ratios = span_sharpes(returns, walk.periods)
    best = int(np.argmax(ratios))
    kept = compared(len(returns), best, draws.most)
    days_first = np.ascontiguousarray(returns[kept].T)
    tests = rows_of(choice.window.test for choice in walk.choices)
    superior = superior_models(days_first, draws=draws.resamples, seed=draws.seed)
    halves = len(kept) > 1 and len(days_first) >= max(draws.blocks, 4)
    return Evidence(
        selected=dict(tried.combinations[best]),
        walk=walk,
        luck=_luck(returns[best], family, effective_trials(days_first), len(returns), walk.periods),
        proof=_proof(walk),
        overfitting=probability_of_overfitting(days_first, draws.blocks) if halves else None,
        cash=superior_ability(days_first, draws=draws.resamples, seed=draws.seed),
        hold=_over_hold(days_first, record.hold, draws),
        superior=tuple(int(kept[i]) for i in superior),
        compared=len(kept),
        chance=chance(walk.returns, record.trading.returns, walk.periods, draws),
        trading=record.trading,
        stress=record.stress,
        regimes=() if record.regimes is None else regime_results(walk.returns, record.regimes[tests]),
    )


def compared(k: int, best: int, most: int) -> Ints:
    """The combinations that are compared with one another: all, or every n-th so that at most `most` + 1 are, and
    the best one. Neighbours on a grid differ little, so that the best of a part is close to the best of all."""
    step = -(-k // most)
    return np.unique(np.append(np.arange(0, k, step, dtype=np.int64), best))


def _luck(selected: Floats, family: Family, effective: int, k: int, periods: float) -> Luck:
    record, year = track_record(selected), float(np.sqrt(periods))
    count = max(family.count, k)
    annual = record.sharpe * year
    return Luck(
        trials=count,
        effective=effective,
        sharpe=annual,
        luckiest=luckiest_sharpe(count, trial_spread(family.sharpes, record.n)) * year,
        deflated=deflated_sharpe(record, family.sharpes, count),
        backtest_years=minimum_backtest_length(count, annual) if annual > 0 else NAN,
    )


def _proof(walk: Walk) -> Proof:
    record = track_record(walk.returns)
    return Proof(probabilistic_sharpe(record), minimum_track_record(record) / walk.periods)


def _over_hold(days_first: Floats, hold: Floats | None, draws: Draws) -> Superiority | None:
    if hold is None:
        return None
    return superior_ability(days_first - hold[:, None], draws=draws.resamples, seed=draws.seed)
