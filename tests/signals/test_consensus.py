"""The vote against its specification word by word, its rules in their order, and the laws of counting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from quorum.domain import MINUTE, Abstain, Direction, Signal, View
from quorum.signals import Conflict, Consensus, ConsensusRules, consensus

NOW = 1_700_000_000_000_000_000
UP, DOWN, NEUTRAL = Direction.BULLISH, Direction.BEARISH, Direction.NEUTRAL
FILE4 = ConsensusRules()
NO_PRECEDENCE = Conflict(model_first=False)
OPEN = ConsensusRules(
    required=(),
    optional=("smc",),
    min_confidence={"default": 0.0},
    escalate_below=0.0,
    conflict=NO_PRECEDENCE,
)


def view(source: str, direction: Direction, confidence: float, reward: float = 2.0, age: int = 0) -> View:
    """A view `age` minutes old, valid for 60, whose first target is `reward` times as far as its stop."""
    if direction is NEUTRAL:
        return View(source, "BTC", NOW - age * MINUTE, direction, confidence, 60, "flat")
    side = direction.sign
    prices: dict[str, Any] = {
        "entry": (100.0, 100.0),
        "stop": 100.0 - side * 8.0,
        "targets": (100.0 + side * 8.0 * reward,),
    }
    return View(source, "BTC", NOW - age * MINUTE, direction, confidence, 60, "why", **prices)


def silent(source: str) -> Abstain:
    return Abstain(source, "BTC", NOW, "no data")


def vote(*signals: Signal, rules: ConsensusRules = FILE4) -> Consensus:
    return consensus(signals, rules, NOW)


def choices(outcome: Consensus) -> dict[str, str]:
    return {v.voter: v.choice for v in outcome.votes}


def file4(signals: Mapping[str, tuple[str, float]], threshold: float) -> dict[str, Any]:
    """`build_consensus` as the specification describes it."""
    weights = {"smc": 0.35, "ml_model": 0.40, "microstructure": 0.25}
    cast = [(d, c, weights.get(s, 0.2)) for s, (d, c) in signals.items() if d != "neutral"]
    bullish = sum(w * c for d, c, w in cast if d == "bullish")
    bearish = sum(w * c for d, c, w in cast if d == "bearish")
    if bullish + bearish == 0:
        return {"consensus": "neutral", "strength": 0.0}
    strength = max(bullish, bearish) / (bullish + bearish)
    winner = "bullish" if bullish > bearish else "bearish"
    reached = strength >= threshold
    return {
        "consensus": winner if reached else "no_consensus",
        "strength": strength,
        "bullish": bullish,
        "bearish": bearish,
    }


class TestFile4:
    def test_its_weights(self) -> None:
        outcome = vote(view("smc", UP, 0.8), view("ml_model", UP, 0.7), view("microstructure", DOWN, 0.5))
        assert outcome.bullish_weight == pytest.approx(0.35 * 0.8 + 0.40 * 0.7)
        assert outcome.bearish_weight == pytest.approx(0.25 * 0.5)
        assert outcome.strength == pytest.approx(0.56 / 0.685)
        assert (outcome.direction, outcome.escalate) == ("bullish", False)
        assert outcome.lead == view("smc", UP, 0.8)
        assert outcome.reason == "bullish with 0.82 of the weight"

    def test_an_unlisted_source_weighs_a_fifth(self) -> None:
        outcome = vote(view("smc", UP, 0.8), view("ml_model", NEUTRAL, 0.5), view("astrology", DOWN, 0.6))
        assert outcome.bearish_weight == pytest.approx(0.2 * 0.6)
        assert [v.weight for v in outcome.votes] == [0.35, 0.40, 0.2]

    def test_nobody_with_a_direction_is_neutral(self) -> None:
        outcome = vote(view("smc", NEUTRAL, 0.9), view("ml_model", NEUTRAL, 0.1))
        assert (outcome.direction, outcome.strength, outcome.lead) == ("neutral", 0.0, None)

    @given(
        st.dictionaries(
            st.sampled_from(["smc", "ml_model", "microstructure", "momentum", "other"]),
            st.tuples(st.sampled_from(["bullish", "bearish", "neutral"]), st.integers(0, 100).map(lambda n: n / 100)),
            max_size=5,
        ),
        st.sampled_from([0.55, 0.6, 0.75, 1.0]),
    )
    def test_its_function(self, said: dict[str, tuple[str, float]], threshold: float) -> None:
        expected = file4(said, threshold)
        assume(abs(expected["strength"] - threshold) > 1e-9)
        rules = replace(OPEN, threshold=threshold)
        outcome = vote(*(view(s, Direction(d), c) for s, (d, c) in said.items()), rules=rules)
        assert outcome.direction == expected["consensus"]
        assert outcome.strength == pytest.approx(expected["strength"], rel=1e-12)
        weights = (outcome.bullish_weight, outcome.bearish_weight)
        assert weights == pytest.approx((expected.get("bullish", 0.0), expected.get("bearish", 0.0)), rel=1e-12)


class TestOrderOfRules:
    def test_a_required_participant_has_to_be_there(self) -> None:
        outcome = vote(view("smc", UP, 0.9))
        assert (outcome.direction, outcome.lead) == ("no_consensus", None)
        assert outcome.reason == "required participants are missing: ml_model"
        assert vote().reason == "required participants are missing: smc, ml_model"

    @pytest.mark.parametrize(
        "absent",
        [
            silent("ml_model"),
            view("ml_model", UP, 0.49),
            view("ml_model", UP, 0.9, reward=0.5),
            view("ml_model", UP, 0.9, age=61),
            view("ml_model", NEUTRAL, 0.9, age=61),
        ],
        ids=["abstains", "is weak", "is poor", "is stale", "was neutral long ago"],
    )
    def test_one_that_does_not_count_is_missing(self, absent: Signal) -> None:
        outcome = vote(view("smc", UP, 0.9), absent)
        assert outcome.reason == "required participants are missing: ml_model"
        assert (outcome.direction, outcome.escalate) == ("no_consensus", False)

    def test_a_neutral_one_takes_part_and_weighs_nothing(self) -> None:
        outcome = vote(view("smc", UP, 0.6), view("ml_model", NEUTRAL, 0.0))
        assert (outcome.direction, outcome.strength) == ("bullish", 1.0)
        assert outcome.bearish_weight == 0.0

    def test_an_optional_one_may_be_away(self) -> None:
        outcome = vote(view("smc", UP, 0.6), view("ml_model", UP, 0.6), silent("microstructure"))
        assert outcome.direction == "bullish"

    @pytest.mark.parametrize(("share", "reached"), [(0.59, False), (0.6, True), (0.61, True)])
    def test_the_threshold_is_inclusive(self, share: float, reached: bool) -> None:
        rules = replace(OPEN, weights={"a": share, "b": 1.0 - share})
        for confidence in (0.3, 0.7, 0.9):
            outcome = vote(view("a", UP, confidence), view("b", DOWN, confidence), rules=rules)
            assert outcome.direction == ("bullish" if reached else "no_consensus")
        if not reached:
            assert outcome.reason == "the stronger side has 0.59 of the weight, 0.6 is needed"

    @pytest.mark.parametrize(("threshold", "a", "b"), [(0.75, 0.6, 0.2), (0.8, 0.4, 0.1), (0.6, 0.36, 0.24)])
    def test_a_share_of_exactly_the_threshold_reaches_it(self, threshold: float, a: float, b: float) -> None:
        rules = replace(OPEN, threshold=threshold, weights={"a": a, "b": b})
        for percent in range(1, 101):
            for direction, against in ((UP, DOWN), (DOWN, UP)):
                signals = view("a", direction, percent / 100), view("b", against, percent / 100)
                assert vote(*signals, rules=rules).direction == direction

    def test_both_sides_equally_sure_is_escalated(self) -> None:
        rules = replace(FILE4, weights={"smc": 0.9, "ml_model": 0.1})
        outcome = vote(view("smc", UP, 0.7), view("ml_model", DOWN, 0.6), rules=rules)
        assert (outcome.direction, outcome.escalate, outcome.lead) == ("no_consensus", True, None)
        assert "a person should look" in outcome.reason
        assert outcome.strength == pytest.approx(0.63 / 0.69)

    @pytest.mark.parametrize(("sure", "other"), [(0.70, 0.55), (0.75, 0.60), (0.95, 0.80), (0.65, 0.5)])
    def test_a_difference_of_exactly_the_limit_is_decided(self, sure: float, other: float) -> None:
        rules = replace(FILE4, weights={"smc": 0.9, "ml_model": 0.1}, conflict=NO_PRECEDENCE)
        for direction, against in ((UP, DOWN), (DOWN, UP)):
            outcome = vote(view("smc", direction, sure), view("ml_model", against, other), rules=rules)
            assert (outcome.direction, outcome.escalate) == (direction.value, False)

    def test_the_highest_confidence_of_each_side_is_compared(self) -> None:
        rules = replace(OPEN, weights={"a": 1.0, "b": 0.1, "c": 0.1}, escalate_below=0.15)
        signals = view("a", UP, 0.6), view("b", DOWN, 0.2), view("c", DOWN, 0.7), view("d", DOWN, 0.2)
        assert vote(*signals, rules=rules).escalate
        assert vote(*signals[:2], rules=rules).direction == "bullish"

    def test_no_escalation_when_one_side_did_not_vote(self) -> None:
        rules = replace(FILE4, escalate_below=1.0)
        assert vote(view("smc", UP, 0.6), view("ml_model", UP, 0.6), rules=rules).direction == "bullish"
        dropped = vote(view("smc", UP, 0.6), view("ml_model", UP, 0.6), view("x", DOWN, 0.4), rules=rules)
        assert (dropped.direction, dropped.escalate) == ("bullish", False)

    def test_below_the_threshold_nothing_is_escalated(self) -> None:
        outcome = vote(view("smc", UP, 0.6), view("ml_model", DOWN, 0.6))
        assert (outcome.escalate, outcome.direction) == (False, "no_consensus")
        assert "0.53 of the weight" in outcome.reason

    def test_two_sides_of_one_weight_have_no_stronger_one(self) -> None:
        rules = replace(OPEN, threshold=0.5, weights={"a": 0.3, "b": 0.1, "c": 0.2, "d": 0.6})
        signals = [view(s, UP, 1.0) for s in "abc"] + [view("d", DOWN, 1.0)]
        for order in (signals, signals[::-1]):
            outcome = consensus(order, rules, NOW)
            assert (outcome.direction, outcome.reason) == ("no_consensus", "both sides have the same weight")


class TestVeto:
    RULES = replace(FILE4, veto=("risk-manager", "microstructure"))

    def test_an_analyst_with_a_veto_stops_the_stronger_side(self) -> None:
        agreed = view("smc", UP, 0.9), view("ml_model", UP, 0.9)
        assert vote(*agreed, view("microstructure", DOWN, 0.5)).direction == "bullish"
        outcome = vote(*agreed, view("microstructure", DOWN, 0.5), rules=self.RULES)
        assert (outcome.direction, outcome.lead, outcome.escalate) == ("no_consensus", None, False)
        assert outcome.reason == "microstructure vetoes: it sees the other side"

    @pytest.mark.parametrize(
        "harmless",
        [
            view("microstructure", UP, 0.6),
            view("microstructure", NEUTRAL, 0.9),
            view("microstructure", DOWN, 0.4),
            view("microstructure", DOWN, 0.9, age=90),
            silent("microstructure"),
        ],
        ids=["agrees", "neutral", "weak", "stale", "abstains"],
    )
    def test_only_a_view_that_counts_and_is_against_does(self, harmless: Signal) -> None:
        assert vote(view("smc", UP, 0.9), view("ml_model", UP, 0.9), harmless, rules=self.RULES).direction == "bullish"

    def test_it_does_not_stop_its_own_side(self) -> None:
        rules = replace(self.RULES, veto=("ml_model",))
        assert vote(view("smc", DOWN, 0.5), view("ml_model", UP, 0.9), rules=rules).direction == "bullish"

    def test_it_comes_before_every_other_rule(self) -> None:
        missing = vote(view("smc", UP, 0.9), view("microstructure", DOWN, 0.5), rules=self.RULES)
        unclear = vote(
            view("smc", UP, 0.6),
            view("ml_model", UP, 0.6),
            view("microstructure", DOWN, 0.55),
            rules=self.RULES,
        )
        for outcome in (missing, unclear):
            assert outcome.reason == "microstructure vetoes: it sees the other side"
            assert not outcome.escalate


class TestDropped:
    @pytest.mark.parametrize(
        ("signal", "reason"),
        [
            (view("ml_model", UP, 0.49), "confidence 0.49 is below 0.5"),
            (view("smc", UP, 0.39), "confidence 0.39 is below 0.4"),
            (view("smc", UP, 0.9, reward=0.99), "reward/risk 0.99 is below 1"),
            (view("smc", UP, 0.9, age=61), "stale: it was valid for 60 minutes"),
            (view("smc", NEUTRAL, 0.9, age=61), "stale: it was valid for 60 minutes"),
            (view("smc", UP, 0.9, age=-1), "it is of 2023-11-14T22:14:20Z, later than the vote"),
        ],
    )
    def test_it_is_left_out_with_the_reason(self, signal: View, reason: str) -> None:
        outcome = vote(signal)
        assert (outcome.votes[0].choice, outcome.votes[0].reason) == ("dropped", reason)
        assert (outcome.bullish_weight, outcome.lead) == (0.0, None)

    @pytest.mark.parametrize(
        "signal",
        [
            view("ml_model", UP, 0.5),
            view("smc", UP, 0.4),
            view("smc", UP, 0.9, reward=1.0),
            view("smc", UP, 0.9, age=60),
        ],
    )
    def test_at_the_limit_it_counts(self, signal: View) -> None:
        assert vote(signal).votes[0].choice == "for_bullish"

    def test_an_abstention_keeps_its_reason(self) -> None:
        said = vote(silent("smc")).votes[0]
        assert (said.choice, said.reason, said.confidence) == ("abstain", "no data", None)


def test_the_lead_is_the_surest_view_of_the_winning_side() -> None:
    rules = replace(OPEN, weights={"a": 1.0, "b": 1.0, "c": 1.0, "d": 0.1})
    signals = view("b", UP, 0.8), view("c", UP, 0.8), view("a", UP, 0.7), view("d", DOWN, 1.0)
    assert vote(*signals, rules=rules).lead == signals[0]
    assert vote(*signals[::-1], rules=rules).lead == signals[0]


some = settings(max_examples=60)
confidences = st.integers(0, 20).map(lambda n: n / 20)


@st.composite
def elections(draw: st.DrawFn) -> tuple[list[Signal], ConsensusRules]:
    names = draw(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=6, unique=True))
    signals: list[Signal] = []
    for name in names:
        direction = draw(st.sampled_from([UP, DOWN, NEUTRAL, None]))
        age, reward = draw(st.sampled_from([0, 0, 60, 61])), draw(st.sampled_from([0.5, 1.0, 2.0]))
        signals.append(silent(name) if direction is None else view(name, direction, draw(confidences), reward, age))
    rules = ConsensusRules(
        required=tuple(draw(st.lists(st.sampled_from(names), max_size=1))),
        optional=("z",),
        threshold=draw(st.sampled_from([0.5, 0.6, 0.8, 1.0])),
        weights={n: draw(st.integers(0, 10)) / 10 for n in names},
        escalate_below=draw(st.sampled_from([0.0, 0.15, 0.5])),
        min_confidence={"default": draw(st.sampled_from([0.0, 0.5])), "a": 0.3},
        veto=tuple(draw(st.lists(st.sampled_from("abcg"), max_size=1))),
    )
    return signals, rules


def decided(outcome: Consensus) -> tuple[object, ...]:
    return outcome.direction, outcome.escalate, outcome.reason, outcome.lead


@some
@given(elections(), st.randoms(use_true_random=False))
def test_the_order_of_the_signals_changes_nothing(election: tuple[list[Signal], ConsensusRules], random: Any) -> None:
    signals, rules = election
    outcome = consensus(signals, rules, NOW)
    random.shuffle(signals)
    again = consensus(signals, rules, NOW)
    assert replace(again, votes=()) == replace(outcome, votes=())
    assert [v.voter for v in again.votes] == [s.source for s in signals]
    assert sorted(map(str, again.votes)) == sorted(map(str, outcome.votes))


def test_weights_add_up_the_same_in_any_order() -> None:
    rules = replace(OPEN, weights={"a": 0.1, "b": 0.2, "c": 0.3})
    signals = [view(s, UP, 1.0) for s in "abc"]
    sums = {consensus(order, rules, NOW).bullish_weight for order in (signals, signals[::-1])}
    assert len(sums) == 1


@some
@given(elections(), st.sampled_from([0.1, 0.3, 3.0, 7.7, 1e6]))
def test_scaling_all_weights_changes_nothing(election: tuple[list[Signal], ConsensusRules], factor: float) -> None:
    signals, rules = election
    outcome = consensus(signals, rules, NOW)
    weights = {name: weight * factor for name, weight in rules.weights.items()}
    scaled = consensus(signals, replace(rules, weights=weights), NOW)
    assert decided(scaled) == decided(outcome)
    assert scaled.strength == pytest.approx(outcome.strength, rel=1e-12)
    assert scaled.bullish_weight == pytest.approx(outcome.bullish_weight * factor, rel=1e-12)


@some
@given(elections())
def test_one_more_abstention_changes_nothing(election: tuple[list[Signal], ConsensusRules]) -> None:
    signals, rules = election
    more = consensus([*signals, silent("newcomer")], rules, NOW)
    outcome = consensus(signals, rules, NOW)
    assert replace(more, votes=more.votes[:-1]) == outcome
    assert more.votes[-1].choice == "abstain"


@some
@given(elections())
def test_what_comes_out_makes_sense(election: tuple[list[Signal], ConsensusRules]) -> None:
    signals, rules = election
    outcome = consensus(signals, rules, NOW)
    assert outcome.strength == 0.0 or 0.5 <= outcome.strength <= 1.0
    assert (outcome.lead is not None) == (outcome.direction in ("bullish", "bearish"))
    assert not (outcome.escalate and outcome.direction != "no_consensus")
    assert len(outcome.votes) == len(signals)
    if outcome.lead is not None:
        assert outcome.lead.direction == outcome.direction
        assert outcome.strength >= rules.threshold - 1e-12
        heavier = max(outcome.bullish_weight, outcome.bearish_weight)
        assert heavier == (outcome.bullish_weight if outcome.direction == "bullish" else outcome.bearish_weight)
        assert choices(outcome)[outcome.lead.source] == f"for_{outcome.direction}"


@some
@given(elections())
def test_the_mirrored_market_gives_the_mirrored_answer(election: tuple[list[Signal], ConsensusRules]) -> None:
    signals, rules = election
    flip = {UP: DOWN, DOWN: UP, NEUTRAL: NEUTRAL}
    mirrored = [s if isinstance(s, Abstain) else _mirror(s, flip[s.direction]) for s in signals]
    outcome, other = consensus(signals, rules, NOW), consensus(mirrored, rules, NOW)
    words = {"bullish": "bearish", "bearish": "bullish"}
    assert other.direction == words.get(outcome.direction, outcome.direction)
    assert (other.bullish_weight, other.bearish_weight) == (outcome.bearish_weight, outcome.bullish_weight)
    assert other.escalate == outcome.escalate


def _mirror(signal: View, direction: Direction) -> View:
    if signal.stop is None:
        return signal
    targets = tuple(200.0 - t for t in signal.targets)
    return replace(signal, direction=direction, stop=200.0 - signal.stop, targets=targets)
