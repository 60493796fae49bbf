"""Runs that die again and again: after so many times nobody begins them any more, and people are told."""

from __future__ import annotations

from collections.abc import Sequence

from quorum.desk.desk import Desk
from quorum.desk.notices import Event, Occurrence
from quorum.desk.workflows.ports import MOST_DEATHS


def tell_exhausted(desk: Desk) -> Sequence[str]:
    """Tell people, once for each, of the newest runs that were given up; their ids."""
    given_up = [run for run in desk.workflows.runs(status="failed") if run.attempts > MOST_DEATHS]
    for run in given_up:
        facts = {"workflow_id": run.identity, "workflow": run.workflow, "attempts": run.attempts}
        summary = f"{run.workflow} {run.identity} died {run.attempts - 1} times and is not begun any more"
        desk.outbox.raise_(Occurrence(Event.WORKFLOW_RECOVERY_EXHAUSTED, run.identity, summary, facts))
    return [run.identity for run in given_up]
