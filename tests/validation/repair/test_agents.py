"""Agents look only at the days before those that are tested, stay within bounds, and count their trials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from quorum.domain import DAY
from quorum.engine.fakes import MemoryTrials
from quorum.lake import Bars, MemoryLake
from quorum.signals import WITHOUT_MODEL, AnyStrategy, Parameter, SpecStrategy, family_of, find_strategy, read_spec
from quorum.surfaces.bench.planted import DEVELOPMENT, planted
from quorum.surfaces.bench.planted import Case as Planted
from quorum.validation.ladder import LADDER, Asked, Failed, Tier, check_tier
from quorum.validation.life import Idea
from quorum.validation.repair import Case, Failing, Fix, GivenUp, Nothing, Proposal
from quorum.validation.repair.agents import ACTS, propose
from quorum.validation.repair.agents.tuning import ladder_of, plateau
from quorum.validation.repair.case import case_of
from quorum.validation.repair.ground import Ground, Site
from quorum.validation.repair.order import ACTIONS
from validation.repair.failing import failed, result

BY = {action: agent for agent, actions in ACTIONS.items() for action in actions}


def strategy_of(idea: Idea) -> AnyStrategy:
    if isinstance(idea.strategy, str):
        return find_strategy(idea.strategy, WITHOUT_MODEL)
    return SpecStrategy(read_spec(idea.strategy))


@cache
def drawn(fault: str) -> tuple[Planted, tuple[Bars, ...]]:
    """The first sound strategy with a fault, and its markets."""
    case = next(c for c in planted(DEVELOPMENT, 20, 0, 0) if c.fault is not None and c.fault.name == fault)
    return case, case.draw()


def site(bars: tuple[Bars, ...], trials: MemoryTrials | None = None) -> Site:
    series = [(each.symbol, each.venue, str(each.timeframe)) for each in bars]
    return Site(MemoryLake(*bars), series, LADDER, trials or MemoryTrials(), strategy_of)


def scrambled(bars: Bars, tested: int) -> Bars:
    """The same bars with other prices on the newest days."""
    last = int(np.searchsorted(bars.time, (int(bars.time[-1]) // DAY - tested + 1) * DAY))
    factor = np.ones(len(bars))
    factor[last:] = np.exp(np.cumsum(np.random.default_rng(5).normal(0, 0.05, len(bars) - last)))
    prices: Any = {name: getattr(bars, name) * factor for name in ("open", "high", "low", "close")}
    return replace(bars, **prices)


def asked(action: str, idea: Idea, tier: str = "L1", verdict: Failed | None = None) -> Case:
    told = verdict or failed()
    return case_of(Failing("STR-001", tier, idea, told, result(told, Tier(tier))), BY[action], (action,), ())


FOUND = {
    "optimize_params": "window_off",
    "reduce_threshold": "threshold_high",
    "raise_threshold": "threshold_low",
    "clip_to_bounds": "out_of_bounds",
    "adjust_window": "window_off",
    "use_alternate_source": "bad_source",
}
SEARCHES = [*(action for action in FOUND if action != "use_alternate_source"), "review_hypothesis"]


@pytest.mark.parametrize(("tier", "tested"), [("L1", 365), ("L2", 12 * 63)])
@pytest.mark.parametrize("action", SEARCHES)
def test_what_is_proposed_does_not_know_the_days_that_are_tested(action: str, tier: str, tested: int) -> None:
    planted_case, bars = drawn(FOUND.get(action, "window_off"))
    case = asked(action, planted_case.idea, tier)
    other = propose(case, site(tuple(scrambled(each, tested) for each in bars)))
    assert other == propose(case, site(bars))
    if action != "clip_to_bounds":  # which stays where it is best over many such days
        earlier = propose(case, site(tuple(scrambled(each, tested + 200) for each in bars)))
        assert earlier != other, "the days before them do count"


@pytest.mark.parametrize("action", FOUND)
def test_a_planted_fault_is_mended_by_the_action_for_it(action: str) -> None:
    planted_case, bars = drawn(FOUND[action])
    found = propose(asked(action, planted_case.idea), site(bars))
    assert isinstance(found, Fix)
    assert (found.agent, found.action) == (BY[action], action)
    assert found.changes
    assert found.reasoning
    strategy = strategy_of(planted_case.idea)
    for name, value in found.idea.get("params", {}).items():
        parameter = next(p for p in strategy.parameters if p.name == name)
        assert parameter.low <= value <= parameter.high


@pytest.mark.parametrize("action", ["optimize_params", "reduce_threshold", "clip_to_bounds"])
def test_every_backtest_of_a_search_is_a_trial_of_the_family(action: str) -> None:
    planted_case, bars = drawn(FOUND[action])
    trials = MemoryTrials()
    found = propose(asked(action, planted_case.idea), site(bars, trials))
    assert found.trials == trials.count(family_of(strategy_of(planted_case.idea))) > 3
    assert propose(asked(action, planted_case.idea), site(bars, trials)).trials == 0


def test_at_l2_the_days_of_the_walks_tests_are_not_looked_at() -> None:
    planted_case, bars = drawn("window_off")
    case = asked("optimize_params", planted_case.idea, "L2")
    ground = site(bars).ground(case)
    assert isinstance(ground, Ground)
    first = int(bars[0].time[-1]) // DAY * DAY - (12 * 63 - 1) * DAY
    assert int(ground.markets[0].time[-1]) < first
    assert ground.days == len(bars[0]) // 6 - 12 * 63


def test_without_earlier_days_nothing_is_searched() -> None:
    planted_case, bars = drawn("threshold_high")
    young = tuple(each.slice(len(each) - 6 * 380, len(each)) for each in bars)
    found = propose(asked("optimize_params", planted_case.idea), site(young))
    assert isinstance(found, Nothing)
    assert "15 days lie before those that are tested on" in found.why
    stepped = propose(asked("reduce_threshold", planted_case.idea), site(young))
    assert isinstance(stepped, Fix)
    (change,) = stepped.changes
    assert change.after == pytest.approx(0.9 * change.before, rel=1e-3)
    clipped = propose(asked("clip_to_bounds", drawn("out_of_bounds")[0].idea), site(drawn_young("out_of_bounds")))
    assert isinstance(clipped, Fix)
    assert not clipped.trials


def drawn_young(fault: str) -> tuple[Bars, ...]:
    return tuple(each.slice(len(each) - 6 * 380, len(each)) for each in drawn(fault)[1])


def test_less_leverage_aims_at_three_quarters_of_the_drawdown_that_may_be() -> None:
    planted_case, bars = drawn("leverage")
    deep = Failed("max_drawdown_extreme", "max_drawdown", 0.5, 0.25, True, "too deep")
    found = propose(asked("reduce_leverage", planted_case.idea, "L2", deep), site(bars))
    assert isinstance(found, Fix)
    (change,) = found.changes
    assert change.what == "params.size"
    assert change.after == pytest.approx(np.log(1 - 0.75 * 0.25) / np.log(0.5) * change.before, rel=1e-3)


def test_a_spec_without_a_size_gets_a_lighter_weight() -> None:
    idea = drawn("window_off")[0].idea
    assert isinstance(idea.strategy, Mapping)
    bare = replace(idea, strategy={k: v for k, v in idea.strategy.items() if k != "weight"}, params={})
    deep = Failed("max_drawdown_extreme", "max_drawdown", 0.5, 0.25, True, "too deep")
    found = propose(asked("reduce_leverage", bare, "L2", deep), site(drawn("window_off")[1]))
    assert isinstance(found, Fix)
    assert found.idea["strategy"]["weight"] == "(1) * 0.3"
    read_spec(found.idea["strategy"])


def test_a_confirmed_entry_is_a_spec_that_can_be_read() -> None:
    planted_case, bars = drawn("threshold_high")
    found = propose(asked("add_confirmation", planted_case.idea), site(bars))
    assert isinstance(found, Fix)
    read_spec(found.idea["strategy"])
    again = propose(asked("add_confirmation", replace(planted_case.idea, **found.idea)), site(bars))
    assert isinstance(again, Nothing)
    code = propose(asked("add_confirmation", replace(planted_case.idea, strategy="demo_ma", params={})), site(bars))
    assert isinstance(code, Nothing)


def test_the_cleaner_source_is_taken_and_a_dirtier_one_is_not() -> None:
    planted_case, bars = drawn("bad_source")
    found = propose(asked("use_alternate_source", planted_case.idea), site(bars))
    assert isinstance(found, Fix)
    assert found.data == {"venue": "second_feed"}
    clean = replace(planted_case.idea, venue="second_feed")
    assert isinstance(propose(asked("use_alternate_source", clean), site(bars)), Nothing)
    assert isinstance(propose(asked("use_alternate_source", clean), site(bars[1:])), Nothing)


def test_fewer_days_but_never_fewer_than_the_windows_take() -> None:
    planted_case, bars = drawn("window_off")
    found = propose(asked("reduce_data_window", planted_case.idea), site(bars))
    assert isinstance(found, Fix)
    assert found.data == {"days": 219}
    longer = propose(asked("reduce_data_window", planted_case.idea, "L2"), site(bars))
    assert isinstance(longer, Fix)
    assert longer.data == {"days": 1008}


def test_no_edge_is_a_recommendation_to_reject() -> None:
    planted_case, bars = drawn("window_off")
    noise = tuple(
        replace(each, **{name: np.full(len(each), 100.0) for name in ("open", "high", "low", "close")}) for each in bars
    )
    found = propose(asked("review_hypothesis", planted_case.idea), site(noise))
    assert isinstance(found, GivenUp)
    assert found.why.startswith("there is no edge before costs")


def test_another_symbol_of_the_universe_is_a_pivot() -> None:
    planted_case, bars = drawn("threshold_high")
    assert planted_case.twin is not None
    dead = replace(bars[0], symbol="DEADUSDT", **_still(bars[0]))
    idea = replace(planted_case.twin, symbols=("DEADUSDT", bars[0].symbol))
    found = propose(asked("review_hypothesis", idea), site((dead, *bars)))
    assert isinstance(found, Fix)
    assert found.idea == {"symbols": [bars[0].symbol, "DEADUSDT"]}


def _still(bars: Bars) -> Any:
    return {name: np.full(len(bars), 100.0) for name in ("open", "high", "low", "close")}


def test_a_step_that_goes_the_wrong_way_is_not_tried() -> None:
    """Of an RSI that is to be low, a higher threshold is oftener met at first."""
    bars = drawn("threshold_low")[1]
    few = [replace(g, threshold=5.0) if g.metric == "trades" else g for g in LADDER.of(Tier.L1).gates]
    rungs = tuple(replace(r, gates=tuple(few)) if r.tier is Tier.L1 else r for r in LADDER.rungs)
    trials = MemoryTrials()
    case = asked("raise_threshold", Idea("mean_reversion", (bars[0].symbol,), str(bars[0].timeframe), None, {}))
    where = replace(site(bars, trials), ladder=replace(LADDER, rungs=rungs))
    ground = where.ground(case)
    assert isinstance(ground, Ground)
    propose(case, where)
    usual = ground.entries({p.name: p.default for p in ground.strategy.parameters})
    tried = [ground.entries(trial.parameters) for trial in trials.family("mean_reversion")]
    assert len(tried) > 1
    assert max(tried) <= usual


def test_what_was_tried_is_not_proposed_again() -> None:
    planted_case, bars = drawn("window_off")
    first = propose(asked("optimize_params", planted_case.idea), site(bars))
    assert isinstance(first, Fix)
    again: Proposal = propose(replace(asked("optimize_params", planted_case.idea), seen=(first.identity,)), site(bars))
    assert isinstance(again, Nothing)
    assert again.trials == first.trials
    assert again.why == "optimize_params was tried already"


def test_every_action_of_every_agent_can_be_done() -> None:
    assert set(ACTS) == set(BY)


def test_a_parameter_is_tried_from_bound_to_bound() -> None:
    whole = Parameter("n", 20, 2, 400, "")
    assert ladder_of(whole, 20) == (2, 5, 12, 20, 28, 68, 165, 400)
    around = ladder_of(Parameter("x", 0.0, -1.0, 1.0, ""), 0.25)
    assert (around[0], around[-1]) == (0.01, 1.0)
    assert 0.25 in around


def test_a_lone_peak_does_not_win() -> None:
    heights = plateau(np.array([0.0, 3.0, 0.0, 2.0, 2.0, 2.0, -np.inf]))
    assert int(np.argmax(heights)) in (3, 4, 5)
    assert heights[-1] == -np.inf


def test_a_mended_strategy_passes_its_tier() -> None:
    planted_case, bars = drawn("threshold_high")
    found = propose(asked("optimize_params", planted_case.idea), site(bars))
    assert isinstance(found, Fix)
    idea = replace(planted_case.idea, **found.idea)
    checked = check_tier(LADDER, Tier.L1, Asked.of(idea, strategy_of(idea)), MemoryLake(*bars), MemoryTrials())
    assert type(checked.verdict).__name__ == "Passed"
