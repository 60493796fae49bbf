"""The tasks of auto-retry: what a failure is, the fixes that are tried, what was learnt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quorum.desk.desk import Desk
from quorum.desk.mending import analyse_strategy, retry, retry_waiting, waiting
from quorum.desk.mending.experience import success_of
from quorum.desk.work.assignment import Assignment, Job, Place


def analyse_failures(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """Every strategy that waits for a fix, or the one of `strategy_id`, with reason, category, agent and action."""
    named = assignment.params.get("strategy_id")
    strategies = [named] if named else [candidate.strategy_id for candidate in waiting(desk)]
    found = {strategy_id: analyse_strategy(desk, strategy_id).told() for strategy_id in strategies}
    return {"waiting": len(found), "failures": found}


def retry_strategies(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """Fixes tried for every strategy that waits, or for the one of `strategy_id`, until each passes or is rejected."""
    named = assignment.params.get("strategy_id")
    ended = (retry(desk, named),) if named else retry_waiting(desk)
    told = [one.told() for one in ended]
    short = [
        {name: one[name] for name in ("strategy_id", "tier", "result", "status", "why", "learning")} for one in told
    ]
    mended = [one["strategy_id"] for one in told if one["result"] != "rejected"]
    return {
        "mended": mended,
        "rejected": [one["strategy_id"] for one in told if one["result"] == "rejected"],
        "attempts": sum(len(one["attempts"]) for one in told),
        "trials_counted": sum(one["trials_counted"] for one in told),
        "ended": short,
    }


def summarise_learnings(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """How often each fix worked so far, by agent, category and action, and the newest ten learnings."""
    books = desk.life.books
    newest = books.learnings.listed(10)
    names = ("learning_id", "severity", "title", "frequency")
    return {
        "success": success_of(books.attempts.listed()).told(),
        "learnings": [{name: one[name] for name in names} for one in reversed(newest)],
    }


JOBS: Mapping[str, Job] = {
    "analyse_failures": Job(analyse_failures, Place.DESK, ("waiting", "failures")),
    "retry_strategies": Job(retry_strategies, Place.DESK, ("mended", "rejected", "attempts", "trials_counted")),
    "summarise_learnings": Job(summarise_learnings, Place.DESK, ("success", "learnings")),
}
"""Their rows in the table of tasks."""
