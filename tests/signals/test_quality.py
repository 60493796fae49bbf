"""The quality of a consensus: its sum by hand, the edges of the tiers, and what each recommends."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.domain import MINUTE, Direction, Signal, UsageError
from quorum.signals import Adjustments, ConsensusRules, Quality, consensus, quality
from quorum.signals.quality import TIERS
from signals.pools.elections import DOWN, NEUTRAL, NOW, UP, silent, stale, view

OPEN = ConsensusRules(required=(), optional=("smc",), min_confidence={"default": 0.0}, escalate_below=0.0)


def rated(*signals: Signal, rules: ConsensusRules = OPEN, **more: float) -> Quality:
    return quality(consensus(signals, rules, NOW), signals, **more)


def test_the_parts_by_hand() -> None:
    signals = (
        view("smc", UP, 0.8),
        view("ml_model", UP, 0.6, valid_minutes=30),
        view("microstructure", DOWN, 0.5, valid_minutes=5),
        view("momentum", NEUTRAL, 0.9, valid_minutes=5),
        silent("weather"),
        stale("moon", UP, 0.9),
    )
    found = rated(*signals)
    confidence = (0.35 * 0.8 + 0.40 * 0.6) / 0.75
    assert found.parts == {
        "confidence": pytest.approx(confidence),
        "agreement": pytest.approx(0.1 * 2 / 4),
        "sources": pytest.approx(0.10),
        "regime": 0.0,
        "session": 0.0,
        "volatility": 0.0,
        "not_built": ["regime", "session", "volatility"],
    }
    assert found.score == pytest.approx(confidence + 0.05 + 0.10)
    assert (found.tier, found.recommendation, found.size) == ("A", "TRADE", 1.0)
    assert (found.valid_minutes, found.valid_until) == (30, NOW + 30 * MINUTE)


def test_three_sources_add_all_that_sources_can() -> None:
    names = ("smc", "ml_model", "microstructure", "momentum")
    scores = [rated(*(view(n, UP, 0.3) for n in names[:k])).score for k in (1, 2, 3, 4)]
    assert scores == pytest.approx([0.45, 0.50, 0.55, 0.55])


@pytest.mark.parametrize(("tier", "edge"), TIERS)
def test_the_edge_of_a_tier_belongs_to_it(tier: str, edge: float) -> None:
    """One agreeing source adds 0.15 to its confidence."""
    below = {"A": "B", "B": "C", "C": "D", "D": "F"}[tier]
    assert rated(view("smc", UP, edge - 0.15)).tier == tier
    assert rated(view("smc", UP, edge - 0.15 - 1e-14)).tier == tier
    assert rated(view("smc", UP, edge - 0.15 - 1e-9)).tier == below


def test_sums_of_tenths_reach_their_edge() -> None:
    """0.3 + 0.2 + 0.1 + 0.05 is 0.65 on paper, whatever the floats add up to."""
    two = [view("smc", UP, 0.45), view("momentum", UP, 0.45)]
    assert rated(*two).tier == "B"
    assert rated(view("smc", UP, 0.6), view("ml_model", UP, 0.6)).tier == "A"


@pytest.mark.parametrize(
    ("confidence", "tier", "advice", "size"),
    [
        (0.7, "A", "TRADE", 1.0),
        (0.5, "B", "TRADE", 1.0),
        (0.4, "C", "MONITOR", 0.0),
        (0.2, "D", "MONITOR", 0.0),
        (0.1, "F", "NO_TRADE", 0.0),
    ],
)
def test_what_a_tier_recommends(confidence: float, tier: str, advice: str, size: float) -> None:
    found = rated(view("smc", UP, confidence))
    assert (found.tier, found.recommendation, found.size) == (tier, advice, size)


def test_tier_c_trades_a_share_when_a_key_says_so() -> None:
    found = rated(view("smc", UP, 0.4), tier_c_size=0.5)
    assert (found.tier, found.recommendation, found.size) == ("C", "TRADE", 0.5)
    assert rated(view("smc", UP, 0.7), tier_c_size=0.5).size == 1.0
    with pytest.raises(UsageError, match=r"a size of 1\.5 for tier C"):
        rated(view("smc", UP, 0.4), tier_c_size=1.5)


@pytest.mark.parametrize(
    "signals",
    [
        (),
        (view("smc", NEUTRAL, 0.9),),
        (silent("smc"),),
        (view("smc", UP, 0.7), view("ml_model", DOWN, 0.7)),
    ],
    ids=["nobody", "neutral", "silent", "no winner"],
)
def test_without_a_side_it_is_f(signals: tuple[Signal, ...]) -> None:
    found = rated(*signals)
    assert found == Quality(0.0, "F", "NO_TRADE", 0.0, None, None, {})


def test_an_escalated_vote_is_f() -> None:
    signals = view("smc", UP, 0.7), view("momentum", DOWN, 0.69)
    rules = replace(OPEN, threshold=0.5, escalate_below=0.15)
    assert consensus(signals, rules, NOW).escalate
    assert rated(*signals, rules=rules).tier == "F"


def test_adjustments_count_once_they_are_there() -> None:
    signals = (view("smc", UP, 0.5),)
    outcome = consensus(signals, OPEN, NOW)
    found = quality(outcome, signals, adjustments=Adjustments(regime=-0.05, session=0.05))
    assert (found.parts["regime"], found.parts["session"]) == (-0.05, 0.05)
    assert found.parts["not_built"] == ["volatility"]
    assert found.score == pytest.approx(0.65)
    assert quality(outcome, signals, adjustments=Adjustments(0.9, 0.9, 0.9)).score == 1.0
    assert quality(outcome, signals, adjustments=Adjustments(-0.9, 0.0, 0.0)).score == 0.0


def test_weights_of_zero_count_alike() -> None:
    signals = view("smc", UP, 0.8), view("momentum", UP, 0.4)
    outcome = consensus(signals, OPEN, NOW)
    votes = tuple(replace(vote, weight=0.0) for vote in outcome.votes)
    assert quality(replace(outcome, votes=votes), signals).parts["confidence"] == pytest.approx(0.6)


said = st.lists(
    st.tuples(st.sampled_from(["smc", "ml_model", "momentum", "microstructure"]), st.sampled_from(list(Direction))),
    unique_by=lambda pair: pair[0],
)


@given(said, st.lists(st.integers(0, 20).map(lambda k: k / 20), min_size=4, max_size=4))
def test_a_score_is_a_share_and_its_tier_follows(pairs: list[tuple[str, Direction]], sure: list[float]) -> None:
    signals = [view(name, way, c) for (name, way), c in zip(pairs, sure, strict=False)]
    outcome = consensus(signals, OPEN, NOW)
    found = quality(outcome, signals)
    assert 0.0 <= found.score <= 1.0
    assert (found.tier == "F" and found.score == 0.0) or outcome.lead is not None
    assert found.tier == next((t for t, least in TIERS if found.score >= least - 1e-12), "F")
    assert (found.size > 0.0) == (found.recommendation == "TRADE") == (found.tier in ("A", "B"))
    assert quality(consensus(signals[::-1], OPEN, NOW), signals[::-1]) == found
