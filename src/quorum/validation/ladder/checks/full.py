"""L2, full: a sweep over the universe, walked forward, weighed by every trial of the family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from quorum.domain import iso, plain
from quorum.engine import Trials
from quorum.signals import AnyStrategy, family_of
from quorum.stats import TooFewRows
from quorum.validation.evidence import Evidence, Record, diagnose, regimes_of, weigh
from quorum.validation.evidence import family_of as family_from
from quorum.validation.ladder.checks.found import Found, common
from quorum.validation.ladder.checks.universe import (
    Tested,
    edge,
    hold_all,
    jitters_of,
    stress_all,
    sweep_all,
    trade_legs,
)
from quorum.validation.ladder.lot import Lot
from quorum.validation.ladder.tier import Composite, Method
from quorum.validation.ladder.verdict import Inconclusive
from quorum.validation.walkforward import Choice, Tried, Walk, choose, span_sharpes, steadiness
from quorum.validation.walkforward.forward import legs_of

MOST_FACTOR = 10.0


def full(lot: Lot, method: Method, trials: Trials) -> Found | Inconclusive:
    """Sweep every market, choose window by window by their mean, trade the choices, and weigh what that came to."""
    tried = sweep_all(lot, lot.combinations, method.terms, trials)
    try:
        choices = choose(tried, method.windows, lot.periods)
    except TooFewRows as few:
        return Inconclusive("days", few.needed, few.found)
    tested = trade_legs(lot, legs_of(choices, tried.day), method.terms)
    walk = Walk(choices, tested.day, tested.returns, lot.periods, steadiness(choices, tried.combinations))
    evidence = _weighed(lot, method, trials, (tried, tested, walk))
    metrics = {**common(lot, tested), **evidence.metrics(), **edge(tested)}
    metrics |= {
        "composite": composite(metrics, method.composite),
        "positive_symbols": float(np.mean([t.performance.total_return > 0 for t in tested.tests])),
        "at_bounds": at_bounds(lot.strategy, choices),
    }
    day, hold = hold_all(lot)
    proved = hold[np.searchsorted(day, tested.day)]
    facts = tested.facts(proved, evidence.stress.jitters, walk.oos_is)
    return Found(metrics, evidence.selected, tested, diagnose(facts), (), _details(evidence, walk))


def composite(metrics: Mapping[str, float], weights: Composite) -> float:
    """Sharpe, Calmar, profit factor and win rate out of sample, weighed; a profit factor counts 10 at most."""
    factor = min(metrics["profit_factor"], MOST_FACTOR)
    parts = (metrics["oos_sharpe"], metrics["calmar"], factor, metrics["win_rate"])
    return sum(value * weight for value, weight in zip(parts, weights, strict=True))


def at_bounds(strategy: AnyStrategy, choices: Sequence[Choice]) -> float:
    """The share of windows whose choice stands at a declared bound of a parameter that is searched."""
    searched = [p for p in strategy.parameters if len(p.search) > 1]
    at = [any(c.parameters[p.name] in (p.low, p.high) for p in searched) for c in choices]
    return float(np.mean(at))


def _weighed(lot: Lot, method: Method, trials: Trials, walked: tuple[Tried, Tested, Walk]) -> Evidence:
    tried, tested, walk = walked
    selected = tried.combinations[int(np.argmax(span_sharpes(tried.returns, 1.0)))]
    moved = tuple(jitters_of(lot, selected, method.terms))
    day, hold = hold_all(lot)
    inside = np.searchsorted(day, tried.day)
    record = Record(
        tested.trading,
        stress_all(tested, lot, moved, method.draws.seed),
        hold[inside],
        regimes_of(hold)[inside],
    )
    family = family_from(trials.family(family_of(lot.strategy)))
    return weigh(tried, walk, family, record, method.draws)


def _details(evidence: Evidence, walk: Walk) -> dict[str, object]:
    edges = np.cumsum([0, *(c.window.test.size for c in walk.choices)])
    tests = list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
    windows = [
        {
            "first": iso(int(walk.day[a]))[:10],
            "last": iso(int(walk.day[b - 1]))[:10],
            "parameters": plain(dict(choice.parameters)),
            "train_sharpe": plain(choice.train_sharpe),
            "test_sharpe": plain(float(walk.window_sharpes[k])),
            "test_return": float(walk.window_returns[k]),
        }
        for k, (choice, (a, b)) in enumerate(zip(walk.choices, tests, strict=True))
    ]
    regimes = [{**plain(r), "regime": r.regime.name.lower()} for r in evidence.regimes]
    return {
        "evidence": evidence.rows(),
        "windows": windows,
        "regimes": regimes,
        "jitters": plain(list(evidence.stress.jitters)),
    }
