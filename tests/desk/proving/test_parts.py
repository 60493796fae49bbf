"""The pure parts of a run: what is due, gates, results that are read and merged, slow workers, statistics."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.proving.scripted import FLAWED, PASSES, ideas, result
from quorum.desk.proving import determine, merge, read_result, statistics
from quorum.desk.proving.asked import BEFORE, Asked, due, tier_of
from quorum.desk.proving.gates import ALL_PASSED, ESCALATED, MIXED, NOTHING
from quorum.desk.proving.workers import Answered, Chart, Claim, Exit, Try, Unanswered, Work, together_seconds
from quorum.domain import SECOND, DataError, Done, VirtualClock
from quorum.validation.ladder import Tier
from quorum.validation.life import MOVES, Candidate, Status

VERDICTS = ("passed", "failed", "timeout", "error", "inconclusive")


def candidate(number: int, status: Status, tier: str | None = None) -> Candidate:
    (idea,) = ideas(1)
    return Candidate(f"STR-{number:03d}", idea, status, 0, 0, tier)


@given(st.dictionaries(st.text("abc", min_size=1), st.sampled_from(VERDICTS)), st.floats(0, 1))
def test_a_gate_loses_nobody_and_takes_one_way(verdicts: dict[str, str], threshold: float) -> None:
    gate = determine(Tier.L0, verdicts, threshold)
    assert sorted([*gate.passed, *gate.failed, *gate.inconclusive]) == sorted(verdicts)
    judged = len(gate.passed) + len(gate.failed)
    if gate.branch == ESCALATED:
        assert judged >= 2
        assert not gate.passed or gate.share > threshold
    elif gate.branch == ALL_PASSED:
        assert set(verdicts.values()) == {"passed"}
    elif gate.branch == NOTHING:
        assert not verdicts
    else:
        assert gate.branch == MIXED
        assert judged < 2 or gate.share <= threshold
    assert gate.told()["passed"] == list(gate.passed)


def test_each_status_before_a_tier_may_begin_it() -> None:
    assert list(BEFORE.values()) == ["PENDING", "L0_PASSED", "L1_PASSED", "L2_PASSED"]
    for tier, before in BEFORE.items():
        assert Status(f"{tier}_VALIDATING") in MOVES[before]


@pytest.mark.parametrize("status", Status)
def test_what_is_due_may_move_to_its_tier(status: Status) -> None:
    one = candidate(1, status, "L2")
    for found in due([one], Asked(("STR-001",))):
        assert Status(f"{found.tier}_VALIDATING") in MOVES[status]
    assert bool(due([one], Asked())) is (status in BEFORE.values())
    assert (tier_of(one) is Tier.L2) is (status in (Status.L1_PASSED, "ERROR", "TIMEOUT", "INCONCLUSIVE"))


def test_of_what_proved_nothing_only_what_has_more_data_is_due() -> None:
    queue = [candidate(1, Status.INCONCLUSIVE, "L2"), candidate(2, Status.ERROR, "L0"), candidate(3, Status.PENDING)]
    assert [one.candidate.strategy_id for one in due(queue, Asked())] == ["STR-003"]
    assert [one.tier for one in due(queue, Asked(), more={"STR-001"})] == [Tier.L2, Tier.L0]
    assert [one.tier for one in due(queue, Asked(tier=Tier.L2), more={"STR-001"})] == [Tier.L2]


@pytest.mark.parametrize(
    ("key", "value", "place"),
    [
        ("tier", "L9", "result.tier is 'L9'"),
        ("seed", True, "result.seed is True"),
        ("metrics", {"sharpe": "high"}, "result.metrics.sharpe is 'high'"),
        ("verdict", {"verdict": "perhaps"}, "result.verdict.verdict is 'perhaps'"),
        ("schema", 2, "result.schema is 2"),
    ],
)
def test_a_result_that_cannot_be_read_is_refused_with_its_place(key: str, value: Any, place: str) -> None:
    with pytest.raises(DataError, match=place):
        read_result({**result("L0", PASSES).told(), key: value}, Tier.L0)


def test_results_are_merged_once_each_and_what_is_malformed_is_named() -> None:
    good, bad = result("L0", PASSES).told(), {"tier": "L0"}
    late = result("L0", FLAWED).told()
    merged = merge([("a", good), ("b", bad), ("a", late), ("c", bad), ("c", good), ("d", None)])
    assert {name: one.verdict for name, one in merged.results.items()} == {"a": PASSES, "c": PASSES}
    assert set(merged.malformed) == {"b", "d"}
    assert "result has no 'schema'" in merged.malformed["b"]


def tried(number: int) -> Try:
    one = candidate(number, Status.L0_VALIDATING, "L0")
    return Try(Claim(one, Tier.L0, Status.PENDING), 1, {})


def test_the_chart_knows_who_is_at_work_and_since_when() -> None:
    clock = VirtualClock(10 * SECOND)
    chart = Chart(clock)
    chart.begin([tried(n) for n in (1, 2, 3)], 2)
    assert set(chart.running()) == {"STR-001", "STR-002"}
    clock.advance_to(15 * SECOND)
    work = chart.end(Done(1, {}, 0.5, 30.0))
    assert (work.began, work.ended, work.cpu_seconds, work.peak_mb) == (10 * SECOND, 15 * SECOND, 0.5, 30.0)
    assert set(chart.running()) == {"STR-001", "STR-003"}
    clock.advance_to(20 * SECOND)
    assert chart.end(Done(2, {}, 0.5, 30.0)).began == 15 * SECOND


def ended(chart: Chart, number: int, seconds: float, exit: Exit = Exit.DONE) -> None:
    work = Work(0, 0, seconds)
    one = tried(number)
    told = Answered(one, work, result("L0", PASSES)) if exit is Exit.DONE else Unanswered(one, work, exit, "")
    chart.note(told)


def test_a_worker_above_twice_the_median_of_the_others_is_slow() -> None:
    chart = Chart(VirtualClock(0))
    for number, seconds in enumerate((4.0, 6.0, 5.0, 13.0), 1):
        assert not chart.slow()
        ended(chart, number, seconds)
    assert chart.slow() == {"STR-004": (13.0, 5.0)}
    quick = Chart(VirtualClock(0))
    for number, seconds in enumerate((0.01, 0.01, 9.0), 1):
        ended(quick, number, seconds)
    assert not quick.slow()


def test_a_worker_is_not_slow_for_what_all_needed_to_load() -> None:
    clock = VirtualClock(0)
    chart = Chart(clock)
    chart.begin([tried(n) for n in (1, 2, 3)], 2)
    before = chart.running()["STR-002"]
    clock.advance_to(40 * SECOND)
    work = chart.end(Done(0, {}, 0.5, 30.0)).of(0.0)
    chart.note(Answered(tried(1), replace(work, began=30 * SECOND), result("L0", PASSES)))
    assert chart.running()["STR-002"] < before - 29.0  # 30 of the 40 were loading
    assert chart.running()["STR-003"] < 1.0


def test_workers_took_together_from_the_first_start_to_the_last_end() -> None:
    assert together_seconds([]) == 0.0
    assert together_seconds([Work(2 * SECOND, 5 * SECOND, 3.0), Work(SECOND, 3 * SECOND, 2.0)]) == 4.0


def test_workers_that_give_no_answer_are_told_from_a_quarter_on() -> None:
    chart = Chart(VirtualClock(0))
    for number in range(5):
        ended(chart, number, 1.0)
    ended(chart, 6, 1.0, Exit.CRASH)
    assert chart.failing() is None
    ended(chart, 7, 1.0, Exit.TIMEOUT)
    assert chart.failing() == (2, 7)


def test_a_worker_s_loading_is_no_work() -> None:
    work = Work(0, 10 * SECOND, 10.0, 0.5, 30.0)
    assert work.of(4.0) == Work(6 * SECOND, 10 * SECOND, 4.0, 0.5, 30.0)
    assert work.of(11.0) == work


def test_statistics_tell_what_was_saved_and_who_came_to_a_verdict() -> None:
    line = {"exit": "done", "cpu_seconds": 2.0, "peak_mb": 50.0}
    run = {
        "run_id": "VAL-20240101-001",
        "at": 0,
        "tier": "L0",
        "status": "done",
        "seconds": 5.0,
        "sequential_seconds": 9.0,
        "by_strategy": {"a": {"verdict": "passed"}, "b": {"verdict": "error"}, "c": {"status": "PENDING"}},
        "workers": [line, {**line, "exit": "crash", "cpu_seconds": None, "peak_mb": None}],
        "alerts": [],
    }
    told = statistics([run, run])
    assert (told["strategies"], told["saved_seconds"], told["speed_up"]) == (4, 8.0, 1.8)
    assert (told["completion_rate"], told["workers_lost"], told["passed"], told["error"]) == (0.5, 2, 2, 2)
    assert told["newest"]["cpu_seconds"] == 2.0
    assert statistics([])["speed_up"] is None


def test_a_try_that_comes_again_has_the_next_number() -> None:
    assert replace(candidate(1, Status.PENDING)).strategy_id == "STR-001"
    assert tried(1).again.attempt == 2
