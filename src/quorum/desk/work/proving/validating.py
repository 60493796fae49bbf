"""Validation as tasks of a workflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quorum.desk.desk import Desk
from quorum.desk.life import Record, skill_is_on
from quorum.desk.proving import Asked, plan, statistics, validate
from quorum.desk.proving.record import VERDICTS
from quorum.desk.work.assignment import Assignment, Job, Place
from quorum.domain import Choice, DecisionKind, UsageError, utc_day
from quorum.validation.ladder import Tier
from quorum.validation.life import Status

PIPELINE = "trading-pipeline"
BRIEF = ("verdict", "tier", "reason", "status", "seconds", "attempt")
NEWEST = 30
MOST_RUNS = 20


def waiting_strategies(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """How many strategies wait to be validated, at which tiers, and how many workers would check them.

    Params: `tier`, `queue_size`, `workers`, each as for `quorum validate`. Nothing is done. Nothing waits for a
    workflow while the skill trading-pipeline is off: a decision says so, once a day, and `note`.
    """
    found = plan(desk, asked_by(assignment))
    if skill_is_on(desk.workspace, PIPELINE) or not (found["pending"] or found["left_over"]):
        return found
    note = f"{PIPELINE} is off in BOOTSTRAP.md: {found['pending']} wait for `quorum validate`"
    inputs = {"skill": PIPELINE, "waiting": list(found["strategies"])}
    choice = Choice(DecisionKind.STATUS, "queue", desk.clock.now(), inputs, {"outcome": "skipped"}, note)
    desk.decisions.once(f"skipped/{PIPELINE}/{utc_day(desk.clock.now())}", choice)
    return {**found, "pending": 0, "left_over": 0, "note": note}


def validate_queue(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """The strategies that wait, validated: at `tier` where one is named, else each as far as it goes.

    Params as above. Without any, what is queued meanwhile is taken too, in a run of its own. What a run that died
    before has left is gone on with, so that a task that is asked again checks nothing twice. `awaiting` are those that
    it brought through everything: a person is to be asked.
    """
    asked = asked_by(assignment)
    runs = [validate(desk, asked)]
    while runs[-1]["run_id"] and not (asked.tier or asked.queue_size or asked.strategies) and len(runs) < MOST_RUNS:
        runs.append(validate(desk, asked))
    return told(runs)


def validation_statistics(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """What validation in parallel took and saved in the last 30 runs, and how many strategies stand where."""
    counted = statistics(desk.life.books.runs.listed(NEWEST))
    stand: dict[str, int] = {}
    for candidate in desk.life.queue.listed():
        stand[candidate.status.value] = stand.get(candidate.status.value, 0) + 1
    return {"statistics": counted, "standing": stand}


def asked_by(assignment: Assignment) -> Asked:
    """What an assignment asks for; UsageError for a tier or a number that makes no sense."""
    given = assignment.params
    tier = given.get("tier")
    if tier is not None and tier not in set(Tier):
        raise UsageError(f"{assignment.task}: there is no tier {tier!r}", f"name one of {', '.join(Tier)}")
    names = tuple(given.get("strategies") or ())
    by = assignment.workflow_id
    return Asked(names, None if tier is None else Tier(tier), given.get("queue_size"), given.get("workers"), by)


def told(runs: Sequence[Record]) -> dict[str, Any]:
    """Runs in brief, `run_id` the first of them; their records and their files have the rest."""
    lines = {name: line for run in runs for name, line in run["by_strategy"].items()}
    return {
        "run_id": runs[0]["run_id"],
        "runs": [run["run_id"] for run in runs if run["run_id"]],
        "tier": runs[0]["tier"] or None,
        **{verdict: sum(run[verdict] for run in runs) for verdict in VERDICTS},
        "seconds": sum(run["seconds"] for run in runs),
        "sequential_seconds": sum(run["sequential_seconds"] for run in runs),
        "by_strategy": {name: {key: line.get(key) for key in BRIEF} for name, line in lines.items()},
        "gates": [{"tier": one["tier"], **one.get("gate", {})} for run in runs for one in run["rounds"]],
        "awaiting": [name for name, line in lines.items() if line.get("status") == Status.AWAITING_HUMAN],
        "taken_over": [run_id for run in runs for run_id in run["taken_over"]],
        "meeting": next((run["meeting"] for run in runs if run["meeting"]), None),
    }


JOBS: Mapping[str, Job] = {
    "waiting_strategies": Job(waiting_strategies, Place.DESK, ("pending", "left_over", "workers", "strategies")),
    "validate_queue": Job(validate_queue, Place.DESK, ("run_id", *VERDICTS, "by_strategy", "awaiting")),
    "validation_statistics": Job(validation_statistics, Place.DESK, ("statistics", "standing")),
}
"""Their rows in the table of tasks."""
