"""Statuses of a strategy's life, and the moves that there are between them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from quorum.domain import IllegalMove


class Status(StrEnum):
    """Where a strategy stands, by the names that queue files use."""

    PENDING = "PENDING"
    L0_VALIDATING = "L0_VALIDATING"
    L0_PASSED = "L0_PASSED"
    L0_FAILED = "L0_FAILED"
    L1_VALIDATING = "L1_VALIDATING"
    L1_PASSED = "L1_PASSED"
    L1_FAILED = "L1_FAILED"
    L2_VALIDATING = "L2_VALIDATING"
    L2_PASSED = "L2_PASSED"
    L2_FAILED = "L2_FAILED"
    L3_VALIDATING = "L3_VALIDATING"
    L3_PASSED = "L3_PASSED"
    L3_FAILED = "L3_FAILED"
    FIXABLE_FAILURE = "FIXABLE_FAILURE"  # a fix may be tried at the tier that it failed
    RETRYING = "RETRYING"  # fixes are being tried
    TIMEOUT = "TIMEOUT"  # retried once, with a fresh worker
    ERROR = "ERROR"  # its workers crashed, or what they answered could not be read
    INCONCLUSIVE = "INCONCLUSIVE"  # too little data to say; it goes on when there is more
    RISK_ASSESSED = "RISK_ASSESSED"
    AWAITING_HUMAN = "AWAITING_HUMAN"  # "ask me to deploy"
    REJECTED = "REJECTED"
    REJECTED_AUTO_RETRY = "REJECTED_AUTO_RETRY"
    PAPER = "PAPER"
    INCUBATION = "INCUBATION"
    ACTIVE = "ACTIVE"
    DEGRADED = "DEGRADED"
    DISABLED = "DISABLED"
    PAUSED = "PAUSED"
    RETIRED = "RETIRED"


S = Status
TIERS = ("L0", "L1", "L2", "L3")


def _of(tier: str, what: str) -> Status:
    return Status(f"{tier}_{what}")


def _ladder() -> dict[Status, frozenset[Status]]:
    """The moves of the ladder: into a tier, out of it, and on to the next one."""
    moves: dict[Status, frozenset[Status]] = {}
    before: Status = S.PENDING
    for tier in TIERS:
        busy, passed, failed = (_of(tier, what) for what in ("VALIDATING", "PASSED", "FAILED"))
        moves[before] = moves.get(before, frozenset()) | {busy, S.REJECTED}
        ends = {passed, failed, S.FIXABLE_FAILURE, S.TIMEOUT, S.ERROR, S.INCONCLUSIVE}
        moves[busy] = frozenset({*ends, before})  # `before` when its worker was lost without a word
        moves[failed] = frozenset({S.REJECTED, S.RETRYING})
        before = passed
    moves[before] = frozenset({S.RISK_ASSESSED, S.REJECTED})
    return moves


VALIDATING = frozenset(_of(tier, "VALIDATING") for tier in TIERS)
DEPLOYED = frozenset({S.PAPER, S.INCUBATION, S.ACTIVE, S.DEGRADED, S.PAUSED})
OVER = frozenset({S.REJECTED, S.REJECTED_AUTO_RETRY, S.RETIRED})
OUT = frozenset({*OVER, *DEPLOYED, S.DISABLED})
"""Those that are not on their way to a deployment."""

MOVES: Mapping[Status, frozenset[Status]] = {
    **_ladder(),
    S.FIXABLE_FAILURE: frozenset({S.RETRYING, S.REJECTED, S.REJECTED_AUTO_RETRY}),
    S.RETRYING: frozenset({*VALIDATING, *(_of(t, "PASSED") for t in TIERS), S.FIXABLE_FAILURE, S.REJECTED_AUTO_RETRY}),
    S.TIMEOUT: frozenset({*VALIDATING, S.FIXABLE_FAILURE, S.REJECTED}),
    S.ERROR: frozenset({S.PENDING, *VALIDATING, S.REJECTED}),
    S.INCONCLUSIVE: frozenset({S.PENDING, *VALIDATING, S.REJECTED}),
    S.RISK_ASSESSED: frozenset({S.AWAITING_HUMAN, S.REJECTED}),
    S.AWAITING_HUMAN: frozenset({S.PAPER, S.REJECTED, S.RISK_ASSESSED}),
    S.PAPER: frozenset({S.INCUBATION, S.PAUSED, S.DISABLED, S.RETIRED, S.AWAITING_HUMAN}),
    S.INCUBATION: frozenset({S.ACTIVE, S.PAUSED, S.DISABLED, S.RETIRED}),
    S.ACTIVE: frozenset({S.DEGRADED, S.PAUSED, S.DISABLED, S.RETIRED}),
    S.DEGRADED: frozenset({S.ACTIVE, S.DISABLED, S.PAUSED, S.RETIRED}),
    S.PAUSED: frozenset({S.PAPER, S.INCUBATION, S.ACTIVE, S.DEGRADED, S.RETIRED}),
    S.DISABLED: frozenset({S.RETIRED, S.AWAITING_HUMAN}),
    S.REJECTED: frozenset(),
    S.REJECTED_AUTO_RETRY: frozenset(),
    S.RETIRED: frozenset(),
}
"""Every legal move; there are no others."""


def check_move(strategy_id: str, before: Status, after: Status) -> None:
    """IllegalMove naming what is allowed, unless the table has the move."""
    if after not in MOVES[before]:
        allowed = ", ".join(sorted(MOVES[before])) or "nothing: its life is over"
        raise IllegalMove(
            f"{strategy_id} is {before}, it cannot become {after}", f"from there it can become: {allowed}"
        )
