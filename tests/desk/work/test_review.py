"""A review of a strategy: the plan goes by the surveys, the judgement by what was measured."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.work.drawn import A_DAY, START, answer, closes, end_of, looking_at, market
from quorum.desk import Desk
from quorum.desk.work import Unavailable
from quorum.desk.work.review.trying import measured, numbers_of
from quorum.domain import NotFound, UsageError
from quorum.engine import Terms, backtest
from quorum.engine.fakes import MemoryTrials
from quorum.signals import ConsensusRules, find_strategy
from quorum.validation import Facts, diagnose, facts_of

BARS = market(500, A_DAY, seed=12)
AS_OF = end_of(BARS)
MA: Mapping[str, Any] = {"strategy": "demo_ma", "timeframe": "1d"}


@pytest.fixture
def looking(shared_desk: Desk) -> Desk:
    """The desk on these bars, on which nothing has been tried yet."""
    return replace(looking_at(shared_desk, BARS), trials=MemoryTrials())


def surveys(desk: Desk, **params: Any) -> dict[str, Any]:
    told = {**MA, **params}
    return {
        "data": answer(desk, "survey_data", AS_OF, **told),
        "strategy_facts": answer(desk, "survey_strategy", AS_OF, **told),
        "trials": answer(desk, "survey_trials", AS_OF, **told),
    }


def test_the_strategy_is_surveyed_as_it_declares_itself(looking: Desk) -> None:
    found = answer(looking, "survey_strategy", AS_OF, **MA, parameters={"fast": 5, "slow": 30})
    assert (found["kind"], found["ours"], found["origin"]) == ("rule", True, None)
    assert found["chosen"] == {"fast": 5, "slow": 30, "atr_period": 14}
    assert found["combinations"] == 49
    assert found["warmup"] == find_strategy("demo_ma", ConsensusRules()).warmup(found["chosen"])
    with pytest.raises(UsageError, match="no parameter 'speed'"):
        answer(looking, "survey_strategy", AS_OF, **MA, parameters={"speed": 1})


def test_trials_are_surveyed_with_the_best_of_them_first(looking: Desk) -> None:
    assert answer(looking, "survey_trials", AS_OF, **MA)["trials"] == 0
    for fast in (5, 10, 20):
        answer(looking, "run_backtest", AS_OF, **MA, parameters={"fast": fast, "slow": 60})
    found = answer(looking, "survey_trials", AS_OF, **MA)
    assert (found["trials"], found["places"]) == (3, ["BTCUSDT.sim 1d"])
    ratios = [one["sharpe"] for one in found["best"]]
    assert ratios == sorted(ratios, reverse=True)
    assert found["median_sharpe"] == ratios[1]


def test_the_lake_is_surveyed_where_no_symbol_is_asked_for(looking: Desk) -> None:
    found = answer(looking, "survey_data", AS_OF, symbol=None)
    assert (found["usable"], found["rows"], found["others"]) == (True, 500, ["BTCUSDT.sim 1d"])
    assert answer(looking_at(looking), "survey_data", AS_OF, symbol=None)["flaw"] == "the lake is empty"


def test_a_sound_survey_plans_every_part(looking: Desk) -> None:
    plan = answer(looking, "plan_review", AS_OF, surveys(looking), **MA)["plan"]
    assert (plan["do"], plan["refused"]) == (["backtest", "lookahead", "document"], {})
    assert plan["walk_forward"] == {"possible": False, "days_needed": 1008, "days_found": 500}
    assert plan["parameters"]["slow"] == 100


def test_a_plan_refuses_what_the_data_cannot_carry(looking: Desk) -> None:
    short = replace(BARS.slice(0, 60))
    desk = looking_at(looking, short)
    plan = answer(desk, "plan_review", end_of(short), surveys(desk), **MA)["plan"]
    assert plan["refused"] == {"backtest": "60 bars, 102 are needed"}
    with pytest.raises(Unavailable, match="60 bars, 102 are needed"):
        answer(desk, "run_backtest", AS_OF, {"plan": plan}, **MA)
    assert desk.trials.count("demo_ma") == 0


@pytest.mark.parametrize(
    ("inputs", "refused"),
    [
        ({}, {"backtest", "lookahead", "document"}),
        ({"data": {"status": "unavailable", "reason": "gone"}}, {"backtest"}),
        ({"strategy_facts": None}, {"backtest", "lookahead", "document"}),
        ({"data": {"usable": False, "flaw": "a price of 0", "rows": 500, "days": 500, "series": []}}, {"backtest"}),
    ],
)
def test_what_was_not_surveyed_is_not_planned(looking: Desk, inputs: Mapping[str, Any], refused: set[str]) -> None:
    given_inputs = {**(surveys(looking) if inputs else {}), **inputs}
    plan = answer(looking, "plan_review", AS_OF, given_inputs, **MA)["plan"]
    assert set(plan["refused"]) == refused
    assert set(plan["do"]) == {"backtest", "lookahead", "document"} - refused


def test_the_backtest_is_the_engines_and_a_trial(looking: Desk) -> None:
    found = answer(looking, "run_backtest", AS_OF, **MA, terms={"fee_bps": 20})
    strategy = find_strategy("demo_ma", ConsensusRules())
    own = backtest(BARS, strategy, {}, Terms(fee_bps=20), None)
    dear = backtest(BARS, strategy, {}, Terms(fee_bps=40), None)
    assert found["final_equity"] == own.final_equity
    assert found["metrics"]["trades"] == len(own.trades)
    assert found["metrics"]["max_drawdown"] == -own.performance.max_drawdown
    assert found["metrics"]["return_at_twice_costs"] == dear.performance.total_return
    assert found["trials_in_family"] == looking.trials.count("demo_ma") == 1
    assert looking.trials.get(found["trial_id"])["outcome"]["sharpe"] == own.performance.sharpe


def test_gates_read_what_was_measured_and_say_what_was_not(looking: Desk) -> None:
    metrics = {"max_drawdown": 0.1, "trades": 200, "profit_factor": "endless", "return_at_twice_costs": 0.2}
    tried = {"strategy": "demo_ma", "trial_id": "TRL-1", "metrics": metrics}
    found = answer(looking, "review_gates", AS_OF, {"backtest": tried})
    assert (found["verdict"], found["passed"]) == ("inconclusive", False)
    assert found["next"] == "run walk_forward_optimization"
    assert {"oos_sharpe", "pbo", "stability", "deflated_sharpe"} <= set(found["unread"])
    assert "profit_factor" not in found["unread"]
    worse = {**tried, "metrics": {**metrics, "max_drawdown": 0.5}}
    found = answer(looking, "review_gates", AS_OF, {"backtest": worse})
    assert found["verdict"] == "failed"
    assert "max_drawdown is 0.5" in found["reasons"][0]


def test_diagnostics_are_those_of_the_backtest_itself(looking: Desk) -> None:
    tried = answer(looking, "run_backtest", AS_OF, **MA)
    examined = {"strategy": "demo_ma", "verdict": "clean"}
    found = answer(looking, "review_diagnostics", AS_OF, {"backtest": tried, "lookahead": examined})
    facts = numbers_of(tried["facts"])
    own = facts_of(backtest(BARS, find_strategy("demo_ma", ConsensusRules()), {}, Terms(), None))
    known = {name: value for name, value in asdict(own).items() if not math.isnan(value)}
    assert {name: facts[name] for name in known} == known
    assert found["diagnostics"] == [one.told() for one in diagnose(Facts(**facts))]
    assert found["sound"] is (not found["odd"])
    leaking = {"strategy": "demo_ma", "verdict": "leaks"}
    assert answer(looking, "review_diagnostics", AS_OF, {"backtest": tried, "lookahead": leaking})["sound"] is False
    unheard = answer(looking, "review_diagnostics", AS_OF, {"backtest": tried, "lookahead": None})
    assert (unheard["sound"], unheard["lookahead"]) == (None, None)


@given(st.dictionaries(st.text(), st.floats()))
def test_numbers_come_back_from_an_answer_as_they_were(numbers: dict[str, float]) -> None:
    back = numbers_of(measured(numbers))
    assert np.array_equal(list(back.values()), list(numbers.values()), equal_nan=True)


def test_without_a_backtest_nothing_is_judged(looking: Desk) -> None:
    for task in ("review_gates", "review_diagnostics"):
        with pytest.raises(Unavailable, match="needs the answer 'backtest', which is not there: too short"):
            answer(looking, task, AS_OF, {"backtest": {"status": "unavailable", "reason": "too short"}})


@pytest.mark.parametrize("task", ["check_lookahead", "check_strategy"])
def test_the_detector_finds_a_strategy_of_ours_clean(looking: Desk, task: str) -> None:
    found = answer(looking, task, AS_OF, **MA, seconds=1.0)
    assert (found["strategy"], found["clean"], found["leaks"]) == ("demo_ma", True, [])
    own = [m for m in found["markets"] if m.startswith("BTCUSDT 1d")]
    assert len(own) == (task == "check_lookahead")


def test_the_detector_finds_one_that_peeks(looking: Desk, tmp_path: Any) -> None:
    rule = tmp_path / "peeker.py"
    rule.write_text(
        "import numpy as np\n"
        "from quorum.signals import from_batch\n"
        "def tomorrow(bars, params):\n"
        "    return np.sign(np.append(np.diff(bars.close), 0.0))\n"
        "PEEKER = from_batch('peeker', tomorrow, 1)\n",
        encoding="utf-8",
    )
    found = answer(looking, "check_lookahead", AS_OF, **{**MA, "strategy": str(rule)}, seconds=3.0)
    assert (found["verdict"], found["clean"]) == ("leaks", False)
    assert found["leaks"][0]["market"].startswith("BTCUSDT 1d")


def test_bars_too_few_for_the_detector_are_left_out_and_named(looking: Desk) -> None:
    few = BARS.slice(0, 110)
    found = answer(looking_at(looking, few), "check_lookahead", end_of(few), **MA, seconds=1.0)
    assert found["clean"] is True
    assert "has 110 bars" in found["own_bars_left_out"]


def test_a_page_tells_a_reader_what_the_strategy_is(looking: Desk) -> None:
    answer(looking, "run_backtest", AS_OF, **MA)
    page = answer(looking, "describe_strategy", AS_OF, **MA, parameters={"fast": 7})["document"]
    assert page.startswith("# demo_ma\n\nLong while")
    assert "| fast | 7 | 2..400 |" in page
    assert "Trials of its family so far: 1." in page


def test_what_is_behind_an_id_is_explained(looking: Desk) -> None:
    with pytest.raises(Unavailable, match="nothing has been decided yet"):
        answer(looking, "explain", AS_OF)
    with pytest.raises(NotFound):
        answer(looking, "explain", AS_OF, id="DEC-20240101-001")
    tried = answer(looking, "run_backtest", AS_OF, **MA)
    chain = answer(looking, "explain", AS_OF, id=tried["trial_id"])["chain"]
    assert [link["kind"] for link in chain] == ["trial", "bars"]
    assert chain[1]["unchanged"] is True


def test_the_doctor_finds_this_workspace_sound(looking: Desk) -> None:
    found = answer(looking, "run_doctor", START)
    assert {one["name"] for one in found["findings"]} >= {"imports", "workspace", "configuration", "database", "lake"}
    assert found["sound"] is not bool(found["wrong"])


def test_without_calls_there_is_no_ranking_and_no_advice(looking: Desk) -> None:
    found = answer(looking, "rank_agents", START)
    assert (found["calls"], found["ranking"], found["efficiency"]) == (0, [], None)


def test_a_series_that_stood_still_is_no_flaw_but_is_noted(looking: Desk) -> None:
    still = closes([100.0] * 200, length=A_DAY)
    desk = looking_at(looking, replace(still, high=still.close, low=still.close))
    found = surveys(desk)
    assert found["data"]["usable"] is True
    notes = answer(desk, "plan_review", end_of(still), found, **MA)["plan"]["notes"]
    assert notes == [
        "BTCUSDT has stale bars",
        "200 days say little: the standard error of a yearly Sharpe ratio is 1.4",
    ]
