"""Health follows from calls: failures in a row, a probe after an interval, recovery by a success."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.agents.staffs import DONE, ERROR, NOW, SMC, TIMEOUT, UNAVAILABLE, call, calls, staff
from quorum.desk.agents import CallOutcome, Health, StaffRules, condition, conditions
from quorum.desk.agents.rules import Detection
from quorum.domain import SECOND

DETECTION = Detection()


def health(*outcomes: CallOutcome) -> Health:
    return condition(calls(*outcomes), DETECTION).health


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ((), Health.HEALTHY),
        ((DONE,), Health.HEALTHY),
        ((UNAVAILABLE,), Health.HEALTHY),
        ((ERROR,), Health.DEGRADED),
        ((DONE, ERROR, TIMEOUT), Health.DEGRADED),
        ((ERROR, TIMEOUT, ERROR), Health.UNHEALTHY),
        ((ERROR, UNAVAILABLE, ERROR, UNAVAILABLE, TIMEOUT), Health.UNHEALTHY),
        ((ERROR, ERROR, DONE, ERROR, ERROR), Health.DEGRADED),
        ((ERROR, ERROR, ERROR, ERROR, DONE), Health.HEALTHY),
    ],
)
def test_failures_since_the_last_success_decide(outcomes: tuple[CallOutcome, ...], expected: Health) -> None:
    assert health(*outcomes) is expected


def test_an_unhealthy_agent_is_probed_after_the_interval() -> None:
    state = condition(calls(ERROR, ERROR, ERROR), DETECTION)
    ended = NOW + 21 * SECOND
    assert state.probe_at == ended + 60 * SECOND
    assert not state.usable(state.probe_at - 1)
    assert state.usable(state.probe_at)
    again = condition([*calls(ERROR, ERROR, ERROR), call(90, TIMEOUT)], DETECTION)
    assert again.probe_at == NOW + 91 * SECOND + 60 * SECOND


def test_a_probe_that_succeeds_heals() -> None:
    state = condition([*calls(ERROR, ERROR, ERROR), call(90)], DETECTION)
    assert state.health is Health.HEALTHY
    assert state.usable(NOW)


@given(st.lists(st.sampled_from([DONE, ERROR, TIMEOUT, UNAVAILABLE])), st.integers(1, 5))
def test_health_is_what_a_count_of_failures_says(outcomes: list[CallOutcome], threshold: int) -> None:
    run = 0
    for outcome in outcomes:
        run = 0 if outcome is DONE else run + (outcome is not UNAVAILABLE)
    state = condition(calls(*outcomes), Detection(error_threshold=threshold))
    assert state.failures == run
    expected = Health.HEALTHY if run == 0 else Health.DEGRADED if run < threshold else Health.UNHEALTHY
    assert state.health is expected


def test_an_agent_without_a_task_is_unavailable_unless_a_model_sits_in_its_seat() -> None:
    team = staff()
    rules = team.rules
    asked = [rules.known(name) for name in ("general-purpose", "monitor", "external-scout", SMC)]
    found = conditions(team, asked)
    assert {name: state.health.value for name, state in found.items()} == {
        "general-purpose": "unavailable",
        "monitor": "unavailable",
        "external-scout": "unavailable",
        SMC: "healthy",
    }
    assert found["general-purpose"].reason == "its seat for a language model is empty"
    assert found["monitor"].reason == "its room, monitoring, does not do its work yet"
    seated = conditions(staff(StaffRules(model=True)), asked)
    assert [seated[a.name].health.value for a in asked] == ["healthy", "unavailable", "healthy", "healthy"]


def test_each_agent_is_judged_by_its_own_calls() -> None:
    team = staff(calls=[*calls(ERROR, ERROR, ERROR), *calls(DONE, agent="backtester")])
    found = conditions(team, [team.rules.known(name) for name in (SMC, "backtester", "risk-manager")])
    assert [state.health.value for state in found.values()] == ["unhealthy", "healthy", "healthy"]
    assert found["risk-manager"].reason == "never asked"
