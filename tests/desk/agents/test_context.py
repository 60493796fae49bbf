"""The shared context: what is open, what waits for whom, what is done, what is wrong; to each agent its part."""

from __future__ import annotations

import json

from desk.agents.staffs import DONE, ERROR, NOW, SMC, calls, delegation, staff
from quorum.desk.agents import (
    AGENTS,
    BlockedOn,
    Delegated,
    DiscoveredIssue,
    Finish,
    Handoff,
    PartialSuccess,
    ReadyForReview,
    Staff,
    TaskComplete,
    conditions,
    context_for,
    everything,
    looked_at,
    orchestration_context,
    overview,
    ready,
    summary,
)
from quorum.domain import DAY, MINUTE

ENDS: dict[str, Handoff | None] = {
    "backtester": TaskComplete(),
    "signal-evaluator": None,
    "feature-engineer": ReadyForReview(),
    "ml-model-engineer": BlockedOn("LEARNING"),
    "data-pipeline-manager": DiscoveredIssue(),
    SMC: PartialSuccess(),
}


def busy() -> Staff:
    """A staff with one task of each end, and an agent that failed three times."""
    team = staff(calls=[*calls(ERROR, ERROR, ERROR), *calls(DONE, agent="backtester")])
    given = team.tasks.delegate_all([delegation(i, agent) for i, agent in enumerate(ENDS)])
    ends = [
        Finish(task.task_id, signal, f"note of {task.task.target_agent}")
        for task, signal in zip(given, ENDS.values(), strict=True)
        if signal is not None
    ]
    assert team.tasks.finish_all(ends) == len(ends)
    return team


def document(team: Staff) -> dict[str, object]:
    health = conditions(team, team.rules.agents.values())
    return orchestration_context(everything(team), team.rules, health, NOW)


def agents(entries: object, key: str = "target_agent") -> list[str]:
    assert isinstance(entries, list)
    return sorted(entry[key] for entry in entries)


def test_each_task_is_in_the_part_of_its_end() -> None:
    found = document(busy())
    assert list(found) == ["updated_at", "tasks", "handoff_points", "recent_completions", "known_issues"]
    assert json.loads(json.dumps(found)) == found
    assert agents(found["tasks"]) == ["signal-evaluator"]
    assert agents(found["handoff_points"]) == sorted(["feature-engineer", "ml-model-engineer", SMC])
    assert agents(found["recent_completions"]) == ["backtester"]
    assert agents(found["known_issues"], "agent") == sorted(["data-pipeline-manager", SMC])


def test_a_block_says_what_it_waits_for() -> None:
    points = document(busy())["handoff_points"]
    assert isinstance(points, list)
    waits = {point["from_agent"]: point["waits_for"] for point in points}
    assert waits == {"feature-engineer": "", "ml-model-engineer": "LEARNING", SMC: ""}


def test_an_agent_receives_the_parts_of_its_room_and_the_coordinator_all() -> None:
    found = document(busy())
    mine = context_for(AGENTS[SMC], found)
    assert agents(mine["tasks"]) == ["signal-evaluator"]
    assert agents(mine["handoff_points"]) == [SMC]
    assert mine["recent_completions"] == []
    assert agents(mine["known_issues"], "agent") == [SMC]
    assert context_for(AGENTS["trading-coordinator"], found) == found
    empty = context_for(AGENTS["risk-manager"], found)
    assert all(empty[part] == [] for part in empty if part != "updated_at")


def test_ready_is_what_somebody_can_take_up() -> None:
    team = busy()
    found = ready(everything(team), NOW)
    assert agents([task.document() for task in found]) == sorted(["data-pipeline-manager", "feature-engineer", SMC])
    late = ready(everything(team), NOW + MINUTE)
    assert len(late) == len(found) + 1


def test_what_the_next_step_of_the_run_has_taken_up_waits_for_nobody() -> None:
    team = busy()
    team.tasks.delegate_all([delegation(9, "backtester", step=5)])
    found = document(team)
    assert agents(found["handoff_points"]) == ["ml-model-engineer"]
    assert agents([task.document() for task in ready(everything(team), NOW)]) == ["data-pipeline-manager"]


def test_an_issue_is_told_once_and_forgotten_after_a_week() -> None:
    made = [
        Delegated(f"TASK-20250130-{i:03d}", NOW + i, delegation(i), DiscoveredIssue(), "stale feeds: a", NOW + i)
        for i in range(3)
    ]
    (issue,) = orchestration_context(made, staff().rules, {}, NOW)["known_issues"]
    assert (issue["issue"], issue["task_id"]) == ("stale feeds: a", "TASK-20250130-002")
    later = orchestration_context(made, staff().rules, {}, NOW + 8 * DAY)
    assert [later[part] for part in later if part != "updated_at"] == [[], [], [], []]
    assert ready(made, NOW + 8 * DAY) == ()


def test_the_newest_come_first_and_no_part_is_endless() -> None:
    made = [Delegated(f"TASK-20250130-{i:03d}", NOW + i, delegation(i), TaskComplete(), "", NOW + i) for i in range(80)]
    found = orchestration_context(made, staff().rules, {}, NOW)["recent_completions"]
    assert len(found) == 50
    assert found[0]["task_id"] == "TASK-20250130-079"


def test_the_summary_counts() -> None:
    team = busy()
    found = summary(team, looked_at(team, NOW + MINUTE, 30))
    assert found["tasks"] == {
        "BLOCKED": 1,
        "DISCOVERED_ISSUE": 1,
        "PARTIAL_SUCCESS": 1,
        "READY_FOR_REVIEW": 1,
        "TASK_COMPLETE": 1,
        "under_way": 1,
    }
    assert found["agents"]["unhealthy"] == 1
    assert sum(found["agents"].values()) == len(AGENTS)
    assert (found["calls"], found["ready"], found["parallel_efficiency"]["speedup"]) == (4, 4, 2.0)


def test_the_overview_has_every_agent_with_health_figures_and_substitute() -> None:
    team = busy()
    found = {one["name"]: one for one in overview(team, looked_at(team, NOW + MINUTE, 30))}
    assert set(found) == set(AGENTS)
    assert (found[SMC]["health"], found[SMC]["success_rate"], found[SMC]["calls"]) == ("unhealthy", 0.0, 3)
    assert (found["backtester"]["success_rate"], found["backtester"]["p95_seconds"]) == (1.0, 1.0)
    assert found["ml-model-engineer"]["substitute"] == "backend-developer"
    assert found["risk-manager"]["mandatory"] is True
    assert (found["general-purpose"]["brain"], found["risk-manager"]["brain"]) == ("off", None)
    assert found["momentum-analyst"]["success_rate"] is None
