"""How a task is handed on: what its answer says of itself, and every one of the five signals."""

from __future__ import annotations

from typing import Any

import pytest

from quorum.desk.agents import DiscoveredIssue, PartialSuccess, ReadyForReview, TaskComplete
from quorum.desk.work import TASKS
from quorum.desk.work.handing import READERS, handed_on

ASKED = {"workflow": "trade_execution", "params": {"summary": "buy 1 BTCUSDT"}}
EXAMINED = {"strategy": "demo_ma", "verdict": "clean", "clean": True}
DIAGNOSED = {"strategy": "demo_ma", "sound": True, "odd": [], "lookahead": "clean"}
CASES: list[tuple[str, dict[str, Any], object, str]] = [
    ("latest_bars", {"behind_bars": 0}, TaskComplete(), ""),
    ("latest_bars", {"behind_bars": 3}, PartialSuccess(), "the newest bar is 3 bars behind"),
    ("verify_data_feeds", {"asked_for": ["a"], "fresh": True, "stale": ["b"]}, TaskComplete(), ""),
    ("verify_data_feeds", {"asked_for": ["a"], "fresh": False, "stale": ["a"]}, DiscoveredIssue(), "stale feeds: a"),
    ("verify_data_feeds", {"asked_for": [], "fresh": False, "stale": []}, DiscoveredIssue(), "no series of what"),
    ("check_agents", {"ready": True, "mandatory_missing": []}, TaskComplete(), ""),
    ("check_agents", {"ready": False, "mandatory_missing": ["risk-manager"]}, DiscoveredIssue(), "risk-manager"),
    ("validate_models", {"broken": []}, TaskComplete(), ""),
    ("validate_models", {"broken": [{"path": "a.pkl", "fault": "a pickle"}]}, DiscoveredIssue(), "a.pkl: a pickle"),
    ("position_limits", {"warnings": ["paper: cash is used to 90%"]}, DiscoveredIssue(), "used to 90%"),
    ("initialise_pipeline", {"reasons": []}, TaskComplete(), ""),
    ("initialise_pipeline", {"reasons": ["stale feeds: a"]}, DiscoveredIssue(), "stale feeds: a"),
    ("correlation_matrix", {"left_out": {}}, TaskComplete(), ""),
    ("correlation_matrix", {"left_out": {"A": "x"}}, PartialSuccess(), "without A"),
    ("survey_data", {"usable": False, "flaw": "the lake is empty"}, DiscoveredIssue(), "the lake is empty"),
    ("run_doctor", {"wrong": ["disk: 1 GB free"]}, DiscoveredIssue(), "disk: 1 GB free"),
    ("signal_aggregation", {"consensus": {"escalate": False, "reason": ""}}, TaskComplete(), ""),
    ("signal_aggregation", {"consensus": {"escalate": True, "reason": "a tie"}}, ReadyForReview(), "a tie"),
    ("execute_or_notify", {"executed": True}, TaskComplete(), ""),
    ("execute_or_notify", {"follow_up": ASKED}, ReadyForReview(), "a person is asked: buy 1 BTCUSDT"),
    ("run_backtest", {"strategy": "demo_ma"}, ReadyForReview(), "demo_ma wants its gates"),
    ("walk_forward", {}, ReadyForReview(), "validation report"),
    ("check_strategy", EXAMINED, TaskComplete(), ""),
    ("check_strategy", EXAMINED | {"clean": False, "verdict": "leaks"}, DiscoveredIssue(), "demo_ma: leaks"),
    ("check_lookahead", EXAMINED | {"own_bars_left_out": "10 bars"}, PartialSuccess(), "10 bars"),
    ("review_diagnostics", DIAGNOSED, TaskComplete(), ""),
    ("review_diagnostics", DIAGNOSED | {"sound": False, "odd": ["equity_curve_shape"]}, DiscoveredIssue(), "curve"),
    ("review_diagnostics", DIAGNOSED | {"sound": None, "lookahead": None}, PartialSuccess(), "was not heard"),
    ("review_gates", {"verdict": "failed", "unread": []}, TaskComplete(), ""),
    ("review_gates", {"verdict": "inconclusive", "unread": ["pbo"]}, PartialSuccess(), "not answered: pbo"),
    ("validation_report", {"verdict": "inconclusive", "reasons": ["too short"]}, PartialSuccess(), "too short"),
    ("describe_strategy", {}, TaskComplete(), ""),
    ("view", {"concerns": [{"event": "known_issue", "message": "odd"}]}, DiscoveredIssue(), "odd"),
]


@pytest.mark.parametrize(("task", "answer", "signal", "note"), CASES)
def test_an_answer_is_handed_on_by_what_it_says(task: str, answer: dict[str, Any], signal: object, note: str) -> None:
    found, told = handed_on(task, answer)
    assert found == signal
    assert note in told
    assert bool(told) is not isinstance(found, TaskComplete)


def test_what_is_read_is_what_tasks_promise() -> None:
    assert READERS.keys() <= TASKS.keys()
    assert READERS.keys() <= {task for task, *_ in CASES}


def test_an_answer_of_another_release_is_complete() -> None:
    assert handed_on("review_gates", {"passed": True}) == (TaskComplete(), "")
