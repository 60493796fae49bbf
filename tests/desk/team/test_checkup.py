"""The check-up of a running desk: agents are looked at while nobody asks them, and what has changed is told once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from desk.agents.staffs import DONE, ERROR, calls
from desk.team.teams import Bench, ScriptedHands, lost, review
from quorum.desk.agents import AgentFailure, Health, StaffRules
from quorum.desk.agents.rules import Detection
from quorum.desk.team import Checkup
from quorum.desk.workflows.spec import Retries

Make = Callable[..., Bench]
RARELY = replace(StaffRules(), agent_failure=AgentFailure(detection=Detection(health_check_interval=3_600.0)))


def told(at: Bench, agent: str) -> list[str]:
    """What people are told of an agent's health, oldest first."""
    found = [one.notice.occurrence for one in at.desk.outbox.listed(500)]
    return [str(one.event) for one in reversed(found) if one.key.startswith(f"{agent}/") and "health" in one.details]


def test_what_another_process_recorded_is_told_once_each_way(bench: Make) -> None:
    at = bench(rules=RARELY)
    checkup = Checkup(at.desk)
    try:
        checkup.look()
        at.calls.record_all(calls(ERROR, ERROR, ERROR, agent="planner"))
        assert checkup.look()["planner"].health is Health.UNHEALTHY
        checkup.look()
        at.calls.record_all(calls(*[ERROR] * 3, DONE, agent="planner"))
        assert checkup.look()["planner"].health is Health.HEALTHY
        assert told(at, "planner") == ["agent_unhealthy", "agent_recovered"]
    finally:
        checkup.close()


def test_what_the_team_has_told_is_not_told_again(bench: Make) -> None:
    at = bench(ScriptedHands(error_detective=[lost()]), replace(RARELY, substitutions=()))
    checkup = Checkup(at.desk)
    checkup.look()
    at.do(review("error-detective", task="run_doctor", retries=Retries(most=2, first_seconds=0.01)))
    at.close()
    assert checkup.look()["error-detective"].health is Health.UNHEALTHY
    checkup.close()
    assert told(at, "error-detective") == ["agent_unhealthy"]


def test_every_interval_a_look_is_logged(bench: Make, caplog: pytest.LogCaptureFixture) -> None:
    often = replace(StaffRules(), agent_failure=AgentFailure(detection=Detection(health_check_interval=0.05)))
    with caplog.at_level(logging.INFO, "quorum.agents"):
        checkup = Checkup(bench(rules=often).desk)
        time.sleep(0.5)
        checkup.close()
    looks = [record for record in caplog.records if record.message == "agents_checked"]
    assert len(looks) >= 3
    assert looks[0].__dict__["unhealthy"] == []
