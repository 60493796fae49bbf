"""Signals: strategies, the analysts, and their vote.

Promise: each rule is causal and one: bar by bar it answers what it answers all at once, bit for bit.
In: bars. Out: targets in [-1, 1] with exits; signals (View or Abstain) with reasons; a consensus with its votes.
Neighbours: sits on `features` and `lake`; `engine` trades what it wants; risk, execution and portfolio are unseen.
"""

from quorum.signals.analyst import Analyst, Opinion, Opinions
from quorum.signals.authoring import from_batch, from_step
from quorum.signals.consensus import Absence, Consensus, consensus
from quorum.signals.guests import Guest, Origin, guard, is_ours, origin, origin_hash
from quorum.signals.pools import (
    CALM,
    WITHOUT_MODEL,
    Calibration,
    Circumstances,
    Conflict,
    ConsensusRules,
    Experts,
    Learning,
    ScoredVote,
    extreme_move,
    learn,
    outcomes,
    taught,
)
from quorum.signals.quality import Adjustments, Quality, quality
from quorum.signals.registry import ANALYSTS, broken_strategies, consensus_strategy, find_strategy, strategies
from quorum.signals.specs import SpecStrategy, StrategySpec, read_spec
from quorum.signals.strategy import (
    NO_EXIT,
    Allocations,
    AnyStrategy,
    Exit,
    Number,
    Parameter,
    Params,
    Portfolio,
    Sharing,
    Strategy,
    Target,
    Targets,
    family_of,
    is_portfolio,
    read_params,
)

__all__ = [
    "ANALYSTS",
    "CALM",
    "NO_EXIT",
    "WITHOUT_MODEL",
    "Absence",
    "Adjustments",
    "Allocations",
    "Analyst",
    "AnyStrategy",
    "Calibration",
    "Circumstances",
    "Conflict",
    "Consensus",
    "ConsensusRules",
    "Exit",
    "Experts",
    "Guest",
    "Learning",
    "Number",
    "Opinion",
    "Opinions",
    "Origin",
    "Parameter",
    "Params",
    "Portfolio",
    "Quality",
    "ScoredVote",
    "Sharing",
    "SpecStrategy",
    "Strategy",
    "StrategySpec",
    "Target",
    "Targets",
    "broken_strategies",
    "consensus",
    "consensus_strategy",
    "extreme_move",
    "family_of",
    "find_strategy",
    "from_batch",
    "from_step",
    "guard",
    "is_ours",
    "is_portfolio",
    "learn",
    "origin",
    "origin_hash",
    "outcomes",
    "quality",
    "read_params",
    "read_spec",
    "strategies",
    "taught",
]
