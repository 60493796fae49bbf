"""The order of the rules in every pool, worked out by hand, and the record of who voted and who did not."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from quorum.domain import Signal, UsageError, canonical
from quorum.signals import (
    CALM,
    Absence,
    Calibration,
    Circumstances,
    Conflict,
    Consensus,
    ConsensusRules,
    Experts,
    Learning,
    consensus,
)
from quorum.signals.pools import POOLS
from signals.pools.elections import DOWN, NEUTRAL, NOW, UP, silent, stale, view

FILE4 = ConsensusRules()
every_pool = pytest.mark.parametrize("pool", POOLS)


def vote(*signals: Signal, rules: ConsensusRules = FILE4, around: Circumstances = CALM) -> Consensus:
    return consensus(signals, rules, NOW, around)


AGREED = view("smc", UP, 0.9), view("ml_model", UP, 0.9)


class TestEveryPool:
    """Each vote breaks the rule that is named and every later one that it can break with it."""

    @every_pool
    def test_first_a_veto(self, pool: str) -> None:
        rules = replace(FILE4, pool=pool, veto=("risk-manager", "microstructure"))
        outcome = vote(view("smc", UP, 0.9), view("microstructure", DOWN, 0.8), rules=rules)
        assert outcome.reason == "microstructure vetoes: it sees the other side"
        assert outcome.vetoes == {"microstructure": "it sees the other side"}

    @every_pool
    def test_a_veto_spoken_outright_stops_also_an_agreed_vote(self, pool: str) -> None:
        around = Circumstances(vetoes={"risk-manager": "drawdown of 16 %"})
        outcome = vote(*AGREED, rules=replace(FILE4, pool=pool), around=around)
        assert (outcome.direction, outcome.lead, outcome.escalate) == ("no_consensus", None, False)
        assert (outcome.reason, outcome.vetoes) == ("risk-manager vetoes: drawdown of 16 %", around.vetoes)
        assert outcome.strength > 0.0

    @every_pool
    def test_then_who_must_take_part(self, pool: str) -> None:
        outcome = vote(view("smc", UP, 0.6), view("microstructure", DOWN, 0.6), rules=replace(FILE4, pool=pool))
        assert (outcome.reason, outcome.escalate) == ("required participants are missing: ml_model", False)

    @every_pool
    def test_then_a_direction(self, pool: str) -> None:
        outcome = vote(view("smc", NEUTRAL, 0.9), view("ml_model", NEUTRAL, 0.9), rules=replace(FILE4, pool=pool))
        assert (outcome.direction, outcome.strength) == ("neutral", 0.0)

    def test_then_enough_votes_in_score(self) -> None:
        rules = replace(FILE4, pool="score", least_votes=3, least_score=1.0)
        outcome = vote(view("smc", UP, 0.6), view("ml_model", DOWN, 0.9), silent("microstructure"), rules=rules)
        assert outcome.reason == "2 of the participants voted, 3 are needed"

    @pytest.mark.parametrize(
        ("pool", "strength", "reason"),
        [
            ("file4", 0.36 / 0.605, "the stronger side has 0.5950 of the weight, 0.6 is needed"),
            ("score", 0.115 / 0.75, "the stronger side has a score of 0.15, 0.25 is needed"),
            ("log_odds", None, "the stronger side has a probability of 0.68, 0.7 is needed"),
            ("hedge", 0.5 + 0.2 / 2, "the stronger side has a probability of 0.60, 0.7 is needed"),
        ],
    )
    def test_then_the_threshold(self, pool: str, strength: float | None, reason: str) -> None:
        rules = replace(FILE4, pool=pool, threshold=0.6 if pool == "file4" else 0.7)
        outcome = vote(view("smc", UP, 0.7), view("ml_model", DOWN, 0.9), rules=rules)
        if strength is None:
            odds = (0.4 * math.log(0.9 / 0.1) - 0.35 * math.log(0.7 / 0.3)) / 0.75
            strength = 1 / (1 + math.exp(-odds))
        assert outcome.strength == pytest.approx(strength)
        assert (outcome.reason, outcome.escalate) == (reason, False)

    @every_pool
    def test_then_both_sides_equally_sure(self, pool: str) -> None:
        rules = replace(FILE4, pool=pool, weights={"smc": 0.9, "ml_model": 0.1}, threshold=0.5, least_score=0.01)
        rules = replace(rules, experts=Experts({"smc": 0.9, "ml_model": 0.1}))
        outcome = vote(view("smc", UP, 0.75), view("ml_model", DOWN, 0.65), rules=rules)
        assert (outcome.direction, outcome.escalate) == ("no_consensus", True)

    @every_pool
    def test_then_a_conflict_where_that_is_no_trade(self, pool: str) -> None:
        rules = replace(
            FILE4, pool=pool, threshold=0.5, least_score=0.01, conflict=Conflict("no_trade", model_first=False)
        )
        signals = view("smc", UP, 0.6), view("ml_model", DOWN, 0.9)
        assert vote(*signals, rules=rules).reason == "both sides voted, and a conflict is no trade"
        assert vote(*signals, rules=replace(rules, conflict=Conflict(model_first=False))).direction == "bearish"
        assert vote(*AGREED, rules=rules).direction == "bullish"

    @every_pool
    def test_then_the_precedence_of_the_model(self, pool: str) -> None:
        rules = replace(FILE4, pool=pool, threshold=0.6, least_score=0.01)
        sure = view("smc", UP, 0.9), view("microstructure", UP, 0.9)
        outcome = vote(*sure, view("ml_model", DOWN, 0.6), rules=rules)
        assert (outcome.direction, outcome.lead, outcome.escalate) == ("no_consensus", None, False)
        assert outcome.reason == "ml_model sees the other side, and its view has precedence"
        assert vote(*sure, view("ml_model", NEUTRAL, 0.6), rules=rules).direction == "bullish"

    @every_pool
    def test_else_the_stronger_side(self, pool: str) -> None:
        outcome = vote(*AGREED, view("microstructure", DOWN, 0.6), rules=replace(FILE4, pool=pool))
        assert (outcome.direction, outcome.lead) == ("bullish", AGREED[1])
        assert outcome.pool == pool


class TestPrecedenceOfTheModel:
    SIGNALS = view("smc", UP, 0.9), view("microstructure", UP, 0.9), view("ml_model", DOWN, 0.6)

    @pytest.mark.parametrize(
        ("extreme", "news", "exceptions", "direction"),
        [
            (False, False, ("extreme_market_conditions", "news_events"), "no_consensus"),
            (True, False, ("extreme_market_conditions", "news_events"), "bullish"),
            (False, True, ("extreme_market_conditions", "news_events"), "bullish"),
            (True, False, ("news_events",), "no_consensus"),
            (False, True, ("extreme_market_conditions",), "no_consensus"),
            (True, True, (), "no_consensus"),
        ],
    )
    def test_it_ends_in_extremes_and_news(
        self, extreme: bool, news: bool, exceptions: tuple[str, ...], direction: str
    ) -> None:
        rules = replace(FILE4, conflict=Conflict(exceptions=exceptions))
        assert vote(*self.SIGNALS, rules=rules, around=Circumstances(extreme, news)).direction == direction

    def test_it_stops_nothing_where_the_model_is_the_stronger_side_or_weighs_nothing(self) -> None:
        against = view("smc", UP, 0.5), view("ml_model", DOWN, 0.9)
        assert vote(*against).direction == "bearish"
        muted = replace(FILE4, weights={**FILE4.weights, "ml_model": 0.0})
        assert vote(*self.SIGNALS, rules=muted).direction == "bullish"

    def test_it_makes_no_weak_side_win(self) -> None:
        """The model's own side would have to reach the threshold, and then it were the stronger one."""
        for sure in (0.5, 0.6, 0.7):
            outcome = vote(*self.SIGNALS[:2], view("ml_model", DOWN, sure))
            assert outcome.direction == "no_consensus"


