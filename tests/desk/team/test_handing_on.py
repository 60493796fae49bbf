"""Tasks from hand to hand: what waits for a review, what was waited for, who was asked by which name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from desk.team.teams import Bench, ScriptedHands, absent, done, lost, review
from quorum.desk import Desk
from quorum.desk.agents import AgentFailure, PartialSuccess, ReadyForReview, StaffRules, TaskComplete
from quorum.desk.agents.rules import Detection
from quorum.desk.settings.sections import ConsensusFile, ConsensusSection
from quorum.desk.workflows.spec import Degrade, Retries
from quorum.domain import Loss

Make = Callable[..., Bench]
NOBODY = StaffRules(substitutions=())


def test_a_review_is_asked_for_and_a_cached_answer_is_a_part_of_one(bench: Make) -> None:
    at = bench(ScriptedHands(backtester=[done(strategy="demo_ma"), lost()]), NOBODY)
    task = review("backtester", task="run_backtest", policy=Degrade.USE_CACHED, output="/state/tried.json")
    at.team.file(at.facts(), str(task.output), at.do(task))
    at.team.flush()
    at.do(task, number=2)
    at.close()
    partial, whole = at.book.recent(5)
    assert (whole.signal, partial.signal) == (ReadyForReview(), PartialSuccess())
    assert partial.note == "an earlier answer is used: it broke"


def test_what_was_waited_for_is_handed_on_as_it_ended(bench: Make) -> None:
    at = bench(ScriptedHands(quant_analyst=[absent("no bar yet"), done()]), NOBODY)
    at.do(review(policy=Degrade.WAIT_AND_RETRY, wait=5.0))
    at.close()
    (handed,) = at.book.recent(5)
    assert (handed.signal, handed.note) == (TaskComplete(), "")


def test_a_critical_task_that_times_out_is_asked_once_more_and_left(bench: Make) -> None:
    at = bench(ScriptedHands(quant_analyst=[lost(Loss.TIMEOUT)]), NOBODY)
    found = at.do(review(retries=Retries(most=3, first_seconds=0.01)))
    assert (found["status"], found["attempts"], found["halts"]) == ("failed", 2, True)


def test_an_agent_may_fail_many_times_where_the_protocol_says_so(bench: Make) -> None:
    patient = AgentFailure(detection=Detection(error_threshold=20))
    at = bench(ScriptedHands(quant_analyst=[lost()]), replace(NOBODY, agent_failure=patient))
    task = review(policy=Degrade.SKIP, critical=False, retries=Retries(most=0))
    assert {at.do(task, number=number)["status"] for number in range(1, 21)} == {"failed"}
    assert at.do(task, number=21)["status"] == "unavailable"


def test_who_is_asked_for_by_an_alias_stands_in_for_nobody(bench: Make) -> None:
    at = bench()
    at.do(review("quant"))
    at.close()
    assert [(call.asked_agent, call.agent) for call in at.calls.since(0)] == [("quant-analyst", "quant-analyst")]
    assert at.book.recent(1)[0].task.asked_agent == "quant-analyst"


def test_the_first_task_of_a_team_has_its_context(bench: Make) -> None:
    at = bench()
    at.do(review())
    assert at.hands.payloads[0]["assignment"]["context"]["known_issues"] == []


def test_a_vote_waits_for_nobody_longer_than_the_consensus_says(team_desk: Desk) -> None:
    quick = ConsensusFile(consensus=ConsensusSection(timeout_seconds=5.0))
    at = Bench(replace(team_desk, settings=replace(team_desk.settings, consensus=quick)))
    at.do(review("smc", task="view"))
    at.do(review("smc", task="view", deadline_seconds=2.0), number=2)
    at.do(review(), number=3)
    at.close()
    assert [round(seconds) for _, _, seconds in at.hands.asked] == [5, 2, 30]
