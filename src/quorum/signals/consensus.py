"""The vote: what the analysts' signals add up to, by rules in a fixed order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quorum.domain import MINUTE, Abstain, Direction, Signal, UsageError, View, Vote, iso
from quorum.stats import kernel

NEUTRAL, BULLISH, BEARISH, NO_CONSENSUS, MISSING, ESCALATE, VETOED = 0, 1, -1, 2, 3, 4, 5
WORDS = {
    NEUTRAL: "neutral",
    BULLISH: "bullish",
    BEARISH: "bearish",
    NO_CONSENSUS: "no_consensus",
    MISSING: "no_consensus",
    ESCALATE: "no_consensus",
    VETOED: "no_consensus",
}
ROUNDING = 1e-12  # shares and confidences closer than this are equal: 0.7 - 0.55 is 0.15, whatever its float is
RISK_MANAGER = "risk-manager"


@dataclass(frozen=True, slots=True)
class ConsensusRules:
    """Who must vote, with what weight, and how strong the winner must be.

    `threshold` is the winner's share of bullish + bearish weight; the vote is escalated when both sides voted and
    their highest confidences are closer than `escalate_below`. A view counts when its confidence reaches
    `min_confidence` (by source, else `default`) and its reward/risk `min_reward_risk`; a source without a weight
    has `unlisted_weight`; a voter in `veto` whose view counts and is against the stronger side stops the trade.
    """

    required: tuple[str, ...] = ("smc", "ml_model")
    optional: tuple[str, ...] = ("microstructure",)
    threshold: float = 0.6
    weights: Mapping[str, float] = field(
        default_factory=lambda: {"smc": 0.35, "ml_model": 0.40, "microstructure": 0.25}
    )
    unlisted_weight: float = 0.2
    escalate_below: float = 0.15
    min_confidence: Mapping[str, float] = field(default_factory=lambda: {"default": 0.5, "smc": 0.4})
    min_reward_risk: float = 1.0
    veto: tuple[str, ...] = (RISK_MANAGER,)

    def __post_init__(self) -> None:
        if not self.participants or len(set(self.participants)) != len(self.participants):
            raise UsageError(f"participants {self.participants} must be different names, at least one")
        if not 0.5 <= self.threshold <= 1.0:
            raise UsageError(f"a threshold of {self.threshold} lets both sides win", "choose one in 0.5..1")
        for name, weight in {**self.weights, "unlisted": self.unlisted_weight}.items():
            if not 0.0 <= weight < math.inf:
                raise UsageError(f"the weight {weight} of {name} is no weight", "give a number of at least 0")

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> ConsensusRules:
        """The rules whose plain form is `values`."""
        given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return cls(**given)

    @property
    def participants(self) -> tuple[str, ...]:
        return (*self.required, *self.optional)

    def weight(self, source: str) -> float:
        """The weight of a source's vote."""
        return self.weights.get(source, self.unlisted_weight)

    def confidence_floor(self, source: str) -> float:
        """The confidence from which a source's view counts."""
        return self.min_confidence.get(source, self.min_confidence.get("default", 0.5))


WITHOUT_MODEL = ConsensusRules(required=("smc", "momentum"), optional=())
"""The vote of the analysts that can vote before there is a model: the rules where no workspace says others."""


@dataclass(frozen=True, slots=True)
class Consensus:
    """The outcome of a vote; `strength` is the winner's share, `lead` the winning side's most confident view."""

    direction: str
    strength: float
    bullish_weight: float
    bearish_weight: float
    reason: str
    escalate: bool
    votes: tuple[Vote, ...]
    lead: View | None


def consensus(signals: Sequence[Signal], rules: ConsensusRules, as_of: int) -> Consensus:
    """Count the signals of one symbol at `as_of` (ns UTC): vetoes, participants, threshold, conflict, in this order.

    A stale or weak view is dropped, an Abstain is left out, a neutral View takes part and weighs nothing. `votes`
    stand in the order of `signals`, which has no other effect.
    """
    votes = tuple(_vote(signal, rules, as_of) for signal in signals)
    present = {v.voter for v in votes if v.choice in ("for_bullish", "for_bearish", "neutral")}
    missing = [name for name in rules.required if name not in present]
    counted = sorted(votes, key=lambda v: (v.voter, v.choice, v.confidence or 0.0))
    code, strength, bullish, bearish = tally(
        np.array([_SIDES.get(v.choice, 0) for v in counted], np.int8),
        np.array([v.confidence or 0.0 for v in counted], np.float64),
        np.array([v.weight for v in counted], np.float64),
        np.array([v.voter in rules.veto for v in counted], np.bool_),
        (not missing, float(rules.threshold), float(rules.escalate_below)),
    )
    reason = _reason(code, strength, missing, rules)
    if code == VETOED:
        against = "for_bearish" if bullish > bearish else "for_bullish"
        voter = next(v.voter for v in counted if v.voter in rules.veto and v.choice == against)
        reason = f"{voter} vetoes: it sees the other side"
    lead = _lead(signals, votes, code)
    return Consensus(WORDS[code], strength, bullish, bearish, reason, code == ESCALATE, votes, lead)


