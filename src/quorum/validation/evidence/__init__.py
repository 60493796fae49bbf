"""Evidence: what speaks for and against a strategy, as one value.

Promise: every trial counts; what is not known is NaN and says so; the statistics need returns and no bars.
In: candidates, their walk, the family's trials, the record of trades and stress. Out: an Evidence.
Neighbours: weighs what `walkforward` proved; `gates` reads its metrics.
"""

from quorum.validation.evidence.capacity import Capacity, capacity
from quorum.validation.evidence.chance import USUAL, Chance, Draws, chance
from quorum.validation.evidence.diagnostics import Answer, Diagnostic, Facts, diagnose
from quorum.validation.evidence.facts import facts_of
from quorum.validation.evidence.gather import Discovery, Dossier, discoveries, evidence
from quorum.validation.evidence.market import hold_returns, regimes_of
from quorum.validation.evidence.record import Family, Jitter, Record, Rerun, Stress, TradingRecord, family_of
from quorum.validation.evidence.stress import stress
from quorum.validation.evidence.value import Evidence, Luck, Proof
from quorum.validation.evidence.weigh import weigh

__all__ = [
    "USUAL",
    "Answer",
    "Capacity",
    "Chance",
    "Diagnostic",
    "Discovery",
    "Dossier",
    "Draws",
    "Evidence",
    "Facts",
    "Family",
    "Jitter",
    "Luck",
    "Proof",
    "Record",
    "Rerun",
    "Stress",
    "TradingRecord",
    "capacity",
    "chance",
    "diagnose",
    "discoveries",
    "evidence",
    "facts_of",
    "family_of",
    "hold_returns",
    "regimes_of",
    "stress",
    "weigh",
]
