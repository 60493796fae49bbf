"""L3, extended: five years at the parameters that L2 chose, part by part, drawn again, and by kind of market."""

from __future__ import annotations

import numpy as np

from quorum.domain import plain
from quorum.engine import Trials
from quorum.stats import bootstrap_paths, regime_results
from quorum.validation.evidence import diagnose, regimes_of
from quorum.validation.evidence.chance import chance
from quorum.validation.ladder.checks.found import Found, common
from quorum.validation.ladder.checks.universe import (
    NAN,
    edge,
    hold_all,
    jitters_of,
    stress_all,
    trade_params,
    try_beside,
)
from quorum.validation.ladder.lot import Lot
from quorum.validation.ladder.tier import Method


def extended(lot: Lot, method: Method, trials: Trials) -> Found:
    """One backtest a market; equal parts of its days that made money, paths drawn from them, and the regimes.

    Fewer than two kinds of market in the span say nothing about them.
    """
    beside = try_beside(lot, method.terms, trials)
    tested = trade_params(lot, lot.params, method.terms)
    parts = [float(np.prod(1.0 + part)) - 1.0 for part in np.array_split(tested.returns, method.parts)]
    drawn = chance(tested.returns, tested.trading.returns, lot.periods, method.draws)
    falls = bootstrap_paths(tested.returns, method.draws.paths, seed=method.draws.seed).max_drawdown
    day, hold = hold_all(lot)
    inside = np.searchsorted(day, tested.day)
    regimes = regime_results(tested.returns, regimes_of(hold)[inside])
    moved = tuple(jitters_of(lot, lot.params, method.terms))
    stressed = stress_all(tested, lot, moved, method.draws.seed)
    metrics = {
        **common(lot, tested),
        **edge(tested),
        "profitable_windows": float(sum(part > 0 for part in parts)),
        "sharpe_low": drawn.sharpe.low,
        "sharpe_high": drawn.sharpe.high,
        "chance_of_loss": drawn.loss,
        "drawdown_1_in_20": -float(np.quantile(falls, 0.05)),
        "regimes": float(len(regimes)),
        "profitable_regimes": float(sum(r.total_return > 0 for r in regimes)) if len(regimes) > 1 else NAN,
        "return_at_twice_costs": stressed.doubled.total_return,
        "sharpe_at_twice_costs": stressed.doubled.sharpe,
        "sharpe_a_bar_late": stressed.delayed.sharpe,
        "sharpe_with_bars_missing": stressed.missing.sharpe,
        "kept_at_10_percent": stressed.kept(0.1),
        "kept_at_20_percent": stressed.kept(0.2),
    }
    details = {
        "variants": beside,
        "windows": [{"test_return": part} for part in parts],
        "regimes": [{**plain(r), "regime": r.regime.name.lower()} for r in regimes],
        "jitters": plain(list(moved)),
    }
    return Found(metrics, lot.params, tested, diagnose(tested.facts(hold[inside], moved)), (), details)