_SIDES = {"for_bullish": 1, "for_bearish": -1}


@kernel
def tally(
    side: NDArray[np.int8],
    confidence: NDArray[np.float64],
    weight: NDArray[np.float64],
    veto: NDArray[np.bool_],
    terms: tuple[bool, float, float],
) -> tuple[int, float, float, float]:
    """Code, strength, bullish and bearish weight of votes, shapes (k,): side 1, -1 or 0 for no weight.

    `veto` says who may stop the stronger side. `terms` are: all required present, threshold, and the difference of
    confidence below which both sides tie. Two sides of equal weight have no stronger one.
    """
    bullish, surest_bullish = _weigh(side, confidence, weight, 1)
    bearish, surest_bearish = _weigh(side, confidence, weight, -1)
    total = bullish + bearish
    strength = max(bullish, bearish) / total if total > 0.0 else 0.0
    stronger = 0
    if abs(bullish - bearish) > ROUNDING * total:
        stronger = BULLISH if bullish > bearish else BEARISH
    complete, threshold, escalate_below = terms
    unclear = min(bullish, bearish) > 0.0 and abs(surest_bullish - surest_bearish) < escalate_below - ROUNDING
    code = stronger
    if stronger != 0 and _stopped(side, veto, stronger):
        code = VETOED
    elif not complete:
        code = MISSING
    elif total == 0.0:
        code = NEUTRAL
    elif stronger == 0 or strength < threshold - ROUNDING:
        code = NO_CONSENSUS
    elif unclear:
        code = ESCALATE
    return code, strength, bullish, bearish


@kernel
def _weigh(
    side: NDArray[np.int8], confidence: NDArray[np.float64], weight: NDArray[np.float64], wanted: int
) -> tuple[float, float]:
    """What one side weighs, and the highest confidence on it."""
    total = surest = 0.0
    for k in range(len(side)):
        if side[k] == wanted:
            total += weight[k] * confidence[k]
            surest = max(surest, confidence[k])
    return total, surest


@kernel
def _stopped(side: NDArray[np.int8], veto: NDArray[np.bool_], stronger: int) -> bool:
    stopped = False
    for k in range(len(side)):
        if veto[k] and side[k] == -stronger:
            stopped = True
    return stopped


def _vote(signal: Signal, rules: ConsensusRules, as_of: int) -> Vote:
    weight = rules.weight(signal.source)
    if isinstance(signal, Abstain):
        return Vote(signal.source, "abstain", weight, None, signal.reason)
    fault = _fault(signal, rules, as_of)
    if fault:
        return Vote(signal.source, "dropped", weight, signal.confidence, fault)
    if signal.direction is Direction.NEUTRAL:
        return Vote(signal.source, "neutral", weight, signal.confidence, signal.rationale)
    return Vote(signal.source, f"for_{signal.direction}", weight, signal.confidence, signal.rationale)


def _fault(view: View, rules: ConsensusRules, as_of: int) -> str | None:
    """Why a view does not count; a neutral one need not be sure."""
    if view.time > as_of:
        return f"it is of {iso(view.time)}, later than the vote"
    if as_of - view.time > view.valid_minutes * MINUTE:
        return f"stale: it was valid for {view.valid_minutes} minutes"
    if view.direction is Direction.NEUTRAL:
        return None
    floor = rules.confidence_floor(view.source)
    if view.confidence < floor:
        return f"confidence {view.confidence:.2f} is below {floor:g}"
    if view.reward_risk < rules.min_reward_risk:
        return f"reward/risk {view.reward_risk:.2f} is below {rules.min_reward_risk:g}"
    return None


def _lead(signals: Sequence[Signal], votes: Sequence[Vote], code: int) -> View | None:
    """The surest view of the winning side; of equally sure ones the first by name."""
    sides = {BULLISH: "for_bullish", BEARISH: "for_bearish"}
    views = [s for s, v in zip(signals, votes, strict=True) if isinstance(s, View) and v.choice == sides.get(code)]
    return min(views, key=lambda view: (-view.confidence, view.source), default=None)


def _reason(code: int, strength: float, missing: Sequence[str], rules: ConsensusRules) -> str:
    if code == MISSING:
        return f"required participants are missing: {', '.join(missing)}"
    if code == NEUTRAL:
        return "no participant sees a direction"
    if code == NO_CONSENSUS and strength - 0.5 <= ROUNDING:
        return "both sides have the same weight"
    if code == NO_CONSENSUS:
        return f"the stronger side has {strength:.2f} of the weight, {rules.threshold:g} is needed"
    if code == ESCALATE:
        return f"both sides are equally sure (closer than {rules.escalate_below:g}): a person should look"
    return f"{WORDS[code]} with {strength:.2f} of the weight"
