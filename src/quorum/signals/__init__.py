"""Signals: strategies, the analysts, and their vote.

Promise: each rule is causal and one: bar by bar it answers what it answers all at once, bit for bit.
In: bars. Out: targets in [-1, 1] with exits; signals (View or Abstain) with reasons; a consensus with its votes.
Neighbours: sits on `features` and `lake`; `engine` trades what it wants; risk, execution and portfolio are unseen.
"""

from quorum.signals.analyst import Analyst, Opinion, Opinions
from quorum.signals.consensus import Consensus, ConsensusRules, consensus
from quorum.signals.registry import ANALYSTS, consensus_strategy, find_strategy, strategies
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
    is_portfolio,
    read_params,
)

__all__ = [
    "ANALYSTS",
    "NO_EXIT",
    "Allocations",
    "Analyst",
    "AnyStrategy",
    "Consensus",
    "ConsensusRules",
    "Exit",
    "Number",
    "Opinion",
    "Opinions",
    "Parameter",
    "Params",
    "Portfolio",
    "Sharing",
    "Strategy",
    "Target",
    "Targets",
    "consensus",
    "consensus_strategy",
    "find_strategy",
    "is_portfolio",
    "read_params",
    "strategies",
]
