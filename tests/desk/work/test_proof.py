"""The walk forward in its four tasks: each goes on from the one before, and equals the room's own answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from desk.work.drawn import A_DAY, START, answer, closes, end_of, looking_at, market, without
from quorum.desk import Desk
from quorum.desk.work import Unavailable
from quorum.domain import DAY, DataError, InvalidSignal, UsageError, plain
from quorum.engine import Terms, grid, sweep
from quorum.engine.fakes import MemoryTrials
from quorum.signals import ConsensusRules, find_strategy
from quorum.stats import WalkForward
from quorum.validation import L2, Draws, evidence, judge
from quorum.validation import walk_forward as walk

PLAN: Mapping[str, Any] = {
    "strategy": "demo_ma",
    "timeframe": "1d",
    "n_windows": 3,
    "train_period": 60,
    "test_period": 30,
}
VALUES: Mapping[str, Any] = {"values": {"fast": [3, 5, 8], "slow": [12, 20, 30]}}
FEW: Mapping[str, Any] = {"draws": {"paths": 60, "resamples": 100}}
BARS = market(260, A_DAY, seed=12)


@pytest.fixture
def looking(shared_desk: Desk) -> Desk:
    """The desk on these bars, on which nothing has been tried yet."""
    return replace(looking_at(shared_desk, BARS), trials=MemoryTrials())


def walked(desk: Desk, **params: Any) -> Mapping[str, Any]:
    windows = answer(desk, "data_windows", end_of(BARS), **PLAN)
    return answer(desk, "walk_forward", end_of(BARS), {"windows": windows}, **PLAN, **VALUES, **params)


def test_windows_end_with_the_newest_day_and_follow_one_another(looking: Desk) -> None:
    found = answer(looking, "data_windows", end_of(BARS), **PLAN)
    assert (found["days"], found["days_needed"], found["warmup_days"]) == (260, 150, 110)
    assert found["unit"] == "UTC days"
    assert [w["train"]["first"] for w in found["windows"]] == ["2024-04-20", "2024-05-20", "2024-06-19"]
    assert found["windows"][0]["train"] == {"first": "2024-04-20", "last": "2024-06-18", "days": 60}
    assert found["windows"][0]["test"] == {"first": "2024-06-19", "last": "2024-07-18", "days": 30}
    assert found["windows"][2]["test"]["last"] == "2024-09-16"


def test_too_few_days_are_told_with_what_is_needed(looking: Desk) -> None:
    for task in ("data_windows", "walk_forward"):
        with pytest.raises(DataError, match=r"has 100 days, 3 windows of 60 and 30 days need 150"):
            answer(looking, task, START + 100 * DAY, **PLAN)
    assert looking.trials.count("demo_ma") == 0


def test_sessions_are_counted_where_no_weekend_is(shared_desk: Desk) -> None:
    days = [k for k in range(220) if k % 7 < 5]
    bars = closes([100.0 + k % 9 for k in range(len(days))], "AAPL", A_DAY)
    weekdays = type(bars)("AAPL", "sim", A_DAY, bars.time[:1] + [k * DAY for k in days], bars.close)
    found = answer(looking_at(shared_desk, weekdays), "data_windows", end_of(weekdays), **{**PLAN, "symbol": "AAPL"})
    assert (found["unit"], found["days"]) == ("sessions", len(days))


def test_the_walk_is_the_rooms_own_and_every_combination_a_trial(looking: Desk) -> None:
    found = walked(looking)
    strategy = find_strategy("demo_ma", ConsensusRules())
    tried = sweep(BARS, strategy, grid(strategy, VALUES["values"]), Terms(), None)
    forward = walk(tried, strategy, WalkForward(3, 60, 30))
    assert hasattr(forward, "summary")
    told = without(plain(forward.summary()), "trials_in_family")
    assert without({name: found[name] for name in told}, "around") == told
    assert found["combinations"] == found["trials_in_family"] == looking.trials.count("demo_ma") == 9
    assert walked(looking) == found
    assert looking.trials.count("demo_ma") == 9


def test_stability_from_the_walks_answer_alone_is_that_of_the_walk(looking: Desk) -> None:
    found = walked(looking)
    told = answer(looking, "parameter_stability", end_of(BARS), {"optimisation": found})
    assert told["parameter_stability"] == pytest.approx(found["stability"], rel=1e-12)
    assert (told["drift"], told["plateau"]) == pytest.approx((found["drift"], found["plateau"]), rel=1e-12)
    chosen = [w["parameters"]["fast"] for w in found["windows"]]
    assert told["parameters"]["fast"]["chosen"] == chosen
    assert told["parameters"]["fast"]["share"] == max(chosen.count(v) for v in chosen) / 3


def test_frozen_parameters_on_level_ground_are_stable_and_one_window_says_nothing(looking: Desk) -> None:
    window = {"parameters": {"fast": 5}, "train_sharpe": 2.0, "around": [2.0, 2.0]}
    axes = {"fast": {"low": 3.0, "high": 8.0, "scale": "linear"}}
    still = {"strategy": "demo_ma", "as_of": "", "windows": [window] * 3, "axes": axes}
    assert answer(looking, "parameter_stability", START, {"optimisation": still})["parameter_stability"] == 1.0
    leap = [{**window, "parameters": {"fast": v}} for v in (3, 8, 3)]
    told = answer(looking, "parameter_stability", START, {"optimisation": {**still, "windows": leap}})
    assert told["parameter_stability"] == 0.0
    alone = answer(looking, "parameter_stability", START, {"optimisation": {**still, "windows": [window]}})
    assert alone["parameter_stability"] is None


def test_the_report_weighs_the_recorded_trials_and_runs_none_again(looking: Desk) -> None:
    found = walked(looking)
    stability = answer(looking, "parameter_stability", end_of(BARS), {"optimisation": found})
    inputs = {"optimisation": found, "stability": stability}
    report = answer(looking, "validation_report", end_of(BARS), inputs, **PLAN, **FEW)
    strategy = find_strategy("demo_ma", ConsensusRules())
    tried = sweep(BARS, strategy, grid(strategy, VALUES["values"]), Terms(), looking.trials)
    forward = walk(tried, strategy, WalkForward(3, 60, 30))
    assert not hasattr(forward, "needed")
    dossier = evidence(tried, forward, looking.trials, Draws(paths=60, resamples=100))  # type: ignore[arg-type]
    metrics = dossier.evidence.metrics()
    assert report["oos_sharpe"] == found["oos_sharpe"] == metrics["oos_sharpe"]
    assert report["pbo"] == metrics["pbo"]
    assert report["deflated_sharpe"] == metrics["deflated_sharpe"]
    assert report["gates"] == judge(metrics, L2).told()
    assert report["passed"] is False
    assert report["verdict"] == "failed"
    assert report["parameter_stability"] == stability["parameter_stability"]
    assert report["uncertainty"]["sharpe_low"] < report["oos_sharpe"] < report["uncertainty"]["sharpe_high"]
    assert (report["trials_run_again"], report["trials_in_family"]) == (0, 9)


def test_bars_that_changed_since_the_walk_are_not_reported_on(looking: Desk) -> None:
    found = walked(looking)
    other = looking_at(looking, market(260, A_DAY, seed=13))
    with pytest.raises(DataError, match="have changed since the earlier step"):
        answer(other, "validation_report", end_of(BARS), {"optimisation": found}, **PLAN, **FEW)
    moved = {**found, "oos_sharpe": 9.0}
    with pytest.raises(DataError, match=r"the walk came to 9\.0"):
        answer(looking, "validation_report", end_of(BARS), {"optimisation": moved}, **PLAN, **FEW)


@pytest.mark.parametrize("told", [None, {"status": "skipped", "reason": "no windows"}, {"status": "unavailable"}])
def test_without_the_walk_there_is_no_report(looking: Desk, told: Mapping[str, Any] | None) -> None:
    for task in ("parameter_stability", "validation_report"):
        with pytest.raises(Unavailable, match="needs the answer 'optimisation'"):
            answer(looking, task, end_of(BARS), {"optimisation": told}, **PLAN)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"n_windows": 0}, "n_windows = 0"),
        ({"train_period": "a year"}, "train_period = 'a year'"),
        ({"rule": "luck"}, "there is no rule 'luck'"),
        ({"values": [1, 2]}, r"values = \[1, 2\]"),
        ({"values": {"speed": [1]}}, "has no parameter 'speed'"),
        ({"terms": {"fees": 1}}, "there is no term 'fees'"),
        ({"strategy": "demo_mb"}, "there is no strategy 'demo_mb'"),
        ({"strategy": None}, "was not told the strategy"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(looking: Desk, asked: Mapping[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        answer(looking, "walk_forward", end_of(BARS), **{**PLAN, **VALUES, **asked})
    assert looking.trials.count("demo_ma") == 0


def test_a_strategy_that_looks_ahead_is_refused_before_it_is_counted(looking: Desk, tmp_path: Any) -> None:
    rule = tmp_path / "seer.py"
    rule.write_text(
        "import numpy as np\n"
        "from quorum.signals import from_batch\n"
        "def tomorrow(bars, params):\n"
        "    return np.sign(np.append(np.diff(bars.close), 0.0))\n"
        "SEER = from_batch('seer', tomorrow, 1)\n",
        encoding="utf-8",
    )
    for task in ("walk_forward", "run_backtest"):
        with pytest.raises(InvalidSignal, match="looks ahead"):
            answer(looking, task, end_of(BARS), **{**PLAN, "strategy": str(rule)})
    assert looking.trials.count("seer") == 0


def test_a_portfolio_is_walked_on_all_its_symbols(looking: Desk) -> None:
    made = [market(260, A_DAY, name, seed=12) for name in ("BTCUSDT", "ETHUSDT", "SOLUSDT")]
    told = {**PLAN, "strategy": "rotation", "symbol": "BTCUSDT, ETHUSDT,SOLUSDT"}
    values = {"values": {"lookback": [20, 40], "top": [1, 2]}}
    looked = looking_at(looking, *made)
    found = answer(looked, "walk_forward", end_of(made[0]), **{**told, **values})
    assert found["source"]["symbols"] == ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
    report = answer(looked, "validation_report", end_of(made[0]), {"optimisation": found}, **told, **FEW)
    assert report["oos_sharpe"] == found["oos_sharpe"]
