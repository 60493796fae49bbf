"""Asking workers: what runs a strategy's code runs in a process of its own, which brings nothing down with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quorum.desk.deploying.known import Known, ladder_of
from quorum.desk.desk import Desk
from quorum.desk.settings.reading import read_settings
from quorum.desk.settings.validation import PARALLEL_FILE, ValidationFile
from quorum.domain import Done, QuorumError, plain
from quorum.validation.ladder import Tier

CRITIC_TASK, TRADE_TASK = "critic", "trade"
_SAID = {CRITIC_TASK: "the critic's review", TRADE_TASK: "trading its proof again"}


def ask_worker(desk: Desk, found: Known, tier: Tier, task: str, **more: object) -> Mapping[str, Any]:
    """A task's answer about the strategy's result at a tier, within the time and memory that the tier's check has.

    QuorumError for a strategy that takes more there, or breaks.
    """
    section = read_settings(desk.workspace.config / PARALLEL_FILE, ValidationFile).parallel_validation
    # L2 chooses its parameters itself
    params = {} if tier is Tier.L2 else plain(dict(found.results[tier].params))
    payload = {
        "home": str(desk.workspace.home),
        "idea": plain(found.candidate.idea),
        "params": params,
        "result": found.results[tier].told(),
        **more,
    }
    (outcome,) = desk.executor.run_many(task, [payload], section.limits(ladder_of(desk).of(tier), 1))
    if not isinstance(outcome, Done):
        what = f"{_SAID[task]} broke off for {found.strategy_id} at {tier}"
        raise QuorumError(f"{what}: {outcome.error.found}", outcome.error.remedy)
    return outcome.answer
