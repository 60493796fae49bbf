"""Who mends, in which order, by which action; what has proved better changes the choice."""

from __future__ import annotations

import pytest

from quorum.validation.ladder import REASONS, reason_of
from quorum.validation.repair import Success, actions_for, agents_for, chosen_order
from quorum.validation.repair.order import ACTIONS, AGENTS, ORDER, read_agent

SIGNAL = "SIGNAL_ISSUE"


@pytest.mark.parametrize("name", REASONS)
def test_the_reasons_agent_comes_first_then_the_skills_order_without_it(name: str) -> None:
    reason = REASONS[name]
    agents = agents_for(reason)
    assert agents[0] == reason.agent
    assert [agent for agent in agents if agent != reason.agent] == [a for a in ORDER if a != reason.agent]
    assert len(set(agents)) == len(agents)


@pytest.mark.parametrize("name", [name for name, row in REASONS.items() if row.retryable])
def test_the_reasons_own_action_is_the_first_of_its_agent(name: str) -> None:
    reason = REASONS[name]
    assert actions_for(reason, reason.agent)[0] == reason.action
    for agent in AGENTS:
        assert set(actions_for(reason, agent)) <= {*ACTIONS[agent]}


def test_an_unknown_reason_goes_to_the_quant_analyst() -> None:
    assert agents_for(reason_of("moon_phase"))[0] == "quant-analyst"
    assert actions_for(reason_of("moon_phase"), "quant-analyst") == ("review_hypothesis",)


def test_no_action_makes_the_fault_worse() -> None:
    for name, worse in (("signal_frequency_low", "raise_threshold"), ("signal_frequency_high", "reduce_threshold")):
        assert worse not in actions_for(REASONS[name], "signal-generator")
    for name in ("data_quality_warning", "timeout"):
        assert actions_for(REASONS[name], "ml-engineer") == ()


def test_every_spelling_of_an_agent_is_read() -> None:
    spellings = ("ml_engineer", "trading-ml-engineer", "ML-engineer", "ml-model-engineer")
    assert {read_agent(name) for name in spellings} == {"ml-engineer"}
    assert read_agent("trading-coordinator") == "orchestrator"
    assert read_agent("data-pipeline-manager") == "data-collector"
    with pytest.raises(ValueError, match="there is no fixing agent 'bob'"):
        read_agent("bob")


def attempts(action: str, passed: int, failed: int) -> list[tuple[str, str, str, bool]]:
    won = [("signal-generator", SIGNAL, action, True)] * passed
    return won + [("signal-generator", SIGNAL, action, False)] * failed


def test_what_proved_better_is_chosen_first() -> None:
    reason = REASONS["signal_frequency_low"]
    usual = actions_for(reason, "signal-generator")
    assert usual[:2] == ("reduce_threshold", "adjust_window")
    success = Success.of(attempts("reduce_threshold", 1, 9) + attempts("adjust_window", 8, 2))
    assert chosen_order(success, "signal-generator", SIGNAL, usual)[0] == "adjust_window"
    assert success.rate("signal-generator", SIGNAL, "adjust_window") == 0.8


@pytest.mark.parametrize(
    "history",
    [
        [],
        attempts("adjust_window", 4, 0),
        attempts("reduce_threshold", 1, 9) + attempts("adjust_window", 4, 0),
        attempts("reduce_threshold", 8, 2) + attempts("adjust_window", 9, 1),
    ],
    ids=["nothing", "never tried before", "too few", "no better"],
)
def test_luck_of_a_few_tries_turns_nothing_round(history: list[tuple[str, str, str, bool]]) -> None:
    usual = actions_for(REASONS["signal_frequency_low"], "signal-generator")
    assert chosen_order(Success.of(history), "signal-generator", SIGNAL, usual) == usual


def test_successes_of_another_category_count_elsewhere() -> None:
    usual = actions_for(REASONS["signal_frequency_low"], "signal-generator")
    success = Success.of(attempts("reduce_threshold", 1, 9) + attempts("adjust_window", 8, 2))
    assert chosen_order(success, "signal-generator", "PARAMETER_BOUNDS", usual) == usual
    assert success.told()[0] == {
        "agent": "signal-generator",
        "category": SIGNAL,
        "action": "adjust_window",
        "tried": 10,
        "passed": 8,
    }
