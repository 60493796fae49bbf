"""What is done without an answer: as the task says, with a decision that says so, and people told of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from desk.team.teams import Bench, ScriptedHands, absent, done, lost, review
from quorum.desk.agents import (
    AgentFailure,
    BlockedOn,
    CallOutcome,
    DiscoveredIssue,
    PartialSuccess,
    StaffRules,
    TaskComplete,
    WorkflowFailure,
)
from quorum.desk.agents.rules import Response, StepFailure
from quorum.desk.team.papers import cache_of
from quorum.desk.workflows.spec import ApprovalPoint, Degrade
from quorum.domain import MINUTE, Loss, iso

Make = Callable[..., Bench]
NOBODY = StaffRules(substitutions=())


def decided(at: Bench) -> Mapping[str, Any]:
    """What the one decision of the run says."""
    (decision,) = at.policies()
    assert decision.choice.rationale
    return decision.choice.outcome


def test_halt_ends_the_run(bench: Make) -> None:
    at = bench(ScriptedHands(quant_analyst=[lost()]), NOBODY)
    found = at.do(review())
    assert (found["status"], found["halts"]) == ("failed", True)
    assert decided(at) == {"policy": "halt", "done": "halt", "outcome": "error", "attempts": 3}
    assert at.told() == ["agent_failed", "workflow_failed"]


def test_skip_goes_on_without(bench: Make) -> None:
    at = bench(ScriptedHands(quant_analyst=[absent("no model")]), NOBODY)
    found = at.do(review(policy=Degrade.SKIP, critical=False))
    assert (found["status"], "halts" in found) == ("unavailable", False)
    assert decided(at) == {"policy": "skip", "done": "go_on_without", "outcome": "unavailable", "attempts": 1}
    assert at.told() == ["workflow_degraded"]


def test_use_cached_takes_the_document_of_an_earlier_run(bench: Make) -> None:
    at = bench(ScriptedHands(quant_analyst=[done(passed=True), lost()]), NOBODY)
    task = review(policy=Degrade.USE_CACHED, output=f"/state/{at.run}.json")
    at.team.file(at.facts(), str(task.output), at.do(task))
    found = at.do(task, number=2)
    assert (found["status"], found["answer"], found["of"]) == ("cached", {"passed": True}, iso(at.facts().as_of))
    assert decided(at)["done"] == "use_cached"


@pytest.mark.parametrize("output", [None, "/models/mine/", "/data/mine.parquet"])
def test_a_task_without_a_document_of_its_own_has_its_last_answer_kept_for_it(bench: Make, output: str | None) -> None:
    at = bench(ScriptedHands(quant_analyst=[done(passed=True), lost()]), NOBODY)
    task = review(policy=Degrade.USE_CACHED, output=output)
    at.do(task)
    found = at.do(task)
    assert (found["status"], found["answer"]) == ("cached", {"passed": True})


@pytest.mark.parametrize("named", [{"name": "gates.0"}, {"task": "latest_bars", "agent": "data-pipeline-manager"}])
def test_no_earlier_answer_makes_a_trade_or_is_of_another_item(bench: Make, named: dict[str, str]) -> None:
    task = review(policy=Degrade.USE_CACHED, output=None, **named)
    assert cache_of(bench().call(task)) is None


@pytest.mark.parametrize("critical", [True, False])
def test_without_an_earlier_document_use_cached_halts_if_critical(bench: Make, critical: bool) -> None:
    at = bench(ScriptedHands(quant_analyst=[lost()]), NOBODY)
    found = at.do(review(policy=Degrade.USE_CACHED, critical=critical, output=f"/state/{at.run}.json"))
    assert found["status"] == "failed"
    assert bool(found.get("halts")) is critical
    assert decided(at)["done"] == ("halt" if critical else "go_on_without")


def test_an_earlier_document_without_an_answer_is_no_answer(bench: Make) -> None:
    at = bench(ScriptedHands(quant_analyst=[lost()]), NOBODY)
    task = review(policy=Degrade.USE_CACHED, critical=False, output=f"/state/{at.run}.json")
    at.team.file(at.facts(), str(task.output), {"status": "skipped", "reason": "not today"})
    assert at.do(task)["status"] == "failed"


def test_wait_and_retry_asks_until_there_is_an_answer(bench: Make) -> None:
    at = bench(ScriptedHands(quant_analyst=[absent("no bar yet"), absent("no bar yet"), done()]), NOBODY)
    assert at.do(review(policy=Degrade.WAIT_AND_RETRY, wait=5.0))["status"] == "completed"
    assert len(at.hands.asked) == 3
    assert at.policies() == []


def test_wait_and_retry_ends_when_its_time_is_up_and_does_what_then_says(bench: Make) -> None:
    at = bench(ScriptedHands(quant_analyst=[absent("no bar yet")]), NOBODY)
    began = time.monotonic()
    found = at.do(review(policy=Degrade.WAIT_AND_RETRY, wait=0.6, then=Degrade.HALT))
    assert 0.2 <= time.monotonic() - began <= 1.0
    assert found["halts"]
    told = dict(decided(at))
    assert 0.2 <= told.pop("waited_seconds") <= 0.6
    assert told == {
        "policy": "wait_and_retry",
        "max_wait_seconds": 0.6,
        "then": "halt",
        "done": "halt",
        "outcome": "unavailable",
        "attempts": 3,
    }
    assert len(at.hands.asked) == found["attempts"] == 3


def test_waiting_ends_with_the_run(bench: Make) -> None:
    at = bench(ScriptedHands(quant_analyst=[absent("no bar yet")]), NOBODY)
    began = time.monotonic()
    at.do(review(policy=Degrade.WAIT_AND_RETRY, wait=60.0), left=0.3)
    assert time.monotonic() - began < 1.0


def test_a_policy_is_decided_once_for_its_occasion(bench: Make) -> None:
    at = bench(ScriptedHands(quant_analyst=[absent("no model")]), NOBODY)
    for _ in range(2):  # as after a death before the step was kept
        at.do(review(policy=Degrade.SKIP, critical=False))
    assert len(at.policies()) == 1
    assert at.told() == ["workflow_degraded"]


def test_who_is_told_stands_in_the_failure_protocols(bench: Make) -> None:
    quiet = replace(
        NOBODY,
        agent_failure=AgentFailure(response=Response(error="log")),
        workflow_failure=WorkflowFailure(critical_step_failure=StepFailure("halt_workflow", "log_only", "summary")),
    )
    at = bench(ScriptedHands(quant_analyst=[lost()]), quiet)
    assert at.do(review())["halts"]
    assert at.told() == []


@pytest.mark.parametrize(
    ("answers", "signal", "outcome"),
    [
        ([done()], TaskComplete(), CallOutcome.DONE),
        ([done(verdict="inconclusive", unread=["pbo"])], PartialSuccess(), CallOutcome.DONE),
        ([lost()], DiscoveredIssue(), CallOutcome.ERROR),
        ([lost(Loss.TIMEOUT)], DiscoveredIssue(), CallOutcome.TIMEOUT),
        ([absent("the market's data is missing")], BlockedOn, CallOutcome.UNAVAILABLE),
    ],
)
def test_a_task_is_handed_on_with_its_signal(
    bench: Make, answers: list[Any], signal: Any, outcome: CallOutcome
) -> None:
    at = bench(ScriptedHands(quant_analyst=answers), NOBODY)
    at.do(review(policy=Degrade.SKIP, critical=False))
    at.close()
    (handed,) = at.book.recent(5)
    assert handed.task.workflow_id == at.run
    assert handed.task.expected_output == "/state/gates.json"
    assert handed.signal == signal or (isinstance(signal, type) and isinstance(handed.signal, signal))
    assert {call.outcome for call in at.calls.since(0)} == {outcome}


def test_a_run_that_an_answer_asks_for_is_asked_for_once(bench: Make) -> None:
    params = {
        "decision_id": "DEC-20250130-001",
        "symbol": "FLATUSDT",
        "timeframe": "1h",
        "account": "paper",
        "summary": "buy",
        "size": "10 USDT",
        "valid_until": "2025-01-30T12:00:00Z",
    }
    wanted = {"workflow": "trade_execution", "params": params, "execution": "paper"}
    at = bench(ScriptedHands(quant_analyst=[done(follow_up=wanted)]))
    ids = {at.do(review())["answer"]["follow_up"]["workflow_id"] for _ in range(3)}
    assert len(ids) == 1
    state, _ = at.desk.workflows.run(ids.pop())
    assert (state.workflow, state.request["origin"]) == ("trade_execution", f"{at.run}/1.step/gates")


@pytest.mark.parametrize("halts", [True, False])
def test_a_run_that_cannot_be_asked_for_is_the_failure_of_its_task(bench: Make, halts: bool) -> None:
    wanted = {"workflow": "trade_execution", "params": {}, "execution": "paper"}
    at = bench(ScriptedHands(quant_analyst=[done(follow_up=wanted)]))
    found = at.do(review(policy=Degrade.HALT if halts else Degrade.SKIP, critical=halts))
    assert (found["status"], found.get("halts", False)) == ("failed", halts)
    assert found["reason"].startswith("the run trade_execution cannot be asked for: trade_execution needs decision_id")
    assert decided(at)["done"] == ("halt" if halts else "go_on_without")


def test_a_decision_point_is_decided_once(bench: Make) -> None:
    at = bench()
    verdict = {"verdict": "rejected", "criteria": [{"text": "a > 1", "holds": False}], "values": {"a": 0}}
    ids = {at.team.decide(at.facts(), f"{at.run}/5.verdict", "Is it so", verdict) for _ in range(2)}
    (identity,) = ids
    assert at.desk.decisions.get(identity).choice.rationale == "a > 1: fails"


def test_the_document_of_a_later_instant_stays_when_one_is_written_again(bench: Make) -> None:
    at = bench()
    output, path = f"/state/{at.run}.json", at.desk.workspace.home / "state" / f"{at.run}.json"

    def filed(hours: int, again: bool) -> Any:
        facts = replace(at.facts(), as_of=at.facts().as_of + hours)
        at.team.file(facts, output, {"status": "completed", "answer": {"hours": hours}}, again)
        at.team._papers.flush()
        return json.loads(path.read_text())["hours"]

    assert [filed(0, True), filed(2, False), filed(1, True), filed(3, True), filed(1, False)] == [0, 2, 2, 3, 1]


def raised(at: Bench, event: str, word: str) -> list[Any]:
    """The notices of an event whose summary has that word."""
    found = [told.notice for told in at.desk.outbox.listed(500)]
    return [n for n in found if n.occurrence.event == event and word in n.occurrence.summary]


def test_what_an_agent_hands_up_is_an_escalation_and_told_once(bench: Make) -> None:
    word = "weekly loss of account aurora"
    told = {"event": "drawdown_warning", "key": "aurora/weekly", "message": word, "severity": "high"}
    at = bench(ScriptedHands(quant_analyst=[done(concerns=[told])]))
    for number in (1, 2):
        at.do(review(), number=number)
    (notice,) = raised(at, "drawdown_warning", word)
    (escalation,) = [e for e in at.desk.outbox.escalations(500) if e.concern.message == word]
    assert escalation.document()["from_agent"] == "quant-analyst"
    assert notice.occurrence.details["escalation_id"] == escalation.escalation_id
    assert notice.needs_acknowledgement


def test_an_issue_that_is_another_s_to_mend_is_handed_on_as_one(bench: Make) -> None:
    told = {"event": "known_issue", "key": "boreas", "message": "models/boreas is empty"}
    at = bench(ScriptedHands(quant_analyst=[done(concerns=[told])]))
    at.do(review())
    at.close()
    (handed,) = at.book.recent(5)
    assert (handed.signal, handed.note) == (DiscoveredIssue(), "models/boreas is empty")
    assert len(raised(at, "known_issue", "models/boreas")) == 1


@pytest.mark.parametrize("critical", [True, False])
def test_what_a_task_waits_for_is_told_once_a_day(bench: Make, critical: bool) -> None:
    word = f"no model {critical}"
    at = bench(ScriptedHands(quant_analyst=[absent(word)]), NOBODY)
    for number in (1, 2):
        at.do(review(policy=Degrade.SKIP, critical=critical), number=number)
    (notice,) = raised(at, "task_blocked", word)
    assert notice.severity.name == ("YELLOW" if critical else "INFO")


def test_data_that_cannot_be_had_is_told_as_such(bench: Make) -> None:
    at = bench(ScriptedHands(data_pipeline_manager=[absent("no bars of BOREASUSDT")]), NOBODY)
    task = review("data-pipeline-manager", Degrade.SKIP, critical=False, task="training_data")
    for number in (1, 2):
        at.do(task, number=number)
    (notice,) = raised(at, "data_unavailable", "BOREASUSDT")
    assert notice.severity.name == "YELLOW"
    assert raised(at, "task_blocked", "BOREASUSDT") == []


def test_an_issue_that_an_answer_shows_is_told_once_a_day(bench: Make) -> None:
    found = done(wrong=["the keys of boreas are readable by others"], sound=False, findings=[])
    at = bench(ScriptedHands(debugger=[found]), NOBODY)
    for number in (1, 2):
        at.do(review("debugger", task="run_doctor"), number=number)
    (notice,) = raised(at, "known_issue", "the keys of boreas")
    assert notice.occurrence.details["workflow_id"] == at.run


def test_a_reminder_is_told_once_though_its_step_is_done_again(bench: Make) -> None:
    at = bench()
    point = ApprovalPoint(f"Shall {at.run} go on?", expires_seconds=3600.0, remind_seconds=60.0)
    asked = at.team.ask(at.facts(), f"{at.run}/1.consent", point, lambda expression: None)
    at.clock.advance_to(at.clock.now() + MINUTE)
    at.desk.approvals.remind(at.clock.now())  # the scheduler's round comes first
    for reminder in (1, 1, 2, 2):
        at.team.settle(at.facts(), asked["approval_id"], reminder)
    assert len(raised(at, "approval_reminder", at.run)) == 2
    ended = at.team.settle(at.facts(), asked["approval_id"])
    assert ended["status"] == "expired"
    (notice,) = raised(at, "approval_expired", at.run)
    assert notice.occurrence.summary.startswith("nobody answered in time: Shall")
