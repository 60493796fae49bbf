"""What no pool may ever do: lose a veto, look at the order, mind who is silent, or punish a surer voter."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorum.domain import Signal
from quorum.signals import Calibration, Circumstances, Conflict, Consensus, ConsensusRules, Experts, consensus
from quorum.signals.pools import POOLS, Count, Scene, Terms, tally
from quorum.signals.pools.counting import VETOED
from signals.pools.elections import DOWN, NEUTRAL, NOW, UP, elections, silent, stale, view

every_pool = pytest.mark.parametrize("pool", POOLS)


def sums(count: Count, pool: int) -> tuple[float, float]:
    """What speaks for each side, vote by vote."""
    ways = (lambda c, _: c, lambda c, _: c, lambda _, b: math.log(b / (1 - b)), lambda _, b: b - 0.5)
    votes = [
        (int(s), float(w) * ways[pool](float(c), float(b)))
        for s, w, c, b in zip(count.side, count.weight, count.confidence, count.belief, strict=True)
    ]
    return math.fsum(v for s, v in votes if s > 0), math.fsum(v for s, v in votes if s < 0)


def counted(count: Count, rules: Terms, scene: Scene) -> tuple[int, float]:
    """Code and strength."""
    code, strength, _, _ = tally(count, rules, scene)
    return code, strength


def assert_no_veto_is_lost(n: int, seed: int, pool: str) -> None:
    trades = vetoes = 0
    for count, terms, scene in elections(n, seed, pool):
        code, _ = counted(count, terms, scene)
        bullish, bearish = sums(count, POOLS[pool])
        against = {int(s) for s, v in zip(count.side, count.veto, strict=True) if v}
        if code in (1, -1):
            trades += 1
            assert not scene.stopped
            assert -code not in against
            assert (bullish - bearish) * code > 0.0
        stronger = 0 if abs(bullish - bearish) < 1e-9 else 1 if bullish > bearish else -1
        if scene.stopped or (stronger and -stronger in against):
            vetoes += 1
            assert code == VETOED
    assert trades > n // 20
    assert vetoes > n // 20


@every_pool
def test_a_veto_never_loses(pool: str) -> None:
    assert_no_veto_is_lost(1_250, 1, pool)


@pytest.mark.slow
@every_pool
def test_a_veto_never_loses_over_a_hundred_thousand_votes(pool: str) -> None:
    assert_no_veto_is_lost(100_000, 2, pool)


@every_pool
def test_more_confidence_for_the_winner_never_loses_to_the_other_side(pool: str) -> None:
    """Without the rules that ask how unlike two sides are, the winner also keeps its trade."""
    kept = 0
    for count, terms, scene in elections(600, 3, pool):
        plain_terms = terms._replace(escalate_below=0.0)
        code, strength = counted(count, plain_terms, scene)
        if code not in (1, -1):
            continue
        for k in np.flatnonzero(count.side == code):
            surer = count.confidence.copy(), count.belief.copy()
            surer[0][k], surer[1][k] = min(1.0, surer[0][k] + 0.2), min(0.99, surer[1][k] + 0.2)
            after, stronger = counted(count._replace(confidence=surer[0], belief=surer[1]), plain_terms, scene)
            assert after == code
            assert stronger >= strength - 1e-12
            kept += 1
    assert kept > 50


sure = st.integers(8, 20).map(lambda n: n / 20)
NAMES = ("smc", "ml_model", "microstructure", "momentum", "risk-manager")


@st.composite
def votes(draw: st.DrawFn) -> tuple[list[Signal], ConsensusRules, Circumstances]:
    signals: list[Signal] = []
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True)):
        way = draw(st.sampled_from([UP, UP, DOWN, NEUTRAL, None]))
        old = draw(st.sampled_from([False, False, False, True]))
        signals.append(silent(name) if way is None else (stale if old else view)(name, way, draw(sure)))
    curve = draw(st.sampled_from([Calibration(), Calibration("platt", (1.4,), (-0.2,))]))
    rules = ConsensusRules(
        required=draw(st.sampled_from([(), ("smc",)])),
        optional=("microstructure", "momentum"),
        threshold=draw(st.sampled_from([0.5, 0.6])),
        veto=("risk-manager", "momentum"),
        pool=draw(st.sampled_from(sorted(POOLS))),
        may_replace=draw(st.sampled_from([{}])),
        least_score=0.05,
        conflict=draw(st.sampled_from([Conflict(), Conflict("no_trade", "escalate"), Conflict(model_first=False)])),
        experts=draw(st.sampled_from([None, Experts({"smc": 0.5, "momentum": 0.3}, {"smc": curve}, 1.5)])),
    )
    stopped = draw(st.sampled_from([{}, {}, {"risk-manager": "the book is in drawdown"}]))
    return signals, rules, Circumstances(draw(st.booleans()), draw(st.booleans()), stopped)


def decided(outcome: Consensus) -> tuple[object, ...]:
    weights = (outcome.strength, outcome.bullish_weight, outcome.bearish_weight)
    return outcome.direction, outcome.escalate, outcome.reason, outcome.lead, weights, outcome.vetoes, outcome.absent


@settings(max_examples=80)
@given(votes(), st.randoms(use_true_random=False))
def test_the_order_changes_nothing(election: tuple[list[Signal], ConsensusRules, Circumstances], random: Any) -> None:
    signals, rules, around = election
    outcome = consensus(signals, rules, NOW, around)
    random.shuffle(signals)
    assert decided(consensus(signals, rules, NOW, around)) == decided(outcome)


@settings(max_examples=80)
@given(votes(), st.booleans())
def test_who_is_silent_or_stale_counts_nowhere(
    election: tuple[list[Signal], ConsensusRules, Circumstances], old: bool
) -> None:
    signals, rules, around = election
    more = stale("newcomer", DOWN, 1.0) if old else silent("newcomer")
    outcome = consensus(signals, rules, NOW, around)
    assert decided(consensus([*signals, more], rules, NOW, around)) == decided(outcome)


@settings(max_examples=80)
@given(votes())
def test_no_trade_goes_against_a_veto(election: tuple[list[Signal], ConsensusRules, Circumstances]) -> None:
    signals, rules, around = election
    outcome = consensus(signals, rules, NOW, around)
    traded = outcome.direction in ("bullish", "bearish")
    assert traded == (outcome.lead is not None)
    said = {v.voter: v.choice for v in outcome.votes}
    for name in rules.veto:
        assert not traded or said.get(name) in (None, "abstain", "dropped", "neutral", f"for_{outcome.direction}")
    assert not (traded and (around.vetoes or outcome.vetoes))
    with_another = consensus(signals, rules, NOW, replace(around, vetoes={"momentum": "no"}))
    assert (with_another.direction, with_another.vetoes["momentum"]) == ("no_consensus", "no")


@settings(max_examples=60)
@given(votes())
def test_the_mirrored_market_gives_the_mirrored_answer(
    election: tuple[list[Signal], ConsensusRules, Circumstances],
) -> None:
    signals, rules, around = election
    flip = {UP: DOWN, DOWN: UP, NEUTRAL: NEUTRAL}
    mirrored = [
        s if not hasattr(s, "direction") else view(s.source, flip[s.direction], s.confidence, time=s.time)
        for s in signals
    ]
    outcome, other = consensus(signals, rules, NOW, around), consensus(mirrored, rules, NOW, around)
    words = {"bullish": "bearish", "bearish": "bullish"}
    assert other.direction == words.get(outcome.direction, outcome.direction)
    assert (other.strength, other.escalate) == (outcome.strength, outcome.escalate)
