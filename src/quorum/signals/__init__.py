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
    Exit,
    Number,
    Parameter,
    Params,
    Strategy,
    Target,
    Targets,
    read_params,
)

__all__ = [
    "ANALYSTS",
    "NO_EXIT",
    "Analyst",
    "Consensus",
    "ConsensusRules",
    "Exit",
    "Number",
    "Opinion",
    "Opinions",
    "Parameter",
    "Params",
    "Strategy",
    "Target",
    "Targets",
    "consensus",
    "consensus_strategy",
    "find_strategy",
    "read_params",
    "strategies",
]
