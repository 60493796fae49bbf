"""Who is asked, how often, within what time; and what is known of an agent at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from desk.agents.staffs import NOW
from desk.team.teams import QUICK, Bench, ScriptedHands, absent, done, lost, review
from quorum.desk.agents import AgentFailure, CallOutcome, StaffRules
from quorum.desk.agents.rules import Detection, Recovery, Response
from quorum.desk.workflows.spec import Degrade, Retries
from quorum.domain import SECOND, Done, Loss, StoreError

Make = Callable[..., Bench]
OPTIONAL = {"policy": Degrade.SKIP, "critical": False}


def test_an_answer_comes_with_who_gave_it(bench: Make) -> None:
    at = bench(ScriptedHands(quant_analyst=[done(passed=True)]))
    found = at.do(review())
    assert (found["status"], found["answer"], found["agent"], found["attempts"]) == (
        "completed",
        {"passed": True},
        "quant-analyst",
        1,
    )
    (payload,) = at.hands.payloads
    assert payload["home"] == str(at.desk.workspace.home)
    assert payload["assignment"]["key"] == f"{at.run}/1.step/gates"
    assert payload["assignment"]["params"]["symbol"] == "FLATUSDT"
    assert at.policies() == []


def test_a_task_is_asked_again_after_a_pause_that_grows(bench: Make) -> None:
    at = bench(ScriptedHands(quant_analyst=[lost(), lost(Loss.TIMEOUT), done()]))
    began = time.monotonic()
    found = at.do(review(retries=Retries(most=3, first_seconds=0.05, factor=2.0)))
    assert (found["status"], found["attempts"]) == ("completed", 3)
    assert time.monotonic() - began >= 0.15


def test_a_task_is_asked_no_oftener_than_it_allows(bench: Make) -> None:
    at = bench(ScriptedHands(quant_analyst=[lost(reason="no such column")]))
    found = at.do(review(**OPTIONAL))
    assert (found["status"], found["reason"], found["attempts"]) == ("failed", "no such column", 1 + QUICK.most)


@pytest.mark.parametrize(
    ("rules", "why", "asked"),
    [
        (AgentFailure(recovery=Recovery(auto_retry=False)), Loss.ERROR, 1),
        (AgentFailure(response=Response(timeout="skip")), Loss.TIMEOUT, 1),
        (AgentFailure(response=Response(timeout="skip")), Loss.CRASH, 3),
        (AgentFailure(detection=Detection(error_threshold=9)), Loss.MEMORY, 3),
    ],
)
def test_the_failure_protocol_says_whether_it_is_asked_again(
    bench: Make, rules: AgentFailure, why: Loss, asked: int
) -> None:
    at = bench(ScriptedHands(quant_analyst=[lost(why)]), replace(StaffRules(), agent_failure=rules, substitutions=()))
    at.do(review(**OPTIONAL))
    assert len(at.hands.asked) == asked


def test_what_cannot_be_had_is_not_asked_for_again(bench: Make) -> None:
    at = bench(ScriptedHands(quant_analyst=[absent("its room is not built")]))
    found = at.do(review(**OPTIONAL))
    assert (found["status"], found["reason"], found["attempts"]) == ("unavailable", "its room is not built", 1)


@pytest.mark.parametrize(
    ("own", "left", "seconds"), [(None, None, 30.0), (7.0, None, 7.0), (7.0, 3.0, 3.0), (None, 90.0, 30.0)]
)
def test_a_call_has_the_task_s_deadline_or_the_protocol_s_and_ends_with_the_run(
    bench: Make, own: float | None, left: float | None, seconds: float
) -> None:
    at = bench()
    at.do(review(deadline_seconds=own), left=left)
    assert at.hands.asked[0][2] == pytest.approx(seconds, abs=0.1)


def test_nobody_is_asked_again_once_the_run_s_time_is_up(bench: Make) -> None:
    at = bench(ScriptedHands(quant_analyst=[lost()]))
    at.do(review(retries=Retries(most=5, first_seconds=0.2, factor=1.0), **OPTIONAL), left=0.3)
    assert len(at.hands.asked) == 2


def test_an_agent_that_fails_three_times_is_left_out_and_its_substitute_is_asked_at_once(bench: Make) -> None:
    at = bench(ScriptedHands(quant_analyst=[lost()]))
    found = at.do(review(retries=Retries(most=3, first_seconds=0.01)))
    assert at.hands.agents == ["quant-analyst"] * 3 + ["trading-strategy-consultant"]
    assert (found["status"], found["agent"], found["asked"]) == (
        "completed",
        "trading-strategy-consultant",
        "quant-analyst",
    )
    at.do(review(), number=2)
    assert at.hands.agents[-1] == "trading-strategy-consultant"
    assert at.told() == ["agent_substituted", "agent_substituted"]
    at.close()
    by = [(call.agent, call.asked_agent, call.outcome) for call in at.calls.since(0)]
    assert by[-1] == ("trading-strategy-consultant", "quant-analyst", CallOutcome.DONE)


def test_an_unhealthy_agent_is_asked_again_after_a_minute(bench: Make) -> None:
    at = bench(ScriptedHands(quant_analyst=[lost(), lost(), lost(), done()]))
    at.do(review(retries=Retries(most=3, first_seconds=0.01)))
    for seconds, asked in ((55, "trading-strategy-consultant"), (65, "quant-analyst"), (66, "quant-analyst")):
        at.clock.advance_to(NOW + seconds * SECOND)
        at.do(review(), number=seconds)
        assert at.hands.agents[-1] == asked, seconds


def test_an_unhealthy_agent_that_nobody_stands_in_for_is_a_gap(bench: Make) -> None:
    at = bench(ScriptedHands(critic=[lost()]))
    task = review("critic", retries=Retries(most=3, first_seconds=0.01), **OPTIONAL)
    found = at.do(task)
    assert (found["status"], found["agent"]) == ("unavailable", "")
    assert "critic is unhealthy" in found["reason"]
    assert "agent_gap" in at.told()


def test_a_name_that_nobody_has_goes_to_its_substitute(bench: Make) -> None:
    rules = StaffRules()
    agents = {name: agent for name, agent in rules.agents.items() if name != "quant-analyst"}
    names = {name: agent for name, agent in rules.names.items() if agent.name != "quant-analyst"}
    at = bench(rules=replace(rules, agents=agents, names=names))
    assert at.do(review())["agent"] == "trading-strategy-consultant"


def test_a_task_that_raises_in_this_process_is_its_failure(bench: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    at = bench()
    task = review("signal-evaluator", task="signal_aggregation", **OPTIONAL)
    found = at.do(task)  # it is given nothing of what it reads
    assert found["status"] == "unavailable"
    assert "needs the answer 'latest', which is not there" in found["reason"]
    monkeypatch.setattr("quorum.desk.team.asking.run_task", lambda *given: {}["latest"])
    found = at.do(task, number=2)
    assert (found["status"], found["reason"]) == ("failed", "KeyError: 'latest'")
    assert at.hands.asked == []


def test_a_task_that_hangs_in_this_process_ends_at_its_deadline(bench: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quorum.desk.team.asking.run_task", lambda *given: time.sleep(3.0))
    at = bench()
    began = time.monotonic()
    task = review("signal-evaluator", task="signal_aggregation", deadline_seconds=0.05, retries=Retries(0))
    found = at.do(task)
    assert time.monotonic() - began < 1.0
    assert (found["status"], found["halts"], found["reason"]) == ("failed", True, "no answer within 0.05 s")
    (decision,) = at.policies()
    assert (decision.choice.outcome["done"], decision.choice.outcome["outcome"]) == ("halt", "timeout")


def test_an_agent_whose_database_does_not_answer_is_waited_for(bench: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quorum.desk.team.team.store_pauses", lambda seconds: (0.01, 0.01))
    locked = lost()
    object.__setattr__(locked, "error", StoreError("database is locked"))
    at = bench(ScriptedHands(quant_analyst=[locked, locked, done()]))
    found = at.do(review(retries=Retries(most=0)))
    assert (found["status"], found["attempts"], len(at.hands.asked)) == ("completed", 1, 3)


def test_tasks_at_once_are_asked_at_once(bench: Make) -> None:
    class Slow(ScriptedHands):
        def call(self, task: str, payload: object, seconds: float) -> Done:  # type: ignore[override]
            time.sleep(0.2)
            return done()

    at = bench(Slow())
    began = time.monotonic()
    found = at.do(*(review(name=f"n{i}", output=None) for i in range(4)), parallel=True)
    assert [outcome["status"] for outcome in found.values()] == ["completed"] * 4
    assert time.monotonic() - began < 0.7


def test_tasks_in_a_row_stop_at_a_critical_one_that_failed(bench: Make) -> None:
    at = bench(ScriptedHands(quant_analyst=[lost()]), StaffRules(substitutions=()))
    found = at.do(review(name="first"), review("critic", name="second"))
    assert set(found) == {"first"}
    assert found["first"]["halts"]
