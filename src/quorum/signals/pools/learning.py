"""What outcomes teach about the sources: calibrations, Hedge's weights, reliability, the exponent of a pool."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quorum.domain import DAY, View
from quorum.lake import Bars
from quorum.signals.pools.calibration import SUREST, calibrations, walk_forward
from quorum.signals.pools.rules import LEARNT_POOLS, RELIABILITY, ConsensusRules, Experts
from quorum.signals.pools.scoring import log_losses
from quorum.signals.pools.votes import ScoredVote, outcomes

Floats = NDArray[np.float64]
EXPONENT_FROM, EXPONENT_SHRINK = 100, 500
LEAST_EXPONENT, MOST_EXPONENT = 0.2, 5.0
LEAST_FACTOR, MOST_FACTOR = 0.5, 2.0


class Reliability(NamedTuple):
    """A source's record: signals that were resolved, how many came true, their share, and the mean reward/risk."""

    source: str
    signals: int
    profitable: int
    win_rate: float
    reward_risk: float


def taught(rules: ConsensusRules, bars: Bars, views: Sequence[View], as_of: int) -> ConsensusRules:
    """The rules with what past views teach at `as_of`; as they are when they learn nothing or have their experts."""
    if not rules.learns or rules.experts is not None:
        return rules
    return replace(rules, experts=learn(outcomes(bars.as_of(as_of), views), rules, as_of))


def learn(scored: Sequence[ScoredVote], rules: ConsensusRules, at: int) -> Experts:
    """What the outcomes that were resolved at `at` (ns UTC) teach about the participants; later ones change nothing.

    Each past forecast is judged as it was calibrated then, by the outcomes known at its own time.
    """
    mine = (v for v in scored if v.resolved_at <= at and v.source in rules.participants)
    known = sorted(mine, key=lambda v: (v.time, v.symbol, v.source, v.resolved_at, v.probability, v.outcome))
    if rules.pool not in LEARNT_POOLS:
        weights, says = _weighed(rules, known, at)
        return Experts(weights, {}, 1.0, says)
    curves = calibrations(known, at)
    told = tuple(
        f"{name}: {curves[name].why}" if name in curves else f"{name}: no outcomes"
        for name in sorted(rules.participants)
    )
    beliefs = walk_forward(known)
    if rules.pool == "hedge":
        weights = hedge_weights(known, beliefs, rules.participants, rules.learning.fixed_share)
        return Experts(weights, curves, 1.0, (*told, _hedged(weights, known)))
    weights, more = _weighed(rules, known, at)
    learnt = replace(rules, experts=Experts(weights))
    exponent, said = _exponent(learnt, known, beliefs)
    return Experts(weights, curves, exponent, (*told, *more, said))


def hedge_weights(
    scored: Sequence[ScoredVote], beliefs: Floats, sources: Sequence[str], fixed_share: float = 0.0
) -> dict[str, float]:
    """Weights that sum to 1, proportional to exp(-eta * cumulative log loss); equal ones before any outcome.

    eta is sqrt(8 ln N / T) for N sources and T occasions, at most 1: log loss is exp-concave up to there, so that the
    weighted mean loses at most ln N / eta more than the best source (Cesa-Bianchi and Lugosi 2006, 3.3). A source that
    was silent on an occasion keeps its share (Freund et al. 1997). After each occasion `fixed_share` of all weight is
    spread evenly, so that a change of the best is followed (Herbster and Warmuth 1998). `beliefs` (n,) are kept within
    0.01..0.99.
    """
    names = sorted(sources)
    n, occasions = len(names), _occasions(scored)
    rate = min(1.0, math.sqrt(8.0 * math.log(n) / len(occasions))) if occasions else 0.0
    came_true = np.array([float(v.outcome) for v in scored])
    losses = log_losses(np.clip(beliefs, 1.0 - SUREST, SUREST), came_true)
    logs = np.full(n, -math.log(n))
    for indices in occasions.values():
        awake = np.array([names.index(scored[i].source) for i in indices])
        lost = logs[awake] - rate * losses[indices]
        logs[awake] = lost - np.logaddexp.reduce(lost) + np.logaddexp.reduce(logs[awake])
        if fixed_share > 0.0:
            logs = np.logaddexp(logs + math.log1p(-min(fixed_share, 1.0 - 1e-15)), math.log(fixed_share / n))
    return dict(zip(names, np.exp(logs - np.logaddexp.reduce(logs)).tolist(), strict=True))


