"""The ladder: tiers L0 to L3, what each looks at, what it asks, and how it ends.

Promise: a verdict is passed, failed for one reason of the table, or inconclusive; never a bare yes or no.
In: a strategy, bars, terms, trials. Out: a TierResult.
Neighbours: composed of `walkforward`, `evidence`, `gates` and `lookahead`; `desk.proving` runs it in workers.
"""

from quorum.validation.ladder.asked import Asked, read_idea
from quorum.validation.ladder.check import check_tier, not_there
from quorum.validation.ladder.reasons import (
    CAUSES,
    REASONS,
    Category,
    Cause,
    Reason,
    Root,
    cause_of,
    reason_of,
    root_of,
)
from quorum.validation.ladder.result import TierResult
from quorum.validation.ladder.table import LADDER
from quorum.validation.ladder.tier import Ladder, Method, Rung, Tier
from quorum.validation.ladder.verdict import Failed, Inconclusive, Passed, Verdict, read_verdict, told

__all__ = [
    "CAUSES",
    "LADDER",
    "REASONS",
    "Asked",
    "Category",
    "Cause",
    "Failed",
    "Inconclusive",
    "Ladder",
    "Method",
    "Passed",
    "Reason",
    "Root",
    "Rung",
    "Tier",
    "TierResult",
    "Verdict",
    "cause_of",
    "check_tier",
    "not_there",
    "read_idea",
    "read_verdict",
    "reason_of",
    "root_of",
    "told",
]
