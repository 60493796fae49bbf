"""Diagnostics: what the desk says of itself, for the specialists who used to read code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from quorum.desk.agents import Looked, parallel_efficiency, performance, ranking, recommendations
from quorum.desk.desk import Desk
from quorum.desk.doctor import diagnose
from quorum.desk.why import why
from quorum.desk.work.asked import whole
from quorum.desk.work.assignment import Assignment, Unavailable
from quorum.domain import DAY, iso, plain

DAYS, WORKERS = 30, 4


def run_doctor(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """What the doctor finds of imports, workspace, configuration, database, lake and disk, each with its remedy.

    `sound` is that every finding is ok.
    """

    def schema(path: Path) -> str:
        return f"open, {len(desk.accounts.listed())} accounts"

    found = diagnose(desk.workspace.home, schema)
    return {
        "at": iso(desk.clock.now()),
        "sound": all(one.ok for one in found),
        "findings": [plain(one) for one in found],
        "wrong": [f"{one.name}: {one.found}" for one in found if not one.ok],
    }


def explain(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """The chain behind `id` (an order, a fill, a decision, a trial), else behind the newest decision, back to the bars.

    NotFound for an id that nothing has, Unavailable when nothing has been decided yet.
    """
    identity = str(assignment.params.get("id") or "")
    if not identity:
        newest = list(desk.decisions.recent(1))
        if not newest:
            raise Unavailable("nothing has been decided yet", "give an id, or run a workflow first")
        identity = newest[0].decision_id
    return {"id": identity, "chain": plain(why(desk, identity))}


def rank_agents(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """The agents by the calls of the last 30 days: success with its 95 % interval, p50 and p95 in seconds, advice.

    Best first by the lower end of the interval; `efficiency` is how well calls at once used `workers` workers, null
    when none overlapped. Without calls there is no ranking and no advice.
    """
    days, workers = whole(assignment, "days", DAYS), whole(assignment, "workers", WORKERS)
    now = desk.clock.now()
    calls = tuple(desk.staff.calls.since(now - days * DAY))
    found = performance(calls)
    return {
        "at": iso(now),
        "days": days,
        "calls": len(calls),
        "ranking": [plain(one) for one in ranking(found)],
        "efficiency": plain(parallel_efficiency(calls, workers)),
        "recommendations": plain(list(recommendations(desk.staff.rules, Looked(calls, now, days, workers)))),
    }