class TestFallback:
    def test_a_conflict_below_the_threshold_can_go_to_a_person(self) -> None:
        rules = replace(FILE4, conflict=Conflict(fallback="escalate"))
        opposed = view("smc", UP, 0.7), view("ml_model", DOWN, 0.6)
        outcome = vote(*opposed, rules=rules)
        assert (outcome.direction, outcome.escalate) == ("no_consensus", True)
        assert not vote(*opposed).escalate

    def test_without_two_sides_there_is_nothing_to_escalate(self) -> None:
        rules = replace(FILE4, pool="score", least_score=0.9, conflict=Conflict(fallback="escalate"))
        assert not vote(view("smc", UP, 0.5), view("ml_model", NEUTRAL, 0.5), rules=rules).escalate


class TestNeutral:
    """Neutral takes part everywhere; it weighs nothing in file4 and thins the others out."""

    @pytest.mark.parametrize(
        ("pool", "with_neutral", "with_silence"),
        [
            ("file4", 1.0, 1.0),
            ("score", 0.35 * 0.8 / 0.75, 0.8),
            ("log_odds", 1 / (1 + math.exp(-0.35 * math.log(4) / 0.75)), 0.8),
            ("hedge", 0.5 + 0.3 / 2, 0.8),
        ],
    )
    def test_what_it_does_to_the_strength(self, pool: str, with_neutral: float, with_silence: float) -> None:
        rules = replace(FILE4, pool=pool, required=("smc",), optional=("ml_model",), least_votes=1)
        up = view("smc", UP, 0.8)
        assert vote(up, view("ml_model", NEUTRAL, 0.7), rules=rules).strength == pytest.approx(with_neutral)
        for away in (silent("ml_model"), stale("ml_model", UP, 0.9)):
            assert vote(up, away, rules=rules).strength == pytest.approx(with_silence)


