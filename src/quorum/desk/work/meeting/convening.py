"""Tasks of the strategy_meeting workflow: what the desk knows before it, and the meeting itself."""

from __future__ import annotations

from typing import Any

from quorum.desk.desk import Desk
from quorum.desk.meeting import Convened, look_back, run_meeting, update_map
from quorum.desk.work.asked import whole
from quorum.desk.work.assignment import Assignment
from quorum.discovery import records, survey
from quorum.domain import iso


def brief_meeting(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """The search-space map brought up to date, the family most tested, and whose ideas survived which tier."""
    seen = look_back(desk)
    space = survey(seen.lives.values())
    return {
        "as_of": iso(assignment.as_of),
        "cells": len(space.cells),
        "changed": update_map(desk, seen),
        "most_tested": space.most_tested,
        "records": {name: {"tested": t.tested, **t.passed} for name, t in records(seen.lives.values()).items()},
        "known": len(seen.known),
        "unread": list(seen.unread),
    }


def hold_meeting(desk: Desk, assignment: Assignment) -> dict[str, Any]:
    """The meeting that `quorum meeting` holds, once for an occasion; `queued` are the ids of what it chose.

    `seed` and `theme` are the run's parameters, both the meeting's own where they are not given.
    """
    params = assignment.params
    seed = None if params.get("seed") is None else whole(assignment, "seed", 0, 0)
    theme = params.get("theme") or None
    held = run_meeting(desk, Convened(seed, None if theme is None else str(theme), key=assignment.key))
    told = held.told
    return {
        "meeting_id": held.meeting_id,
        "status": told["status"],
        "theme": told.get("theme"),
        "queued": list(held.queued),
        "selected": list(told["selected"]),
        "rejected": list(told["rejected"]),
        "proposals": len(told["proposals"]),
        "reason": told.get("reason", ""),
    }
