"""Validation: whether a strategy may be believed.

Promise: every judgement is a value that says what was found and where; nothing here trades.
In: strategies, bars, sweeps, trials. Out: an Examination, a walk forward, Evidence and a Judgement of it.
Neighbours: sits on `engine`; `desk` acts on its verdicts; discovery and monitoring are unseen.
"""

from quorum.validation.evidence import (
    Answer,
    Capacity,
    Diagnostic,
    Discovery,
    Dossier,
    Draws,
    Evidence,
    Facts,
    capacity,
    diagnose,
    discoveries,
    evidence,
    facts_of,
)
from quorum.validation.gates import L2, Gate, GateRates, Judgement, Weight, judge, simulate_gates
from quorum.validation.glance import refuse_foresight
from quorum.validation.lookahead import (
    Clean,
    Effort,
    Examination,
    Finding,
    Leaks,
    Unfit,
    examine,
    markets_for,
    undecided,
    witness,
)
from quorum.validation.outcomes import Failed, Inconclusive, Outcome, Passed
from quorum.validation.walkforward import (
    YEAR_AND_QUARTER,
    CrossValidation,
    Groups,
    Rule,
    Universe,
    WalkForwardResult,
    cross_validate,
    search_each,
    universe_for,
    walk_forward,
)

__all__ = [
    "L2",
    "YEAR_AND_QUARTER",
    "Answer",
    "Capacity",
    "Clean",
    "CrossValidation",
    "Diagnostic",
    "Discovery",
    "Dossier",
    "Draws",
    "Effort",
    "Evidence",
    "Examination",
    "Facts",
    "Failed",
    "Finding",
    "Gate",
    "GateRates",
    "Groups",
    "Inconclusive",
    "Judgement",
    "Leaks",
    "Outcome",
    "Passed",
    "Rule",
    "Unfit",
    "Universe",
    "WalkForwardResult",
    "Weight",
    "capacity",
    "cross_validate",
    "diagnose",
    "discoveries",
    "evidence",
    "examine",
    "facts_of",
    "judge",
    "markets_for",
    "refuse_foresight",
    "search_each",
    "simulate_gates",
    "undecided",
    "universe_for",
    "walk_forward",
    "witness",
]
