"""Strategies and analysts by name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path

from quorum.domain import NotFound, QuorumError
from quorum.signals.absent import MICROSTRUCTURE, ML_MODEL
from quorum.signals.analyst import Analyst
from quorum.signals.guests import guests, is_path, load_path
from quorum.signals.momentum import MOMENTUM
from quorum.signals.pools import ConsensusRules
from quorum.signals.smc import SMC
from quorum.signals.specs import is_spec_file, load_spec
from quorum.signals.strategies import (
    CARRY,
    DEMO_MA,
    FOLLOW,
    MEAN_REVERSION,
    PAIRS,
    ROTATION,
    TIME_SERIES_MOMENTUM,
    TREND_BREAKOUT,
    VOLATILITY,
)
from quorum.signals.strategy import AnyStrategy
from quorum.signals.vote import ConsensusStrategy

ANALYSTS: Mapping[str, Analyst] = {a.name: a for a in (SMC, MOMENTUM, MICROSTRUCTURE, ML_MODEL)}
BUILT_IN: tuple[AnyStrategy, ...] = (
    DEMO_MA,
    TREND_BREAKOUT,
    MEAN_REVERSION,
    TIME_SERIES_MOMENTUM,
    VOLATILITY,
    CARRY,
    PAIRS,
    ROTATION,
    FOLLOW,
)
RULES: Mapping[str, AnyStrategy] = {s.name: s for s in BUILT_IN}
CONSENSUS = "consensus"
OURS = (*RULES, CONSENSUS)


def consensus_strategy(rules: ConsensusRules) -> ConsensusStrategy:
    """The vote of the rules' participants as a strategy; NotFound for a participant that does not exist."""
    for name in rules.participants:
        if name not in ANALYSTS:
            raise NotFound(f"there is no analyst {name!r}", f"there are {', '.join(ANALYSTS)}")
    return ConsensusStrategy(rules, tuple(ANALYSTS[name] for name in rules.participants))


def strategies(rules: ConsensusRules) -> dict[str, AnyStrategy]:
    """Every strategy by name, those of installed packages after ours; the vote counts by `rules`."""
    others = {name: s for name, s in guests(OURS).items() if not isinstance(s, QuorumError)}
    return {**RULES, CONSENSUS: consensus_strategy(rules), **others}


def broken_strategies() -> dict[str, QuorumError]:
    """The strategies of installed packages that cannot be used, each with the reason."""
    return {name: s for name, s in guests(OURS).items() if isinstance(s, QuorumError)}


def find_strategy(name: str, rules: ConsensusRules) -> AnyStrategy:
    """The strategy of that name, a vote counting by `rules`, or that in a file, as ./my_rule.py or ./dip.yaml.

    NotFound when there is none; for one of others that does not load, the error that says why.
    """
    if name in RULES:
        return RULES[name]
    if name == CONSENSUS:
        return consensus_strategy(rules)
    if is_spec_file(name):
        return load_spec(Path(name))
    if is_path(name):
        return load_path(name)
    others = guests(OURS)
    if name in others:
        found = others[name]
        if isinstance(found, QuorumError):
            raise found
        return found
    known = (*OURS, *others)
    near = difflib.get_close_matches(name, known, 1)
    raise NotFound(
        f"there is no strategy {name!r}", f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    )
