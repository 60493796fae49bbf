"""The tiers on markets in which the truth is known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from quorum.domain import DAY, UsageError
from quorum.engine.fakes import MemoryTrials
from quorum.lake import Bars
from quorum.lake.fakes import MemoryLake
from quorum.signals import AnyStrategy, Parameter, Params, find_strategy, from_batch
from quorum.signals.specs import SpecStrategy, read_spec
from quorum.validation.ladder import Asked, Failed, Inconclusive, Passed, Tier, TierResult, check_tier, read_idea
from quorum.validation.ladder.asked import axes, default_of, variants
from quorum.validation.life import Idea
from validation.ladder.grounds import BRISK, H8, bars_of, clairvoyant, follower, swings
from validation.markets import RULES

SOUND = {"drift": 0.006, "seed": 4}


def checked(
    tier: Tier,
    strategy: AnyStrategy | None = None,
    bars: Bars | None = None,
    params: Mapping[str, Any] | None = None,
    **more: Any,
) -> TierResult:
    asked = Asked(strategy or follower(), ("BTCUSDT",), H8, None, params or {}, **more)
    found = check_tier(BRISK, tier, asked, MemoryLake(bars or swings(**SOUND)), MemoryTrials())  # type: ignore[arg-type]
    assert TierResult.read(json.loads(json.dumps(found.told()))).told() == found.told()
    return found


def failed(result: TierResult) -> Failed:
    assert isinstance(result.verdict, Failed), result.verdict
    return result.verdict


def test_a_sound_strategy_climbs_to_the_top() -> None:
    params: Mapping[str, Any] = {}
    for tier in Tier:
        result = checked(tier, params=params)
        assert result.verdict == Passed(), (tier, result.verdict)
        assert len(result.diagnostics) == 10
        assert result.daily is not None
        assert len(result.daily["days"]) == len(result.daily["returns"])
        params = result.params
    assert result.metrics["profitable_windows"] == 5


@pytest.mark.parametrize(("tier", "trials"), [(Tier.L0, 1), (Tier.L1, 3), (Tier.L2, 12), (Tier.L3, 1)])
def test_every_backtest_that_is_chosen_from_is_a_trial(tier: Tier, trials: int) -> None:
    assert checked(tier).trials == trials


def test_what_sees_the_future_is_a_flaw_that_nobody_mends() -> None:
    verdict = failed(checked(Tier.L0, clairvoyant()))
    assert (verdict.reason, verdict.metric, verdict.retryable) == ("fundamental_strategy_flaw", "leaks", False)


def test_luck_does_not_reach_l3() -> None:
    verdict = failed(checked(Tier.L2, bars=swings(2, drift=0.0)))
    assert not verdict.marginal


def test_too_thin_a_market_is_told_at_l1() -> None:
    bars = swings(4)
    usual = checked(Tier.L1, bars=bars)
    assert usual.metrics["adv_share"] == pytest.approx(2e-4, rel=0.2)
    assert not [said for said in usual.warnings if "adv_share" in said]
    assert bars.volume is not None
    for volume, value in ((bars.volume * 1e-4, 2.0), (bars.volume * 0.0, None)):
        thin = checked(Tier.L1, bars=replace(bars, volume=volume))
        assert thin.metrics["adv_share"] == (None if value is None else pytest.approx(value, rel=0.2))
        assert [said for said in thin.warnings if said.startswith("adv_share is")]
        assert thin.verdict == usual.verdict
    assert checked(Tier.L1, bars=replace(bars, volume=None)).metrics["adv_share"] is None


def test_too_few_signals_fail_l0() -> None:
    verdict = failed(checked(Tier.L0, params={"look": 20, "least": 0.2}))
    assert (verdict.reason, verdict.metric, verdict.threshold) == ("signal_frequency_low", "signals", 10)


def test_too_few_trades_fail_l1() -> None:
    verdict = failed(checked(Tier.L1, params={"look": 40, "least": 0.15}))
    assert (verdict.reason, verdict.metric) == ("signal_frequency_low", "trades")


def test_one_that_is_right_the_wrong_way_round_contradicts_its_hypothesis() -> None:
    falling = from_batch("falling", lambda bars, params: 1.0 - _risen(bars), lambda params: 5)
    verdict = failed(checked(Tier.L0, falling, swings(4, drift=0.01)))
    assert (verdict.reason, verdict.metric) == ("hypothesis_contradiction", "wrong_sign_p")


def test_trading_too_often_is_named_when_costs_eat_an_edge() -> None:
    verdict = failed(checked(Tier.L1, params={"look": 1}, bars=swings(4, drift=0.0035)))
    assert verdict.reason == "signal_frequency_high"
    assert "costs take more than half" in verdict.why


def test_an_error_in_the_strategy_is_a_flaw() -> None:
    def broken(bars: Bars, params: Params) -> Any:
        raise ZeroDivisionError("nought")

    verdict = failed(checked(Tier.L0, from_batch("broken", broken, lambda params: 2)))
    assert (verdict.reason, verdict.metric) == ("fundamental_strategy_flaw", "answers")
    assert "nought" in verdict.why


def test_a_target_that_is_no_number_is_a_flaw() -> None:
    nothing = from_batch("nothing", lambda bars, params: np.full(len(bars), np.nan), lambda params: 2)
    assert failed(checked(Tier.L0, nothing)).reason == "fundamental_strategy_flaw"


def test_bars_without_what_it_lives_on_are_of_the_wrong_kind() -> None:
    verdict = failed(checked(Tier.L0, find_strategy("carry", RULES)))
    assert (verdict.reason, verdict.retryable) == ("unsupported_asset_type", False)


@pytest.mark.parametrize("tier", Tier)
def test_parameters_out_of_bounds_fail_every_tier_before_anything_is_tried(tier: Tier) -> None:
    result = checked(tier, params={"look": 500})
    assert failed(result).reason == "parameter_out_of_bounds"
    assert result.trials == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "much", None])
def test_a_parameter_that_is_no_number_is_out_of_bounds_too(value: Any) -> None:
    assert failed(checked(Tier.L0, params={"least": value})).reason == "parameter_out_of_bounds"


@pytest.mark.parametrize("days", [0, 19, -5, 99.5])
def test_a_window_of_a_few_days_is_refused(days: Any) -> None:
    with pytest.raises(UsageError, match="20 or more"):
        Asked(follower(), ("BTCUSDT",), H8, days=days)


@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize("days", [20, 40])
def test_the_smallest_windows_end_with_a_verdict(tier: Tier, days: int) -> None:
    checked(tier, days=days)


@pytest.mark.parametrize(
    ("tier", "reason"),
    [
        (Tier.L0, "signal_frequency_low"),
        (Tier.L1, "signal_frequency_low"),
        (Tier.L3, "sharpe_below_threshold"),
    ],
)
def test_one_that_never_trades_fails(tier: Tier, reason: str) -> None:
    assert failed(checked(tier, params={"look": 3, "least": 0.5})).reason == reason


def test_a_sweep_leaves_given_values_behind_that_never_trade() -> None:
    assert checked(Tier.L2, params={"look": 3, "least": 0.5}).params["least"] < 0.5


@pytest.mark.parametrize("tier", Tier)
def test_bars_of_closes_only_will_do(tier: Tier) -> None:
    bars = replace(swings(4, drift=0.006), open=None, high=None, low=None, volume=None)
    assert checked(tier, bars=bars).data["rows"] > 0


@pytest.mark.parametrize("tier", Tier)
def test_losing_everything_is_a_verdict(tier: Tier) -> None:
    noise = np.exp(0.001 * np.random.default_rng(0).standard_normal(3 * 1300))
    ruined = bars_of(np.concatenate([np.ones(3500), np.full(400, 5.0)]) * noise)
    short = from_batch("short", lambda bars, params: -np.ones(len(bars)), lambda params: 1)
    assert not isinstance(checked(tier, short, ruined).verdict, Passed)


def test_bad_bars_are_blamed_before_the_strategy() -> None:
    bars = swings(2, drift=0.0)
    spoilt = bars.close.copy()
    spoilt[np.random.default_rng(0).integers(0, len(bars), 80)] *= 1.9
    level = spoilt / 100.0
    verdict = failed(checked(Tier.L1, bars=bars_of(level)))
    assert (verdict.reason, verdict.metric, verdict.retryable) == ("data_quality_warning", "outliers", True)


def test_too_little_data_is_inconclusive() -> None:
    assert checked(Tier.L1, bars=swings(days=100)).verdict == Inconclusive("days", 365, 100)


def test_a_pass_on_a_smaller_window_is_provisional() -> None:
    assert checked(Tier.L1, days=300).data["provisional"] is True


def test_a_single_kind_of_market_says_nothing_about_the_others() -> None:
    rising = bars_of(np.exp(0.004 * np.arange(3 * 1100)))
    result = checked(Tier.L3, bars=rising)
    assert result.metrics["profitable_regimes"] is None


def test_a_tier_that_is_left_out_cannot_be_asked() -> None:
    short = replace(BRISK, rungs=BRISK.rungs[:2])
    assert short.after(Tier.L0) is Tier.L1
    assert short.after(Tier.L1) is None
    with pytest.raises(UsageError, match="no tier L2"):
        check_tier(short, Tier.L2, Asked(follower(), ("BTCUSDT",), H8), MemoryLake(swings()), MemoryTrials())


def test_a_spec_is_checked_as_any_strategy() -> None:
    spec = {
        "name": "rises",
        "summary": "long while prices have risen",
        "parameters": {"n": {"default": 3, "low": 2, "high": 40, "search": [2, 3, 4]}},
        "long": "close > sma(close, n)",
        "exit_long": "close < sma(close, n)",
    }
    strategy, trials = SpecStrategy(read_spec(spec)), MemoryTrials()
    asked = Asked(strategy, ("BTCUSDT",), H8)
    result = check_tier(BRISK, Tier.L1, asked, MemoryLake(swings(4, drift=0.006)), trials)
    assert result.verdict == Passed()
    assert result.trials_in_family == trials.count(strategy.family) == 3


def test_an_idea_is_read_and_asked() -> None:
    told = {"strategy": "demo_ma", "symbols": ["BTCUSDT"], "timeframe": "8h", "params": {"fast": 5}}
    idea = read_idea(told)
    asked = Asked.of(idea, follower(), {"fast": 9}, {"days": 50, "venue": "kraken"})
    assert isinstance(idea, Idea)
    assert (asked.params, asked.days, asked.venue, asked.borrowed) == ({"fast": 9}, 50, "kraken", True)


@pytest.mark.parametrize(
    ("told", "said"), [({"symbols": []}, "without 'strategy'"), ({"wings": 2}, "without"), (None, "with 'wings'")]
)
def test_what_is_no_idea_is_refused(told: dict[str, Any] | None, said: str) -> None:
    whole = {"strategy": "demo_ma", "symbols": ["A"], "timeframe": "1h", "wings": 2} if told is None else told
    with pytest.raises(Exception, match=said):
        read_idea(whole)


def test_the_axes_hold_the_given_value_and_keep_within_the_most() -> None:
    rule = find_strategy("volatility", RULES)
    defaults = default_of(rule)
    for most in (1, 5, 20, 500):
        found = axes(rule, defaults, most)
        assert np.prod([len(values) for values in found.values()]) <= most
        assert all(defaults[name] in values for name, values in found.items())


def test_a_value_outside_of_the_search_takes_the_range_along() -> None:
    rule = from_batch("r", lambda b, p: np.zeros(len(b)), lambda p: 1, (Parameter("n", 10, 1, 100, "", (5, 10, 20)),))
    assert axes(rule, {"n": 40}, 10)["n"] == (20, 40, 80)
    assert axes(rule, {"n": 80}, 10)["n"] == (40, 80, 100)
    assert axes(rule, {"n": 12}, 10)["n"] == (5, 10, 12, 20)


def test_variants_are_neighbours_that_the_strategy_takes() -> None:
    rule = find_strategy("demo_ma", RULES)
    near = list(variants(rule, default_of(rule), 2))
    assert [(v["fast"], v["slow"]) for v in near] == [(16, 100), (24, 100)]


def test_the_clock_of_a_result_runs() -> None:
    result = checked(Tier.L1)
    assert 0 < result.elapsed_seconds < 60
    assert result.data["first"] % DAY == 0


def _risen(bars: Bars) -> Any:
    weight = np.zeros(len(bars))
    weight[4:] = bars.close[4:] > bars.close[:-4]
    return weight
