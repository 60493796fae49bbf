"""Who is asked: the one named, its substitute, the seat, or a recorded gap; nobody gets a task that it does not do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.agents.staffs import ERROR, NOW, SMC, calls, staff
from quorum.desk.agents import (
    AGENTS,
    Condition,
    Gap,
    Health,
    Priority,
    Routed,
    StaffRules,
    Substitution,
    conditions,
    find_agent,
    route,
    route_type,
    substitutions_now,
)
from quorum.desk.agents.roster import known_tasks, named
from quorum.desk.settings import read_settings
from quorum.desk.settings.agents import AgentsFile
from quorum.domain import NotFound

RULES = StaffRules()
SICK = Condition(Health.UNHEALTHY, "3 in a row failed", 3, NOW, NOW + 60)
TASKS = sorted(known_tasks(AGENTS.values()))


def taken(found: Routed | Gap) -> Routed:
    assert isinstance(found, Routed)
    return found


def test_a_known_healthy_agent_does_it_itself_under_any_of_its_names() -> None:
    for name in ("ml-engineer", "ml-model-engineer", "trading_ml_engineer", "ML Engineer"):
        found = taken(route(name, ("train_model",), RULES, {}, NOW))
        assert (found.agent.name, found.substitution, found.why) == ("ml-model-engineer", None, ())
        assert found.asked == name


def test_an_unhealthy_agent_is_replaced_at_once_by_its_row() -> None:
    found = taken(route("qa-expert", ("check_strategy",), RULES, {"qa-expert": SICK}, NOW))
    assert found.agent.name == "test-runner"
    assert found.substitution == Substitution("qa-expert", "test-runner", Priority.MEDIUM, "Quality assurance")
    assert found.why == (
        "qa-expert is unhealthy: 3 in a row failed",
        "test-runner stands in for qa-expert (medium: Quality assurance)",
    )


def test_a_row_applies_under_an_alias_too() -> None:
    found = taken(route("quantitative-analyst", ("review_gates",), RULES, {"quant-analyst": SICK}, NOW))
    assert found.agent.name == "trading-strategy-consultant"


def test_a_substitute_that_does_not_do_the_task_is_passed_over_and_the_gap_says_so() -> None:
    found = route("ml-engineer", ("train_model",), RULES, {"ml-model-engineer": SICK}, NOW)
    assert isinstance(found, Gap)
    assert found.why == (
        "ml-model-engineer is unhealthy: 3 in a row failed",
        "backend-developer does not do train_model",
        "general-purpose is unavailable: its seat for a language model is empty",
    )
    assert found.alternative == "model-trainer"
    assert "my-ml-model-engineer:\n" in found.template


def test_with_a_model_the_general_purpose_seat_takes_what_nobody_else_does() -> None:
    seated = replace(RULES, model=True)
    found = taken(route("nobody-at-all", ("train_model",), seated, {}, NOW))
    assert (found.agent.name, found.tasks) == ("general-purpose", ())
    assert isinstance(route("nobody-at-all", ("train_model",), RULES, {}, NOW), Gap)


def test_an_unknown_name_with_a_row_goes_to_its_substitute() -> None:
    rows = (Substitution("devops", "debugger", Priority.LOW, "Operations"), *RULES.substitutions)
    rules = replace(RULES, substitutions=rows)
    found = taken(route("devops", ("run_doctor",), rules, {}, NOW))
    assert found.agent.name == "debugger"
    assert found.why[0] == "nobody is called devops"


def test_rows_are_tried_in_their_order() -> None:
    rows = (
        Substitution("qa-expert", "backtester", Priority.LOW, "first"),
        Substitution("qa-expert", "code-reviewer", Priority.LOW, "second"),
        Substitution("qa-expert", "test-runner", Priority.LOW, "third"),
    )
    health = {"qa-expert": SICK, "code-reviewer": SICK}
    found = taken(route("qa-expert", ("check_strategy",), replace(RULES, substitutions=rows), health, NOW))
    assert found.agent.name == "test-runner"
    assert found.why == (
        "qa-expert is unhealthy: 3 in a row failed",
        "backtester does not do check_strategy",
        "code-reviewer is unhealthy: 3 in a row failed",
        "test-runner stands in for qa-expert (low: third)",
    )


def test_a_probe_goes_to_the_sick_agent_itself_when_it_is_due() -> None:
    due = {"qa-expert": replace(SICK, probe_at=NOW)}
    found = taken(route("qa-expert", ("check_strategy",), RULES, due, NOW))
    assert (found.agent.name, found.probe) == ("qa-expert", True)
    assert found.why == ("qa-expert is asked as a probe: 3 in a row failed",)


@given(
    st.sampled_from([*sorted(named(AGENTS.values())), "nobody"]),
    st.sampled_from(TASKS),
    st.sets(st.sampled_from(sorted(AGENTS))),
)
def test_nobody_ever_gets_a_task_that_it_does_not_do(name: str, task: str, sick: set[str]) -> None:
    found = route(name, (task,), RULES, dict.fromkeys(sick, SICK), NOW)
    if isinstance(found, Gap):
        assert found.why
    else:
        assert task in found.agent.tasks
        assert found.agent.name not in sick
        assert found.substitution is not None or found.agent is find_agent(name)
        assert not set(found.alternatives) & sick


def test_the_routing_table_answers_by_kind_of_task() -> None:
    row, found = route_type("ml development", RULES, {}, NOW)
    assert (row.task_type, row.alternative, row.tools) == (
        "ML development",
        "general-purpose",
        ("Write", "Edit", "Bash"),
    )
    assert taken(found).agent.name == "ml-model-engineer"
    assert taken(found).tasks == ("train_model", "parameter_stability")


def test_the_second_of_a_row_takes_over() -> None:
    _, found = route_type("Review code", RULES, {"code-reviewer": SICK}, NOW)
    assert taken(found).agent.name == "agentic-code-reviewer"
    assert taken(found).substitution is None
    _, found = route_type("Optimize performance", RULES, {"performance-optimizer": SICK}, NOW)
    assert (taken(found).agent.name, taken(found).tasks) == ("backend-developer", ("run_doctor",))
    assert taken(found).why[-1] == "backend-developer does not do rank_agents"


def test_an_agent_or_a_task_may_be_asked_for_by_name() -> None:
    assert taken(route_type("walk_forward", RULES, {}, NOW)[1]).agent.name == "backtester"
    assert taken(route_type("ml-engineer", RULES, {}, NOW)[1]).agent.name == "ml-model-engineer"
    with pytest.raises(NotFound, match="did you mean 'Debug errors'"):
        route_type("debug eror", RULES, {}, NOW)


def test_the_rows_in_force_are_those_of_unknown_or_unhealthy_agents() -> None:
    assert substitutions_now(RULES, {}, NOW) == ()
    found = substitutions_now(RULES, {"python-pro": SICK}, NOW)
    assert [(row.agent, row.use) for row, _ in found] == [("python-pro", "backend-developer")]


def test_three_errors_reroute_and_a_minute_later_it_is_probed() -> None:
    team = staff(calls=calls(ERROR, ERROR, ERROR))
    health = conditions(team, AGENTS.values())
    probe = health[SMC].probe_at
    assert probe is not None
    assert isinstance(route(SMC, ("view",), RULES, health, probe - 1), Gap)
    assert taken(route(SMC, ("view",), RULES, health, probe)).probe


def test_the_template_of_a_gap_is_an_entry_that_can_be_read(tmp_path: Path) -> None:
    gap = route("order-flow-watcher", ("view",), RULES, {}, NOW)
    assert isinstance(gap, Gap)
    path = tmp_path / "agents.yaml"
    path.write_text(gap.template, encoding="utf-8")
    rules = read_settings(path, AgentsFile).rules()
    assert taken(route("order-flow-watcher", ("view",), rules, {}, NOW)).agent.name == "order-flow-watcher"
