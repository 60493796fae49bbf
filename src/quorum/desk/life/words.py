"""The words that queue files have for statuses, and what each means here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from quorum.validation.life import Status
from quorum.validation.life.status import TIERS

S = Status


class Meaning(NamedTuple):
    """What a word says of a strategy: its status, and the tier where the word names one."""

    status: Status
    tier: str | None = None


def _tiers() -> dict[str, Meaning]:
    """Words about one tier. What was being validated stands where it stood before, for its worker is not ours."""
    words: dict[str, Meaning] = {}
    before = Meaning(S.PENDING)
    for tier in TIERS:
        passed, failed = Meaning(Status(f"{tier}_PASSED"), tier), Meaning(Status(f"{tier}_FAILED"), tier)
        words |= {f"PASSED_{tier}": passed, f"{tier}_PASSED": passed, f"{tier}_COMPLETE": passed}
        words |= {f"FAILED_{tier}": failed, f"{tier}_FAILED": failed}
        words |= {f"REJECTED_{tier}": Meaning(S.REJECTED, tier), f"{tier}_REJECTED": Meaning(S.REJECTED, tier)}
        words |= dict.fromkeys((f"{tier}_VALIDATING", f"VALIDATING_{tier}", f"{tier}_RUNNING"), before)
        before = passed
    return words


_OTHERS: Mapping[Status, tuple[str, ...]] = {
    S.PENDING: ("QUEUED", "NEW", "CANDIDATE", "WAITING", "VALIDATING", "RUNNING", "IN_PROGRESS"),
    S.TIMEOUT: ("FAILED_TIMEOUT", "TIMED_OUT"),
    S.FIXABLE_FAILURE: ("FIXABLE",),
    S.L3_PASSED: ("VALIDATED", "PASSED"),
    S.AWAITING_HUMAN: ("AWAITING_APPROVAL", "READY_TO_DEPLOY"),
    S.PAPER: ("PAPER_TRADING", "PAPER_TRADE"),
    S.ACTIVE: ("DEPLOYED", "LIVE", "LIVE_TRADING"),
    S.REJECTED: ("FAILED", "DISCARDED"),
    S.RETIRED: ("ARCHIVED", "UNDEPLOYED"),
}
MEANINGS: Mapping[str, Meaning] = {
    **{status.value: Meaning(status) for status in Status},
    **{word: Meaning(status) for status, words in _OTHERS.items() for word in words},
    **_tiers(),
}
"""Every word that is understood, in capitals."""
_UNPROVED = frozenset({S.L2_PASSED, S.L3_PASSED, S.RISK_ASSESSED, S.AWAITING_HUMAN})
_HALFWAY = frozenset({S.FIXABLE_FAILURE, S.RETRYING, *(Status(f"{tier}_FAILED") for tier in TIERS)})
PRIORITIES = {"critical": 3.0, "high": 2.0, "medium": 1.0, "normal": 0.0, "low": -1.0}
"""What words of priority weigh."""


def resumed(status: Status, tier: str | None) -> Status:
    """Where a strategy goes on that was adopted: no further than before the first tier whose evidence decides.

    What passed L2 or more elsewhere is checked by L2 here, what failed at a tier by that tier; the rest stays.
    """
    if status in _UNPROVED:
        return S.L1_PASSED
    if status in _HALFWAY:
        return _tiers()[f"{min(tier or 'L0', 'L2')}_VALIDATING"].status
    return status


def meaning(word: str) -> Meaning | None:
    """What a status word means, in any case, with hyphens or spaces for underscores; None for one that is unknown."""
    return MEANINGS.get(word.strip().upper().replace("-", "_").replace(" ", "_"))
