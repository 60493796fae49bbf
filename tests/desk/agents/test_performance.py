"""Figures from calls, checked by hand; advice only with data, each with its numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.agents.staffs import DONE, ERROR, GAP, NOW, SMC, TIMEOUT, UNAVAILABLE, call, calls
from quorum.desk.agents import (
    AGENTS,
    Call,
    Looked,
    StaffRules,
    gaps_asked,
    parallel_efficiency,
    performance,
    prunable,
    ranking,
    recommendations,
)
from quorum.desk.agents.performance import percentile, wilson
from quorum.domain import DAY, SECOND

RULES = StaffRules()


def test_figures_of_one_agent() -> None:
    made = [replace(call(i, effect="DEC-1" if i < 3 else ""), seconds=float(i)) for i in range(1, 11)]
    made += [call(20, ERROR), call(21, TIMEOUT), call(22, UNAVAILABLE), call(23, asked_agent="other")]
    found = performance(made)[SMC]
    assert (found.calls, found.successes, found.failures, found.stood_in) == (14, 11, 2, 1)
    assert found.rate == pytest.approx(11 / 13)
    assert (found.p50, found.p95) == (5.0, 10.0)
    assert found.effectiveness == pytest.approx(2 / 11)
    assert found.last_used == NOW + 23 * SECOND


def test_wilson_is_the_interval_of_the_tables() -> None:
    assert wilson(8, 10) == pytest.approx((0.4901625, 0.9433178), abs=1e-6)
    assert wilson(0, 5)[0] == pytest.approx(0.0, abs=1e-12)
    assert wilson(5, 5)[1] == pytest.approx(1.0)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1.0))
def test_a_percentile_is_a_value_that_enough_do_not_exceed(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(v <= found for v in values) >= share * len(values) - 1e-9


def test_one_lucky_call_does_not_lead_the_ranking() -> None:
    lucky, proven = calls(DONE, agent="insight"), calls(*[DONE] * 99, ERROR, agent="critic")
    silent = calls(UNAVAILABLE, agent="monitor")
    ranked = ranking(performance([*lucky, *proven, *silent]))
    assert [one.agent for one in ranked] == ["critic", "insight"]


def test_of_two_equally_sure_ones_the_faster_leads() -> None:
    slow = [replace(c, seconds=9.0) for c in calls(DONE, agent="insight")]
    assert [p.agent for p in ranking(performance([*slow, *calls(DONE)]))] == [SMC, "insight"]


def run(*spans: tuple[float, float], workflow: str = "WF-1") -> list[Call]:
    """Calls of one workflow from and to these seconds."""
    return [
        replace(call(i, workflow_id=workflow), at=NOW + round(a * SECOND), seconds=b - a, key=f"{workflow}/{i}")
        for i, (a, b) in enumerate(spans)
    ]


def test_parallel_efficiency_by_hand() -> None:
    found = parallel_efficiency(run((0, 4), (0, 2), (1, 3), (10, 20)), 4)
    assert found is not None
    assert (found.stretches, found.busy, found.wall) == (1, 8.0, 4.0)
    assert found.share == pytest.approx(8 / (4 * 3))
    assert found.speedup == pytest.approx(2.0)
    two = parallel_efficiency(run((0, 4), (0, 2), (1, 3)), 2)
    assert two is not None
    assert two.share == pytest.approx(1.0)


def test_calls_that_do_not_overlap_say_nothing_of_efficiency() -> None:
    assert parallel_efficiency(run((0, 1), (1, 2)), 4) is None
    assert parallel_efficiency([*run((0, 5)), *run((1, 6), workflow="WF-2")], 4) is None
    assert parallel_efficiency([], 4) is None


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), max_size=12), st.integers(1, 8))
def test_workers_are_never_busier_than_there_are_calls_at_once(spans: list[tuple[int, int]], workers: int) -> None:
    found = parallel_efficiency(run(*[(a, a + length) for a, length in spans]), workers)
    if found is not None:
        assert found.share > 0
        assert found.speedup >= 1.0
        assert found.busy >= found.wall - 1e-9


def test_no_data_no_advice() -> None:
    assert recommendations(RULES, Looked((), NOW)) == ()
    few = calls(*[ERROR] * 4)
    assert recommendations(RULES, Looked(few, NOW + DAY)) == ()


def advice(made: list[Call], **more: int) -> dict[tuple[str, str], dict[str, object]]:
    found = recommendations(RULES, Looked(made, NOW + DAY, **more))
    return {(one.kind, one.subject): dict(one.evidence) for one in found}


def test_an_agent_that_fails_often_is_named_with_its_numbers() -> None:
    found = advice(calls(*[DONE] * 6, *[ERROR] * 6, agent="qa-expert"))
    evidence = found["unreliable", "qa-expert"]
    assert (evidence["calls"], evidence["failures"], evidence["rate"], evidence["timeouts"]) == (12, 6, 0.5, 0)
    assert ("unreliable", "qa-expert") not in advice(calls(*[DONE] * 11, ERROR, agent="qa-expert"))


def test_an_agent_that_is_always_late_is_advised_of_its_deadline() -> None:
    (one,) = recommendations(RULES, Looked(calls(*[TIMEOUT] * 5, agent="qa-expert"), NOW + DAY))
    assert (one.kind, one.evidence["timeouts"], one.evidence["failures"]) == ("unreliable", 5, 5)
    assert one.advice == "give it a later deadline, or less to do; test-runner stands in while it is unhealthy"


def test_an_agent_near_its_deadline_is_slow() -> None:
    slow = [replace(c, seconds=25.0) for c in calls(*[DONE] * 10)]
    assert advice(slow)["slow", SMC] == {"calls": 10, "p95_seconds": 25.0, "deadline_seconds": 30.0}
    assert ("slow", SMC) not in advice([replace(c, seconds=20.0) for c in slow])


def test_a_gap_comes_with_an_alternative_and_a_template() -> None:
    gap = call(1, GAP, agent="", asked_agent="order-flow-watcher", task_type="key_levels")
    assert gaps_asked([gap, call(2)]) == {"order-flow-watcher": 1}
    evidence = advice([gap])["gap", "order-flow-watcher"]
    assert (evidence["asked"], evidence["alternative"]) == (1, "data-pipeline-manager")
    assert "order-flow-watcher:" in str(evidence["template"])


def test_a_standing_substitution_is_told() -> None:
    made = [call(i, agent="test-runner", asked_agent="qa-expert") for i in range(3)]
    assert advice(made)["substituted", "qa-expert"] == {"calls": 3, "by": "test-runner"}
    assert ("substituted", "qa-expert") not in advice(made[:2])


def test_an_alias_is_no_substitution() -> None:
    made = [call(i, agent="trading-coordinator", asked_agent="tech-lead-orchestrator") for i in range(3)]
    assert advice(made) == {}


def test_a_gap_that_nobody_of_ours_fills_goes_to_the_general_purpose_seat() -> None:
    gap = call(1, GAP, agent="", asked_agent="rust-pro", task_type="attempt")
    assert advice([gap])["gap", "rust-pro"]["alternative"] == "general-purpose"


def test_answers_that_nothing_uses_are_told() -> None:
    made = calls(*[DONE] * 20)
    assert ("without_effect", SMC) in advice(made)
    assert ("without_effect", SMC) not in advice([*made, call(500, effect="state/x.json")])


def test_uneven_groups_are_told() -> None:
    made = [c for i in range(5) for c in run((0, 10), (0, 1), (0, 1), (0, 1), workflow=f"WF-{i}")]
    evidence = advice(made)["uneven", "parallel groups"]
    assert evidence["stretches"] == 5
    assert evidence["efficiency"] == pytest.approx(13 / 40)


def test_pruning_needs_a_record_that_goes_back_far_enough() -> None:
    made = calls(DONE)
    assert prunable(RULES, Looked(made, NOW + 5 * DAY, 30)) == ()
    found = prunable(RULES, Looked(made, NOW + 30 * DAY, 30))
    names = {one.subject for one in found}
    assert SMC not in names
    assert "momentum-analyst" in names
    assert not {a.name for a in AGENTS.values() if a.mandatory} & names
    assert "monitor" not in names, "what cannot be asked yet is not pruned"
    assert found[0].evidence["days"] == 30
