"""Mending claims a strategy, keeps what was, counts, moves it on or rejects it, and learns from either."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from desk.mending.menders import IDEA, Crew, breaks, desk_of, fail, fails, has_nothing, passes, tunes
from quorum.desk import Desk
from quorum.desk.mending import retry, retry_waiting
from quorum.desk.mending.experience import success_of
from quorum.desk.mending.turn import turn
from quorum.domain import SECOND, DecisionKind, IllegalMove, NotFound, UsageError, VirtualClock
from quorum.validation.ladder import Failed, Tier
from quorum.validation.learnings import read_learnings
from quorum.validation.life import Status
from quorum.validation.repair import Fix, GivenUp
from validation.repair.failing import failed, result


def attempts(desk: Desk, strategy_id: str = "STR-001") -> list[Mapping[str, Any]]:
    return list(desk.life.books.attempts.listed(strategy_id=strategy_id))


def page(home: Path, name: str) -> Any:
    return YAML(typ="safe").load((home / "knowledge" / "strategies" / "STR-001" / name).read_text(encoding="utf-8"))


def test_a_mended_strategy_stands_at_its_tier_with_the_fix_in_it(home: Path) -> None:
    crew = Crew()
    desk = desk_of(home, crew)
    fail(desk)
    told = retry(desk, "STR-001").told()
    candidate = desk.life.queue.get("STR-001")
    assert (candidate.status, candidate.attempts, candidate.tier) == (Status.L1_PASSED, 1, "L1")
    assert candidate.idea.params == {"fast": 11.0}
    assert (told["result"], told["status"], told["tier"], told["trials_counted"]) == ("passed", "L1_PASSED", "L1", 5)
    (attempt,) = told["attempts"]
    assert attempt["metric"] == {"name": "sharpe", "threshold": 0.5, "before": 0.1, "after": 2.0}
    assert crew.asked[1][1]["idea"]["params"] == {"fast": 11.0}
    kept = desk.life.results.of("STR-001", "L1")
    assert [found["attempt"] for found in kept] == [0, 1]
    moves = [(move.before, move.after) for move in desk.life.queue.moves("STR-001")]
    assert moves[-2:] == [(Status.FIXABLE_FAILURE, Status.RETRYING), (Status.RETRYING, Status.L1_PASSED)]
    (decision,) = desk.decisions.recent(10, DecisionKind.RETRY)
    assert decision.decision_id == attempt["decision_id"]
    assert decision.choice.outcome["outcome"] == "passed"


def test_what_was_is_kept_before_anything_is_tried(home: Path) -> None:
    seen: list[Any] = []

    def looking(payload: Mapping[str, Any]) -> Any:
        folder = home / "knowledge" / "strategies" / "STR-001"
        backup = folder / "backup" / "before-fix-attempt-1"
        seen.append((sorted(p.name for p in backup.iterdir()), page(home, "fix-attempt-1.yaml")["outcome"]))
        seen.append(attempts(desk)[0]["idea_before"]["params"])
        return passes(payload)

    desk = desk_of(home, Crew(tier=looking))
    fail(desk)
    folder = home / "knowledge" / "strategies" / "STR-001"
    folder.mkdir(parents=True)
    (folder / "parameters.yaml").write_text("fast: 10\n", encoding="utf-8")
    retry(desk, "STR-001")
    assert seen == [(["idea.yaml", "parameters.yaml"], ""), {"fast": 10.0}]
    assert page(home, "backup/before-fix-attempt-1/idea.yaml")["idea"]["params"] == {"fast": 10.0}
    assert (folder / "backup/before-fix-attempt-1/parameters.yaml").read_text(encoding="utf-8") == "fast: 10\n"


def test_the_file_of_an_attempt_says_all_of_it(home: Path) -> None:
    desk = desk_of(home)
    fail(desk)
    retry(desk, "STR-001")
    found = page(home, "fix-attempt-1.yaml")
    assert found["schema"] == 1
    assert found["reasoning"] == "because"
    assert found["metric"]["after"] == 2.0
    assert found["learnings_used"] == []
    assert found["outcome"] == "passed"
    assert found["trials_added"] == 5
    assert found["backup"] == "knowledge/strategies/STR-001/backup/before-fix-attempt-1"
    assert "idea_before" not in found


def test_after_all_attempts_it_is_rejected_with_the_reason(home: Path) -> None:
    crew = Crew(tier=fails)
    desk = desk_of(home, crew)
    fail(desk)
    ended = retry(desk, "STR-001")
    candidate = desk.life.queue.get("STR-001")
    assert ended.status is candidate.status is Status.REJECTED_AUTO_RETRY
    assert (candidate.attempts, candidate.idea.params) == (3, IDEA.params)
    assert candidate.reason == "sharpe_below_threshold: 3 fixes were tried; sharpe is 0.1"
    assert (crew.times("mend"), crew.times("tier")) == (3, 3)
    assert [row["agent"] for row in attempts(desk)] == ["ml-engineer", "signal-generator", "quant-analyst"]
    (failure,) = desk.life.books.failures.listed()
    assert (failure["root"], failure["reason"], failure["tier"]) == ("conceptual_flaw", "sharpe_below_threshold", "L1")


def test_it_begins_with_the_attempt_that_is_asked_for(home: Path) -> None:
    crew = Crew(tier=fails)
    desk = desk_of(home, crew)
    fail(desk)
    retry(desk, "STR-001", "l1", 3)
    assert [payload["case"]["agent"] for task, payload in crew.asked if task == "mend"] == ["quant-analyst"]


def test_a_recommendation_to_reject_is_one(home: Path) -> None:
    desk = desk_of(home, Crew(lambda payload: GivenUp(payload["case"]["agent"], "no edge", 4)))
    fail(desk)
    ended = retry(desk, "STR-001")
    assert ended.why == "sharpe_below_threshold: ml-engineer recommends rejection: no edge"
    assert (ended.result, ended.trials) == ("rejected", 4)


def test_a_recommendation_to_reject_is_the_last_attempt_and_no_fix(home: Path) -> None:
    def reviews(payload: Mapping[str, Any]) -> Any:
        agent = payload["case"]["agent"]
        return GivenUp(agent, "no edge before costs", 4) if agent == "quant-analyst" else tunes(payload)

    crew = Crew(reviews, fails)
    desk = desk_of(home, crew)
    fail(desk)
    told = retry(desk, "STR-001").told()
    found = page(home, "fix-attempt-3.yaml")
    assert (found["agent"], found["action"], found["outcome"]) == ("quant-analyst", "reject", "given_up")
    assert (found["reasoning"], found["changes"], found["trials_added"]) == ("no edge before costs", [], 4)
    assert (crew.times("tier"), desk.life.queue.get("STR-001").attempts) == (2, 3)
    assert told["trials_counted"] == 2 * (2 + 3) + 4
    assert "reject" not in [row["action"] for row in success_of(attempts(desk)).told()]
    (learning,) = desk.life.books.learnings.listed()
    assert "tried optimize_params, adjust_window; quant-analyst recommends rejection" in learning["text"]


def test_a_fixer_that_breaks_is_a_rejection_and_no_error(home: Path) -> None:
    desk = desk_of(home, Crew(breaks))
    fail(desk)
    ended = retry(desk, "STR-001")
    assert (ended.status, ended.result) == (Status.REJECTED_AUTO_RETRY, "rejected")
    assert ended.why.startswith("auto_retry_broken: auto-retry broke: ml-engineer found no fix")
    assert ended.learning_id == "L-001"


@pytest.mark.parametrize("answer", [{"proposal": "dance"}, {}, {"proposal": "fix", "agent": 1}])
def test_an_answer_that_is_no_proposal_is_a_rejection(home: Path, answer: Mapping[str, Any]) -> None:
    desk = desk_of(home)
    desk = replace(desk, executor=type(desk.executor)({"mend": lambda payload, beat: answer}))  # type: ignore[call-arg]
    fail(desk)
    assert retry(desk, "STR-001").status is Status.REJECTED_AUTO_RETRY


def test_nobody_with_a_fix_is_a_rejection_without_attempts(home: Path) -> None:
    crew = Crew(has_nothing)
    desk = desk_of(home, crew)
    fail(desk)
    ended = retry(desk, "STR-001")
    assert not ended.attempts
    assert "no fix was found: ml-engineer: no idea; signal-generator" in ended.why
    assert crew.times("tier") == 0


def test_a_fatal_reason_is_not_tried_at_all(home: Path) -> None:
    crew = Crew()
    desk = desk_of(home, crew)
    fail(desk, verdict=Failed("fundamental_strategy_flaw", "gross_p", 0.0, 0.05, False, "it looks ahead"))
    ended = retry(desk, "STR-001")
    assert ended.why == "fundamental_strategy_flaw: fundamental_strategy_flaw is fatal: nobody mends it"
    assert crew.asked == []


def test_a_worker_that_was_lost_leaves_the_word_of_its_reason(home: Path) -> None:
    crew = Crew()
    desk = desk_of(home, crew)
    (candidate,) = desk.life.queue.add([IDEA], "test")
    for before, after in (
        (Status.PENDING, Status.L0_VALIDATING),
        (Status.L0_VALIDATING, Status.L0_PASSED),
        (Status.L0_PASSED, Status.L1_VALIDATING),
        (Status.L1_VALIDATING, Status.TIMEOUT),
    ):
        desk.life.queue.move(candidate.strategy_id, before, after, "test", "timeout: it took longer than 900 s")
    desk.life.queue.move("STR-001", Status.TIMEOUT, Status.FIXABLE_FAILURE, "test", "timeout: it took 900 s")
    retry(desk, "STR-001")
    assert crew.asked[0][1]["case"]["reason"] == "timeout"
    assert crew.asked[0][1]["case"]["agent"] == "orchestrator"


def test_only_a_strategy_that_failed_is_mended(home: Path) -> None:
    desk = desk_of(home)
    (candidate,) = desk.life.queue.add([IDEA], "test")
    with pytest.raises(NotFound):
        retry(desk, "STR-404")
    with pytest.raises(UsageError, match="STR-001 was at no tier yet"):
        retry(desk, candidate.strategy_id)
    fail(desk, idea=replace(IDEA, params={}))
    with pytest.raises(UsageError, match="STR-002 failed L1, not L2"):
        retry(desk, "STR-002", "L2")
    with pytest.raises(UsageError, match="attempts count from 1"):
        retry(desk, "STR-002", attempt=0)
    with pytest.raises(UsageError, match=r"there is no attempt 4; auto-retry.yaml has max_attempts 3"):
        retry(desk, "STR-002", attempt=4)
    retry(desk, "STR-002")
    with pytest.raises(UsageError, match="STR-002 is L1_PASSED: there is nothing to mend"):
        retry(desk, "STR-002")


def test_a_strategy_is_mended_by_one_process_at_a_time(home: Path) -> None:
    crew = Crew()
    desk = desk_of(home, crew)
    fail(desk)
    with turn(home, "STR-001"):
        with pytest.raises(IllegalMove, match="is being mended already"):
            retry(desk, "STR-001")
        assert retry_waiting(desk) == ()
    assert desk.life.queue.get("STR-001").status is Status.FIXABLE_FAILURE
    assert len(retry_waiting(desk)) == 1
    assert retry_waiting(desk) == ()
    assert crew.times("tier") == 1


def test_what_another_machine_mends_is_left_to_it_for_as_long_as_that_may_take(home: Path) -> None:
    desk = desk_of(home)
    moved = fail(desk)
    desk.life.queue.move(
        "STR-001", moved.status, Status.RETRYING, "auto-retry on elsewhere", "to be mended: timeout: late"
    )
    with pytest.raises(IllegalMove, match="STR-001 is being mended by auto-retry on elsewhere"):
        retry(desk, "STR-001")
    later = VirtualClock(desk.clock.now() + 3 * 1800 * SECOND + SECOND)
    assert retry(replace(desk, clock=later), "STR-001").status is Status.L1_PASSED


def test_a_provisional_pass_says_so(home: Path) -> None:
    def shorter(payload: Mapping[str, Any]) -> Any:
        return Fix("orchestrator", "reduce_data_window", "because", {}, {"days": 100})

    def half(payload: Mapping[str, Any]) -> Any:
        if payload["data"]:
            return result(tier=Tier.L1, provisional=True)
        raise RuntimeError("it takes too long")

    desk = desk_of(home, Crew(shorter, half))
    fail(desk, verdict=failed("timeout", "result", None))
    ended = retry(desk, "STR-001")
    assert (ended.result, ended.status) == ("provisional", Status.L1_PASSED)
    assert desk.life.queue.get("STR-001").reason == "provisionally mended by fix 1"


def test_a_second_tier_numbers_its_attempts_on(home: Path) -> None:
    desk = desk_of(home)
    fail(desk)
    retry(desk, "STR-001")
    queue = desk.life.queue
    queue.move("STR-001", Status.L1_PASSED, Status.L2_VALIDATING, "test", "on")
    desk.life.results.keep("STR-001", "L2", 1, "VAL-2", result(failed(), Tier.L2, sharpe=0.1).told())
    queue.move("STR-001", Status.L2_VALIDATING, Status.FIXABLE_FAILURE, "test", "sharpe_below_threshold: low")
    told = retry(desk, "STR-001").told()
    assert [(row["tier"], row["number"]) for row in attempts(desk)] == [("L1", 1), ("L2", 2)]
    assert [a["number"] for a in told["attempts"]] == [2]
    assert queue.get("STR-001").attempts == 2
    assert page(home, "fix-attempt-2.yaml")["tier"] == "L2"


def test_attempts_that_were_left_out_are_never_written_over(home: Path) -> None:
    desk = desk_of(home)
    fail(desk)
    retry(desk, "STR-001", attempt=2)
    queue = desk.life.queue
    assert (queue.get("STR-001").attempts, queue.get("STR-001").reason) == (2, "mended by fix 2")
    queue.move("STR-001", Status.L1_PASSED, Status.L2_VALIDATING, "test", "on")
    desk.life.results.keep("STR-001", "L2", 2, "VAL-2", result(failed(), Tier.L2, sharpe=0.1).told())
    queue.move("STR-001", Status.L2_VALIDATING, Status.FIXABLE_FAILURE, "test", "sharpe_below_threshold: low")
    retry(desk, "STR-001")
    assert [(row["tier"], row["number"]) for row in attempts(desk)] == [("L1", 2), ("L2", 3)]


def test_learnings_that_a_person_has_written_are_heard(home: Path) -> None:
    desk = desk_of(home)
    (home / "knowledge").mkdir(exist_ok=True)
    (home / "knowledge" / "learnings.md").write_text(
        "# Learnings\n\n## L-031: Slow helps (2025-01-14)\n- **Source**: me\n- **Category**: signals\n"
        "- **Severity**: LOW\n- **Keywords**: sharpe_below_threshold, demo_ma, worked\n- **Learning**: It did.\n"
        "- **Action**: Go slow.\n- **Frequency**: 1\n",
        encoding="utf-8",
    )
    fail(desk)
    (attempt,) = retry(desk, "STR-001").attempts
    assert attempt["learnings_used"] == ["L-031"]


def test_every_cycle_teaches_and_the_files_show_it(home: Path) -> None:
    desk = desk_of(home, Crew(tier=fails))
    fail(desk)
    retry(desk, "STR-001")
    other = desk_of(home)
    fail(other, idea=replace(IDEA, params={}))
    retry(other, "STR-002")
    read = read_learnings((home / "knowledge" / "learnings.md").read_text(encoding="utf-8"))
    failed_one, worked = read.learnings
    assert failed_one.lesson.title == "sharpe_below_threshold at L1 was not mended"
    assert {"failed", "demo_ma", "optimize_params", "adjust_window"} <= set(failed_one.lesson.keywords)
    assert worked.lesson.action == "Try optimize_params by ml-engineer first"
    assert "optimize_params has mended 1 of 2 such failures so far" in worked.lesson.text
    log = YAML(typ="safe").load((home / "pipeline" / "auto-retry-log.yaml").read_text(encoding="utf-8"))
    assert [cycle["result"] for cycle in log["cycles"]] == ["failed", "passed"]
    assert {
        "agent": "ml-engineer",
        "category": "SIGNAL_ISSUE",
        "action": "optimize_params",
        "tried": 2,
        "passed": 1,
    } in log["success"]
    json.dumps(log)
