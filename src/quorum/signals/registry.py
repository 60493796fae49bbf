"""Strategies and analysts by name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from quorum.domain import NotFound
from quorum.signals.absent import MICROSTRUCTURE, ML_MODEL
from quorum.signals.analyst import Analyst
from quorum.signals.consensus import ConsensusRules
from quorum.signals.momentum import MOMENTUM
from quorum.signals.smc import SMC
from quorum.signals.strategies import DEMO_MA, TREND_BREAKOUT
from quorum.signals.strategy import Strategy
from quorum.signals.vote import ConsensusStrategy

ANALYSTS: Mapping[str, Analyst] = {a.name: a for a in (SMC, MOMENTUM, MICROSTRUCTURE, ML_MODEL)}
RULES: Mapping[str, Strategy] = {s.name: s for s in (DEMO_MA, TREND_BREAKOUT)}
CONSENSUS = "consensus"


def consensus_strategy(rules: ConsensusRules) -> ConsensusStrategy:
    """The vote of the rules' participants as a strategy; NotFound for a participant that does not exist."""
    for name in rules.participants:
        if name not in ANALYSTS:
            raise NotFound(f"there is no analyst {name!r}", f"there are {', '.join(ANALYSTS)}")
    return ConsensusStrategy(rules, tuple(ANALYSTS[name] for name in rules.participants))


def strategies(rules: ConsensusRules) -> dict[str, Strategy]:
    """Every strategy by name; the vote counts by `rules`."""
    return {**RULES, CONSENSUS: consensus_strategy(rules)}


def find_strategy(name: str, rules: ConsensusRules) -> Strategy:
    """The strategy of that name, a vote counting by `rules`; NotFound when there is none."""
    if name in RULES:
        return RULES[name]
    if name == CONSENSUS:
        return consensus_strategy(rules)
    known = (*RULES, CONSENSUS)
    near = difflib.get_close_matches(name, known, 1)
    raise NotFound(
        f"there is no strategy {name!r}", f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    )