def reliability(scored: Sequence[ScoredVote], at: int, days: int = 30) -> dict[str, Reliability]:
    """The record of each source over the votes of the last `days` that were resolved at `at` (ns UTC)."""
    votes: dict[str, list[ScoredVote]] = {}
    for vote in scored:
        if vote.resolved_at <= at and vote.time >= at - days * DAY:
            votes.setdefault(vote.source, []).append(vote)
    found = {}
    for name, mine in sorted(votes.items()):
        hits, n = sum(v.outcome for v in mine), len(mine)
        found[name] = Reliability(name, n, hits, hits / n, math.fsum(v.reward_risk for v in mine) / n)
    return found


def reliable_weights(
    rules: ConsensusRules, records: Mapping[str, Reliability]
) -> tuple[dict[str, float], tuple[str, ...]]:
    """The participants' weights by their records, and what was done to each.

    A fixed weight is multiplied by win rate / (1 / (1 + reward/risk)), the rate at which the source breaks even, kept
    within 0.5..2 and drawn to 1 as n / (n + least_signals); with fewer than `least_signals` it stays as it is.
    """
    least, weights, says = rules.learning.least_signals, {}, []
    for name in sorted(rules.participants):
        fixed, record = rules.weights.get(name, rules.unlisted_weight), records.get(name)
        if record is None or record.signals < least:
            n = 0 if record is None else record.signals
            weights[name] = fixed
            says.append(f"{name}: {n} signals in {rules.learning.days} days, {least} are needed: weight {fixed:g}")
            continue
        ratio = min(MOST_FACTOR, max(LEAST_FACTOR, record.win_rate * (1.0 + record.reward_risk)))
        weights[name] = fixed * (1.0 + record.signals / (record.signals + least) * (ratio - 1.0))
        says.append(
            f"{name}: {record.profitable} of {record.signals} signals came true at reward/risk "
            f"{record.reward_risk:.2f}: weight {fixed:g} -> {weights[name]:.3f}"
        )
    return weights, tuple(says)


def _weighed(rules: ConsensusRules, scored: Sequence[ScoredVote], at: int) -> tuple[dict[str, float], tuple[str, ...]]:
    if rules.learning.weights_from != RELIABILITY:
        return {}, ()
    return reliable_weights(rules, reliability(scored, at, rules.learning.days))


def fit_exponent(odds: Floats, rises: Floats) -> float:
    """The exponent a of most likelihood for P(rise) = 1 / (1 + exp(-a odds)), drawn to 1; shapes (n,).

    1 with fewer than 100 occasions; else 1 + n / (n + 500) (a - 1) with a kept within 0.2..5. (Satopaa et al. 2014,
    whose pool is extremised by one number.)
    """
    n, a = len(odds), 1.0
    if n < EXPONENT_FROM or not np.any(odds):
        return 1.0
    for _ in range(100):
        p = 1.0 / (1.0 + np.exp(-a * odds))
        step = float(odds @ (rises - p)) / (float((odds**2) @ (p * (1.0 - p))) + 1e-12)
        after = min(MOST_EXPONENT, max(LEAST_EXPONENT, a + min(1.0, max(-1.0, step))))
        if abs(after - a) < 1e-12:
            break
        a = after
    return 1.0 + n / (n + EXPONENT_SHRINK) * (a - 1.0)


def _occasions(scored: Sequence[ScoredVote]) -> dict[tuple[int, str], list[int]]:
    """The indices of votes on the same symbol at the same time."""
    found: dict[tuple[int, str], list[int]] = {}
    for i, vote in enumerate(scored):
        found.setdefault((vote.time, vote.symbol), []).append(i)
    return found


def _exponent(rules: ConsensusRules, scored: Sequence[ScoredVote], beliefs: Floats) -> tuple[float, str]:
    """The exponent over past occasions; each rose or fell by the outcome of its surest vote."""
    inside = np.clip(beliefs, 0.5, SUREST)
    speaks = np.array([v.side for v in scored]) * np.log(inside / (1.0 - inside))
    weight = np.array([rules.weight(v.source) for v in scored])
    odds, rises = [], []
    for indices in _occasions(scored).values():
        if (total := float(weight[indices].sum())) > 0.0:
            surest = scored[max(indices, key=lambda i: (inside[i], scored[i].source))]
            odds.append(float(weight[indices] @ speaks[indices]) / total)
            rises.append(float(surest.outcome == (surest.side > 0)))
    exponent = fit_exponent(np.array(odds), np.array(rises))
    return exponent, f"log odds are multiplied by {exponent:.3f} ({len(odds)} occasions, {EXPONENT_FROM} are needed)"


def _hedged(weights: Mapping[str, float], scored: Sequence[ScoredVote]) -> str:
    each = ", ".join(f"{name} {weight:.3f}" for name, weight in weights.items())
    return f"weights after {len(_occasions(scored))} occasions: {each}"
