"""What is over is removed after a while; what was decided, ordered, filled, approved or tried is kept for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from quorum.desk.upkeep.logbook import FILE
from quorum.desk.upkeep.ports import Leavings
from quorum.desk.workflows import Workflows
from quorum.domain import DAY, IllegalMove, NotFound

ENDED = ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed, or would be: ids of runs, counts of what they left, files of the log."""

    before: int
    runs: tuple[str, ...]
    left: Mapping[str, int]
    logs: tuple[str, ...]
    dry_run: bool


def prune(workflows: Workflows, leavings: Leavings, logs: Path, before: int, *, dry_run: bool = False) -> Pruned:
    """Remove runs that ended before `before` (ns UTC) with their effects, old deliveries and ticks, old files of logs.

    A run goes before what it left in the desk's database, so that none is ever found again without its effects.
    """
    runs = [identity for identity in leavings.runs(before) if _is_over(workflows, identity, before)]
    if not dry_run:
        runs = [identity for identity in runs if _deleted(workflows, identity)]
    left = leavings.remove(before, runs, dry_run=dry_run)
    files = [path for path in sorted(logs.glob(f"{FILE}.*")) if path.stat().st_mtime_ns < before]
    if not dry_run:
        for path in files:
            path.unlink(missing_ok=True)
    return Pruned(before, tuple(runs), left, tuple(path.name for path in files), dry_run)


def days_before(now: int, days: int) -> int:
    """The instant `days` days before `now`."""
    return now - days * DAY


def _is_over(workflows: Workflows, identity: str, before: int) -> bool:
    """Whether a run ended before then; one that the engine does not know any more is over too."""
    try:
        state, _ = workflows.run(identity)
    except NotFound:
        return True
    return state.status in ENDED and state.updated < before


def _deleted(workflows: Workflows, identity: str) -> bool:
    try:
        workflows.move(identity, "delete")
    except NotFound:
        return True
    except IllegalMove:  # somebody resumed it since
        return False
    return True
