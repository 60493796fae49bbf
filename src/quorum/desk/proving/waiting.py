"""Strategies that wait although their queueing was told: told once more, so that a schedule hears of them."""

from __future__ import annotations

from quorum.desk.desk import Desk
from quorum.desk.life.skills import skill_is_on
from quorum.desk.notices import Event, Notice, occurrence
from quorum.domain import HOUR, MINUTE
from quorum.validation.life import Status

TOGETHER = 2
PATIENCE = MINUTE
RUNS = ("parallel_validation", "strategy_pipeline")
UNDER_WAY = ("enqueued", "running")


def tell_waiting(desk: Desk) -> Notice | None:
    """Tell that two or more wait, have for a minute, and no run has begun with them; once an hour while they do.

    That is what was queued before a scheduler ran, while the desk was paused, or as a run was ending. Nobody is told
    while the skill trading-pipeline is off.
    """
    if not skill_is_on(desk.workspace, "trading-pipeline"):
        return None
    pending = desk.life.queue.listed({Status.PENDING})
    now = desk.clock.now()
    if len(pending) < TOGETHER or now - max(one.moved_at for one in pending) < PATIENCE:
        return None
    if any(desk.workflows.runs(1, name, status) for name in RUNS for status in UNDER_WAY):
        return None
    names = [one.strategy_id for one in pending]
    key = f"{names[-1]}/{len(names)}/{now // HOUR}"
    summary = f"{', '.join(names)}: {len(names)} wait to be validated, and nobody has begun"
    told = {"strategies": names, "pending": len(names), "key": key, "summary": summary}
    return desk.outbox.raise_(occurrence(Event.STRATEGY_QUEUED, told))