class TestLearntPools:
    def test_a_calibrated_confidence_is_what_counts(self) -> None:
        curve = Calibration("isotonic", (0.5, 0.9), (0.3, 0.8))
        rules = replace(FILE4, pool="log_odds", required=("smc",), experts=Experts(calibrations={"smc": curve}))
        assert vote(view("smc", UP, 0.9), rules=rules).strength == pytest.approx(0.8)
        assert vote(view("smc", UP, 0.7), rules=rules).strength == pytest.approx(0.55)

    def test_a_source_that_is_mostly_wrong_weighs_nothing_and_never_turns_around(self) -> None:
        curve = Calibration("platt", (1.0,), (-3.0,))
        rules = replace(FILE4, pool="hedge", required=("smc",), experts=Experts(calibrations={"smc": curve}))
        outcome = vote(view("smc", UP, 0.9), rules=rules)
        assert (outcome.direction, outcome.bullish_weight, outcome.bearish_weight) == ("neutral", 0.0, 0.0)

    def test_hedge_weighs_by_what_was_learnt_and_alike_before(self) -> None:
        rules = replace(FILE4, pool="hedge", escalate_below=0.0, conflict=Conflict(model_first=False), threshold=0.5)
        signals = view("smc", UP, 0.7), view("ml_model", DOWN, 0.8)
        assert vote(*signals, rules=rules).direction == "bearish"
        assert [v.weight for v in vote(*signals, rules=rules).votes] == [1.0, 1.0]
        learnt = replace(rules, experts=Experts({"smc": 0.9, "ml_model": 0.1}, says=("weights after 9 occasions",)))
        outcome = vote(*signals, rules=learnt)
        assert (outcome.direction, outcome.strength) == ("bullish", pytest.approx(0.5 + 0.9 * 0.2 - 0.1 * 0.3))
        assert outcome.notes == ("weights after 9 occasions",)

    @pytest.mark.parametrize(
        ("rules", "says"),
        [
            (replace(FILE4, pool="hedge"), "all weigh the same"),
            (replace(FILE4, pool="log_odds"), "confidences are taken as they are"),
            (replace(FILE4, learning=Learning("reliability")), "weights are the fixed ones"),
        ],
    )
    def test_that_nothing_is_learnt_is_said(self, rules: ConsensusRules, says: str) -> None:
        assert says in vote(*AGREED, rules=rules).notes[0]
        assert vote(*AGREED).notes == ()

    def test_the_exponent_makes_the_pool_surer(self) -> None:
        rules = replace(FILE4, pool="log_odds", experts=Experts(exponent=2.0))
        once, twice = (vote(view("smc", UP, 0.8), view("ml_model", UP, 0.8), rules=r).strength for r in (FILE4, rules))
        assert (once, twice) == (1.0, pytest.approx(16 / 17))


