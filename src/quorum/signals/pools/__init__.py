"""Pools: how votes are counted, and what outcomes teach about those who vote.

Promise: one order of rules for every pool; what is learnt at t knows no outcome that was resolved after t.
In: votes, past views and bars, plain rules. Out: the count, calibrations, weights, scores.
Neighbours: `consensus` and the `vote` strategy count with it; it knows neither.
"""

from quorum.signals.pools.calibration import AS_STATED, Calibration, calibrate, walk_forward
from quorum.signals.pools.circumstances import CALM, Circumstances, extreme_move, extreme_moves
from quorum.signals.pools.counting import POOLS, ROUNDING, Count, Scene, Terms, tally
from quorum.signals.pools.learning import (
    Reliability,
    fit_exponent,
    hedge_weights,
    learn,
    reliability,
    reliable_weights,
    taught,
)
from quorum.signals.pools.rules import WITHOUT_MODEL, Conflict, ConsensusRules, Experts, Learning
from quorum.signals.pools.scoring import Bin, Murphy, Scores, murphy, reliability_table, scores
from quorum.signals.pools.votes import ScoredVote, outcomes

__all__ = [
    "AS_STATED",
    "CALM",
    "POOLS",
    "ROUNDING",
    "WITHOUT_MODEL",
    "Bin",
    "Calibration",
    "Circumstances",
    "Conflict",
    "ConsensusRules",
    "Count",
    "Experts",
    "Learning",
    "Murphy",
    "Reliability",
    "Scene",
    "ScoredVote",
    "Scores",
    "Terms",
    "calibrate",
    "extreme_move",
    "extreme_moves",
    "fit_exponent",
    "hedge_weights",
    "learn",
    "murphy",
    "outcomes",
    "reliability",
    "reliability_table",
    "reliable_weights",
    "scores",
    "tally",
    "taught",
    "walk_forward",
]
