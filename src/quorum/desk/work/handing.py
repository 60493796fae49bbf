"""How a task is handed on, by what its answer says: complete, for a review, in part, or with an issue."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from quorum.desk.agents import DiscoveredIssue, Handoff, PartialSuccess, ReadyForReview, TaskComplete

Answer = Mapping[str, Any]
Handed = tuple[Handoff, str]
COMPLETE: Handed = TaskComplete(), ""


def handed_on(task: str, answer: Answer) -> Handed:
    """The signal that goes with an answer, and the note: what to review, what is missing, what was found.

    What an answer hands up under `concerns` is an issue, whatever the task.
    """
    found = "; ".join(str(concern["message"]) for concern in answer.get("concerns", ()))
    if found:
        return DiscoveredIssue(), found
    reader = READERS.get(task)
    try:
        return COMPLETE if reader is None else reader(answer)
    except KeyError:  # an answer that a worker of another release has kept
        return COMPLETE


def _issue(found: str) -> Handed:
    return (DiscoveredIssue(), found) if found else COMPLETE


def _partial(missing: str) -> Handed:
    return (PartialSuccess(), missing) if missing else COMPLETE


def _named(words: Sequence[object]) -> str:
    more = f" and {len(words) - 5} more" if len(words) > 5 else ""
    return ", ".join(map(str, words[:5])) + more


def _bars(answer: Answer) -> Handed:
    behind = answer["behind_bars"]
    return _partial(f"the newest bar is {behind} bars behind" if behind else "")


def _feeds(answer: Answer) -> Handed:
    if not answer["asked_for"]:
        return _issue("the lake has no series of what the run is about")
    return _issue("" if answer["fresh"] else f"stale feeds: {_named(answer['stale'])}")


def _agents(answer: Answer) -> Handed:
    return _issue("" if answer["ready"] else f"mandatory agents are not well: {_named(answer['mandatory_missing'])}")


def _artefacts(answer: Answer) -> Handed:
    return _issue(_named([f"{one['path']}: {one['fault']}" for one in answer["broken"]]))


def _vote(answer: Answer) -> Handed:
    if not answer["consensus"]["escalate"]:
        return COMPLETE
    return ReadyForReview(), f"a person should look at the votes: {answer['consensus']['reason']}"


def _notice(answer: Answer) -> Handed:
    asked = answer.get("follow_up")
    return COMPLETE if asked is None else (ReadyForReview(), f"a person is asked: {asked['params']['summary']}")


def _tried(answer: Answer) -> Handed:
    return ReadyForReview(), f"the backtest of {answer['strategy']} wants its gates and diagnostics"


def _walked(answer: Answer) -> Handed:
    return ReadyForReview(), "the windows want their validation report"


def _examined(answer: Answer) -> Handed:
    if not answer["clean"]:
        return _issue(f"{answer['strategy']}: {answer['verdict']}")
    left_out = answer.get("own_bars_left_out")
    return _partial(f"made-up markets alone: {left_out}" if left_out else "")


def _diagnosed(answer: Answer) -> Handed:
    if answer["sound"] is None:
        return _partial("the look-ahead detector was not heard")
    found = [*answer["odd"], *([] if answer["lookahead"] == "clean" else [f"look-ahead: {answer['lookahead']}"])]
    return _issue("" if answer["sound"] else f"{answer['strategy']}: {_named(found)}")


def _gates(answer: Answer) -> Handed:
    return _partial(f"not answered: {_named(answer['unread'])}" if answer["verdict"] == "inconclusive" else "")


def _report(answer: Answer) -> Handed:
    return _partial(f"inconclusive: {_named(answer['reasons'])}" if answer["verdict"] == "inconclusive" else "")


READERS: Mapping[str, Callable[[Answer], Handed]] = {
    "latest_bars": _bars,
    "verify_data_feeds": _feeds,
    "check_agents": _agents,
    "validate_models": _artefacts,
    "position_limits": lambda answer: _issue("; ".join(answer["warnings"])),
    "initialise_pipeline": lambda answer: _issue("; ".join(answer["reasons"])),
    "correlation_matrix": lambda answer: _partial(
        f"without {_named(list(answer['left_out']))}" if answer["left_out"] else ""
    ),
    "survey_data": lambda answer: _issue("" if answer["usable"] else str(answer["flaw"])),
    "run_doctor": lambda answer: _issue("; ".join(answer["wrong"])),
    "signal_aggregation": _vote,
    "execute_or_notify": _notice,
    "run_backtest": _tried,
    "walk_forward": _walked,
    "check_strategy": _examined,
    "check_lookahead": _examined,
    "review_diagnostics": _diagnosed,
    "review_gates": _gates,
    "validation_report": _report,
}
"""How the answers of tasks are read; one that is not here is complete."""