class TestAbsences:
    RULES = replace(FILE4, may_replace={"microstructure": "smc"}, optional=("microstructure", "momentum"))

    def test_each_participant_that_did_not_vote_is_named_with_the_reason(self) -> None:
        signals = silent("smc", "no structure"), view("ml_model", UP, 0.3)
        outcome = vote(*signals, rules=self.RULES, around=Circumstances(failed={"momentum": "timed out after 30 s"}))
        assert outcome.absent == (
            Absence("smc", "abstained: no structure"),
            Absence("ml_model", "dropped: confidence 0.30 is below 0.5"),
            Absence("microstructure", "no signal"),
            Absence("momentum", "agent failed: timed out after 30 s"),
        )
        assert vote(*AGREED, rules=replace(FILE4, optional=())).absent == ()

    @pytest.mark.parametrize("direction", [UP, NEUTRAL])
    def test_a_stand_in_that_takes_part_satisfies_for_the_one_that_is_away(self, direction: Any) -> None:
        signals = silent("smc"), view("ml_model", UP, 0.8), view("microstructure", direction, 0.8)
        outcome = vote(*signals, rules=self.RULES)
        assert outcome.direction == "bullish"
        assert outcome.absent[0] == Absence("smc", "abstained: no data", "microstructure")
        assert vote(*signals).reason == "required participants are missing: smc"

    def test_one_that_is_stale_stands_in_for_nobody(self) -> None:
        signals = silent("smc"), view("ml_model", UP, 0.8), stale("microstructure", UP, 0.8)
        assert vote(*signals, rules=self.RULES).reason == "required participants are missing: smc"


def test_a_veto_of_one_that_has_none_is_refused() -> None:
    with pytest.raises(UsageError, match="smc has no veto; veto_agents has risk-manager"):
        vote(*AGREED, around=Circumstances(vetoes={"smc": "no"}))


def test_circumstances_come_back_from_their_plain_form() -> None:
    around = Circumstances(True, False, {"risk-manager": "no"}, {"smc": "timed out"})
    assert Circumstances.read(json.loads(canonical(around))) == around
    assert Circumstances.read({}) == CALM


def test_the_rules_of_a_record_count_again_to_the_last_bit() -> None:
    curve = Calibration("isotonic", (0.1, 1 / 3, 0.9), (0.2, 0.55, 0.8))
    for pool in POOLS:
        rules = replace(FILE4, pool=pool, experts=Experts({"smc": 1 / 3, "ml_model": 2 / 3}, {"smc": curve}, 1.1))
        again = ConsensusRules.read(json.loads(canonical(rules)))
        assert vote(*AGREED, rules=again) == vote(*AGREED, rules=rules)


@pytest.mark.parametrize("pool", POOLS)
def test_two_signals_of_one_source_are_refused(pool: str) -> None:
    rules = replace(FILE4, pool=pool)
    with pytest.raises(UsageError, match="smc has 2 signals in one vote; give the newest of each source"):
        consensus([view("smc", UP, 0.8), view("ml_model", UP, 0.8), view("smc", DOWN, 0.6)], rules, NOW)


def test_votes_without_weight_decide_nothing_and_the_reason_says_so() -> None:
    rules = replace(FILE4, weights={"smc": 0.0, "ml_model": 0.0, "microstructure": 0.0})
    outcome = consensus([view("smc", UP, 0.8), view("ml_model", UP, 0.8)], rules, NOW)
    assert (outcome.direction, outcome.reason) == ("neutral", "nobody who sees a direction has any weight")
