"""What outcomes teach: Hedge's weights and its bound, reliability, the exponent; and nothing that came later."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorum.domain import DAY, HOUR
from quorum.signals import ConsensusRules, Experts, Learning, ScoredVote, learn
from quorum.signals.pools import fit_exponent, hedge_weights, reliability, reliable_weights
from quorum.signals.pools.scoring import log_losses

AT = 1_000 * DAY
THREE = ConsensusRules(required=("a", "b", "c"), optional=(), weights={"a": 0.5, "b": 0.3, "c": 0.2})
HEDGE = replace(THREE, pool="hedge")


def rounds(said: dict[str, list[float | None]], came: list[bool]) -> list[ScoredVote]:
    """Votes an hour apart, all resolved within it; None is a silence."""
    return [
        ScoredVote(k * HOUR, name, p, k * HOUR + HOUR, came[k])
        for k in range(len(came))
        for name, line in said.items()
        if (p := line[k]) is not None
    ]


def beliefs(votes: list[ScoredVote]) -> np.ndarray:
    return np.array([v.probability for v in votes])


class TestHedge:
    def test_the_weights_are_the_formula(self) -> None:
        came = [True, True, False, True]
        said: dict[str, list[float | None]] = {"a": [0.8, 0.7, 0.4, 0.9], "b": [0.5] * 4, "c": [0.2, 0.3, 0.6, 0.4]}
        votes = rounds(said, came)
        rate = min(1.0, math.sqrt(8 * math.log(3) / 4))
        losses = {
            name: sum(-math.log(p if y else 1 - p) for p, y in zip(line, came, strict=True) if p is not None)
            for name, line in said.items()
        }
        raw = {name: math.exp(-rate * loss) for name, loss in losses.items()}
        expected = {name: value / sum(raw.values()) for name, value in raw.items()}
        assert hedge_weights(votes, beliefs(votes), "abc") == pytest.approx(expected, rel=1e-12)

    def test_before_any_outcome_and_alone_it_is_even(self) -> None:
        assert hedge_weights([], np.empty(0), "ba") == {"a": 0.5, "b": 0.5}
        votes = rounds({"a": [0.7, 0.2]}, [True, True])
        assert hedge_weights(votes, beliefs(votes), "a") == {"a": 1.0}

    @settings(max_examples=40)
    @given(st.integers(0, 10_000), st.integers(1, 60), st.integers(2, 5))
    def test_the_mixture_loses_little_more_than_the_best(self, seed: int, n: int, sources: int) -> None:
        rng = np.random.default_rng(seed)
        names = "abcde"[:sources]
        said: dict[str, list[float | None]] = {name: list(rng.uniform(0.01, 0.99, n)) for name in names}
        came = [bool(y) for y in rng.random(n) < 0.5]
        rate = min(1.0, math.sqrt(8 * math.log(sources) / n))
        lost = 0.0
        for k in range(n):
            logs = np.zeros(sources)
            for i, name in enumerate(names):
                line = np.array(said[name][:k], np.float64)
                logs[i] = -rate * log_losses(line, np.array(came[:k], np.float64)).sum()
            weights = np.exp(logs - np.logaddexp.reduce(logs))
            mixed = float(weights @ np.array([said[name][k] for name in names], np.float64))
            lost -= math.log(mixed if came[k] else 1.0 - mixed)
        best = min(float(log_losses(np.array(said[name]), np.array(came, np.float64)).sum()) for name in names)
        assert lost - best <= math.log(sources) / rate + 1e-9

    def test_who_was_silent_keeps_its_share(self) -> None:
        votes = rounds({"a": [0.9], "b": [0.2], "c": [None]}, [True])
        weights = hedge_weights(votes, beliefs(votes), "abc")
        assert weights["c"] == pytest.approx(1 / 3)
        assert weights["a"] > 1 / 3 > weights["b"]
        assert sum(weights.values()) == pytest.approx(1.0)

    def test_a_fixed_share_follows_a_change_of_the_best(self) -> None:
        came = [True] * 400
        said: dict[str, list[float | None]] = {"a": [0.9] * 300 + [0.3] * 100, "b": [0.3] * 300 + [0.9] * 100}
        votes = rounds(said, came)
        still, shared = (hedge_weights(votes, beliefs(votes), "ab", share) for share in (0.0, 0.02))
        assert still["a"] > 0.99
        assert shared["b"] > 0.9
        assert hedge_weights(votes, beliefs(votes), "ab", 1.0) == pytest.approx({"a": 0.5, "b": 0.5})

    def test_extreme_records_stay_numbers(self) -> None:
        votes = rounds({"a": [1.0] * 3000, "b": [0.0] * 3000}, [True] * 3000)
        weights = hedge_weights(votes, beliefs(votes), "ab")
        assert weights["a"] == pytest.approx(1.0)
        assert math.isfinite(weights["b"])


class TestReliability:
    @staticmethod
    def record(source: str, n: int, hits: int, reward: float, age: int = 1) -> list[ScoredVote]:
        start = AT - age * DAY
        return [ScoredVote(start + k, source, 0.6, start + k + 1, k < hits, 1, reward) for k in range(n)]

    def test_a_record_counts_what_was_resolved_in_its_days(self) -> None:
        votes = self.record("a", 10, 6, 1.5) + self.record("a", 5, 5, 3.0, age=31)
        votes += [ScoredVote(AT - HOUR, "a", 0.6, AT + 1, True)]
        (found,) = reliability(votes, AT).values()
        assert found == ("a", 10, 6, 0.6, 1.5)
        assert reliability(votes, AT, 40)["a"].signals == 15
        assert reliability([], AT) == {}

    def test_weights_follow_the_rate_that_breaks_even_drawn_to_the_fixed_ones(self) -> None:
        votes = self.record("a", 60, 36, 1.5) + self.record("b", 90, 9, 1.0) + self.record("c", 29, 29, 2.0)
        weights, says = reliable_weights(THREE, reliability(votes, AT))
        assert weights == pytest.approx(
            {"a": 0.5 * (1 + 60 / 90 * (0.6 * 2.5 - 1)), "b": 0.3 * (1 + 90 / 120 * (0.5 - 1)), "c": 0.2}
        )
        assert says == (
            "a: 36 of 60 signals came true at reward/risk 1.50: weight 0.5 -> 0.667",
            "b: 9 of 90 signals came true at reward/risk 1.00: weight 0.3 -> 0.188",
            "c: 29 signals in 30 days, 30 are needed: weight 0.2",
        )

    def test_it_replaces_the_weights_of_the_vote(self) -> None:
        rules = replace(THREE, learning=Learning("reliability"))
        found = learn(self.record("a", 60, 36, 1.5), rules, AT)
        assert replace(rules, experts=found).weight("a") == pytest.approx(2 / 3)
        assert [replace(rules, experts=found).weight(n) for n in "bc"] == [0.3, 0.2]
        assert replace(THREE, experts=found).weight("a") == 0.5


class TestExponent:
    def test_it_is_one_until_there_is_enough(self) -> None:
        assert fit_exponent(np.ones(99), np.ones(99)) == 1.0
        assert fit_exponent(np.zeros(200), np.ones(200)) == 1.0

    @pytest.mark.parametrize("true", [0.5, 1.0, 2.0])
    def test_it_comes_near_the_truth_from_the_side_of_one(self, true: float) -> None:
        rng = np.random.default_rng(4)
        odds = rng.normal(0.0, 1.0, 8000)
        rises = (rng.random(8000) < 1 / (1 + np.exp(-true * odds))).astype(np.float64)
        found = fit_exponent(odds, rises)
        assert found == pytest.approx(true, abs=0.15)
        assert abs(found - 1.0) <= abs(true - 1.0) + 0.05

    def test_perfect_foresight_stays_bounded(self) -> None:
        odds = np.where(np.arange(500) % 2, 1.0, -1.0)
        assert fit_exponent(odds, (odds > 0).astype(np.float64)) == pytest.approx(1.0 + 0.5 * 4.0)


def drawn(seed: int, n: int) -> list[ScoredVote]:
    """Votes of three sources whose outcomes come out between one and six hours later."""
    rng = np.random.default_rng(seed)
    return [
        ScoredVote(
            k * HOUR,
            name,
            float(rng.uniform(0.4, 0.95)),
            (k + int(rng.integers(1, 7))) * HOUR,
            bool(rng.random() < 0.55),
            int(rng.choice([-1, 1])),
            float(rng.uniform(1.0, 3.0)),
        )
        for k in range(n)
        for name in "abc"
        if rng.random() < 0.9
    ]


@settings(max_examples=12, deadline=None)
@given(
    st.integers(0, 1000),
    st.integers(0, 220),
    st.sampled_from(["file4", "log_odds", "hedge"]),
    st.randoms(use_true_random=False),
)
def test_outcomes_that_come_later_change_nothing(seed: int, hour: int, pool: str, random: object) -> None:
    """What was not resolved at `at` may be different, missing or more: what is learnt is the same, in any order."""
    weights_from = "fixed" if pool == "hedge" else "reliability"
    rules = replace(THREE, pool=pool, learning=Learning(weights_from, 30, 20, 0.01))
    votes, at = drawn(seed, 200), hour * HOUR
    found = learn(votes, rules, at)
    flipped = [v if v.resolved_at <= at else replace(v, outcome=not v.outcome, probability=0.99) for v in votes]
    known = [v for v in votes if v.resolved_at <= at]
    random.shuffle(known)  # type: ignore[attr-defined]
    for others in (flipped, known, [*votes, ScoredVote(0, "stranger", 0.9, 0, True)]):
        assert learn(others, rules, at) == found
    assert Experts.read({"weights": found.weights, "exponent": found.exponent, "says": list(found.says)}).says


def test_what_was_done_is_said() -> None:
    nothing = learn([], HEDGE, AT)
    assert nothing.weights == pytest.approx({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3})
    assert nothing.says[:2] == ("a: no outcomes", "b: no outcomes")
    some = learn(drawn(1, 200), replace(THREE, pool="log_odds"), 300 * HOUR)
    assert some.calibrations["a"].kind == "platt"
    assert some.says[0].startswith("a: Platt over ")
    assert some.says[-1].startswith("log odds are multiplied by ")
    assert learn(drawn(1, 200), THREE, 300 * HOUR) == Experts()
