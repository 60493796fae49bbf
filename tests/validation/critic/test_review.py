"""The critic on results whose truth is known: it settles what is sound, and finds what was planted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from quorum.engine.fakes import MemoryTrials
from quorum.lake import Bars
from quorum.lake.fakes import MemoryLake
from quorum.signals import AnyStrategy, Params, from_batch
from quorum.validation.critic import Review, critic_text, review
from quorum.validation.gates import Weight
from quorum.validation.ladder import Asked, Failed, Inconclusive, Ladder, Passed, Tier, TierResult, check_tier
from quorum.validation.ladder.table import LADDER
from validation.ladder.grounds import BRISK, H8, bars_of, clairvoyant, follower, swings

SECONDS = 20.0  # a bound: an examination ends when it has looked enough


def asked_of(strategy: AnyStrategy, params: Mapping[str, Any] | None = None) -> Asked:
    return Asked(strategy, ("BTCUSDT",), H8, None, params or {})


@cache
def market(seed: int = 4, days: int = 1_300) -> Bars:
    return swings(seed=seed, days=days)


@cache
def sound(tier: Tier = Tier.L2, days: int = 1_300) -> TierResult:
    """What a tier answers to a sound strategy, as it comes out of the store."""
    found = check_tier(BRISK, tier, asked_of(follower()), MemoryLake(market(4, days)), MemoryTrials())
    return TierResult.read(json.loads(json.dumps(found.told())))


def reviewed(
    result: TierResult, strategy: AnyStrategy | None = None, bars: Bars | None = None, ladder: Ladder = BRISK
) -> Review:
    return review(ladder, asked_of(strategy or follower()), result, MemoryLake(bars or market()), SECONDS)


def outcomes(found: Review) -> dict[str, str]:
    """The last word on each doubt."""
    told = found.told()
    return {answer["name"]: answer["outcome"] for answers in told["rounds"] for answer in answers}


def doubting(result: TierResult, *metrics: str, odd: tuple[str, ...] = ()) -> TierResult:
    """The result with these metrics for the critic, and these diagnostics to examine."""
    diagnostics = tuple({**d, "verdict": "examine" if d["name"] in odd else "pass"} for d in result.diagnostics)
    return replace(result, critic=metrics, diagnostics=diagnostics)


def failing(found: Review) -> Failed:
    assert isinstance(found.verdict, Failed), found.verdict
    return found.verdict


def test_every_doubt_about_a_sound_strategy_is_settled() -> None:
    every = doubting(
        sound(), *(gate.metric for gate in LADDER.of(Tier.L2).gates), odd=tuple(d["name"] for d in sound().diagnostics)
    )
    found = reviewed(replace(every, critic=tuple(m for m in every.critic if m not in ("edge_over_cost", "missing"))))
    known = {name: word for name, word in outcomes(found).items() if name not in ("outliers", "stale")}
    assert set(known.values()) == {"passed"}, known
    assert len(known) == 11


def test_a_result_that_raises_nothing_is_only_repeated() -> None:
    found = reviewed(doubting(sound()))
    assert isinstance(found.verdict, Passed)
    assert outcomes(found) == {"reproduced": "passed"}
    assert len(found.rounds) == 1


def test_the_same_review_comes_out_twice() -> None:
    result = doubting(sound(), "calmar", "sharpe_low", "spa_p_hold", odd=("parameter_cliff",))
    one, other = reviewed(result).told(), reviewed(result).told()
    assert {**one, "cpu_seconds": 0} == {**other, "cpu_seconds": 0}


@pytest.mark.parametrize("tier", [Tier.L0, Tier.L1, Tier.L2, Tier.L3])
def test_every_tier_can_be_repeated(tier: Tier) -> None:
    found = reviewed(doubting(sound(tier)))
    assert isinstance(found.verdict, Passed), critic_text("STR-001", found.told())


def test_newer_bars_change_nothing() -> None:
    longer = market(4, 1_400)
    shorter = longer.slice(0, 3 * 1_300)
    result = check_tier(BRISK, Tier.L2, asked_of(follower()), MemoryLake(shorter), MemoryTrials())
    found = reviewed(replace(doubting(result), verdict=Passed()), bars=longer)
    assert isinstance(found.verdict, Passed), critic_text("STR-001", found.told())


def test_other_bars_leave_it_open() -> None:
    found = reviewed(doubting(sound()), bars=market(4, 1_400))
    assert isinstance(found.verdict, Inconclusive)
    assert "the bars are others now" in critic_text("STR-001", found.told())


def test_other_code_leaves_it_open() -> None:
    daily = sound().daily
    assert daily is not None
    other = {**daily, "returns": [2.0 * r for r in daily["returns"]]}
    found = reviewed(replace(doubting(sound()), daily=other, code_hash="an earlier one"))
    assert isinstance(found.verdict, Inconclusive)


def test_returns_that_do_not_come_out_again_are_found() -> None:
    daily = sound().daily
    assert daily is not None
    tampered = replace(sound(), daily={**daily, "returns": [r + 0.001 for r in daily["returns"]]})
    verdict = failing(reviewed(doubting(tampered)))
    assert (verdict.metric, verdict.reason) == ("difference_when_repeated", "fundamental_strategy_flaw")
    assert verdict.value == pytest.approx(0.001)


def test_a_result_whose_bars_are_gone_is_no_result() -> None:
    found = review(BRISK, asked_of(follower()), sound(), MemoryLake(), SECONDS)
    assert failing(found).reason == "data_unavailable"


def test_what_sees_the_future_is_found_where_it_is_too_good() -> None:
    cheat = clairvoyant()
    bars, trials = market(), MemoryTrials()
    result = check_tier(BRISK, Tier.L1, asked_of(cheat), MemoryLake(bars), trials)
    assert "sharpe" in result.critic
    found = reviewed(replace(result, verdict=Passed()), cheat, bars)
    assert (failing(found).reason, failing(found).metric) == ("fundamental_strategy_flaw", "leaks")


def test_profit_of_a_single_day_is_found() -> None:
    level = np.exp(np.cumsum(0.0004 * np.random.default_rng(1).standard_normal(3 * 500)))
    level[3 * 400 + 1 :] *= 1.6
    bars = bars_of(level)
    holder = from_batch("holder", _held, lambda params: 1)
    result = check_tier(BRISK, Tier.L1, asked_of(holder), MemoryLake(bars), MemoryTrials())
    found = reviewed(replace(result, verdict=Passed()), holder, bars)
    assert outcomes(found)["few_days"] == "failed"


def _held(bars: Bars, params: Params) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """In and out, mostly in."""
    return np.where(np.arange(len(bars)) % 40 < 38, 1.0, 0.0)


def test_holding_in_disguise_is_found() -> None:
    rng = np.random.default_rng(3)
    bars = bars_of(np.exp(np.cumsum(0.0015 + 0.01 * rng.standard_normal(3 * 500))))
    holder = from_batch("holder", _held, lambda params: 1)
    result = check_tier(BRISK, Tier.L1, asked_of(holder), MemoryLake(bars), MemoryTrials())
    found = reviewed(replace(doubting(result, "spa_p_hold"), verdict=Passed()), holder, bars)
    assert outcomes(found)["more_than_holding"] in ("failed", "inconclusive")
    assert not isinstance(found.verdict, Passed)


def marginal(days: int) -> TierResult:
    """A result that missed one gate by little."""
    rows = [{**row, "outcome": "passed"} for row in sound(days=days).rows]
    for row in rows:
        if row["metric"] == "trades" and row["kind"] == "gate":
            row |= {"outcome": "failed", "marginal": True, "value": 60, "threshold": 150.0}
    missed = Failed("signal_frequency_low", "trades", 60.0, 150.0, True, "trades is 60", marginal=True)
    return replace(doubting(sound(days=days)), rows=tuple(rows), verdict=missed)


def test_what_was_missed_by_little_is_heard_again_on_older_days() -> None:
    found = reviewed(marginal(2_000), bars=market(4, 2_000))
    assert isinstance(found.verdict, Passed), critic_text("STR-001", found.told())
    assert [len(answers) for answers in found.rounds] == [2, 1]
    assert found.basis["days_before_the_span"] > 800


def test_without_older_days_it_stays_missed() -> None:
    young = reviewed(marginal(1_150), bars=market(4, 1_150))
    assert failing(young).metric == "trades"
    assert "no days before the span" in failing(young).why


def test_a_doubt_that_nobody_can_settle_takes_every_round() -> None:
    found = reviewed(doubting(sound(), "moon_phase"))
    assert isinstance(found.verdict, Inconclusive)
    assert [len(answers) for answers in found.rounds] == [2, 1, 1]
    assert len(reviewed(doubting(sound(), "moon_phase"), ladder=replace(BRISK, critic_rounds=1)).rounds) == 1


def test_without_rounds_the_critic_is_not_asked() -> None:
    found = reviewed(doubting(sound(), "oos_sharpe"), ladder=replace(BRISK, critic_rounds=0))
    assert (found.verdict, found.rounds) == (Passed(), ())


@pytest.mark.parametrize(
    "verdict",
    [Failed("sharpe_below_threshold", "oos_sharpe", 0.1, 1.0, True, "too low"), Inconclusive("days", 1008, 400)],
)
def test_what_has_ended_is_not_reviewed(verdict: Failed | Inconclusive) -> None:
    found = reviewed(replace(sound(), verdict=verdict))
    assert (found.verdict, found.rounds) == (verdict, ())
    assert "nothing to review" in critic_text("STR-001", found.told())


def test_the_text_names_every_question_and_what_it_stands_on() -> None:
    told = json.loads(json.dumps(reviewed(doubting(sound(), "calmar", odd=("parameter_cliff",))).told()))
    text = critic_text("STR-007", told)
    for part in ("# STR-007: the critic on L2", "**Passed", "## Round 1", "Is the gain worth the losses", "kept_at_10"):
        assert part in text
    assert sound().data["data_hash"] in text
    assert "look=" in text


def test_the_gates_that_ask_the_critic_are_those_of_the_ladder() -> None:
    assert {g.metric for g in LADDER.of(Tier.L2).gates if g.weight is Weight.CRITIC} >= {"oos_is", "calmar"}
