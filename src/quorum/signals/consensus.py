"""The vote: what the analysts' signals add up to, by rules in a fixed order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quorum.domain import MINUTE, Abstain, Direction, Signal, UsageError, View, Vote
from quorum.stats import kernel

NEUTRAL, BULLISH, BEARISH, NO_CONSENSUS, MISSING, ESCALATE = 0, 1, -1, 2, 3, 4
WORDS = {
    NEUTRAL: "neutral",
    BULLISH: "bullish",
    BEARISH: "bearish",
    NO_CONSENSUS: "no_consensus",
    MISSING: "no_consensus",
    ESCALATE: "no_consensus",
}
RISK_MANAGER = "risk-manager"


@dataclass(frozen=True, slots=True)
class ConsensusRules:
    """Who must vote, with what weight, and how strong the winner must be.

    `threshold` is the winner's share of bullish + bearish weight; the vote is escalated when both sides voted and
    their highest confidences are closer than `escalate_below`. A view counts when its confidence reaches
    `min_confidence` (by source, else `default`) and its reward/risk `min_reward_risk`; a source without a weight
    has `unlisted_weight`; a voter in `veto` that is against stops the trade.
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
    """Count the signals of one symbol at `as_of` (ns UTC): participants, threshold, conflict, then vetoes.

    A stale or weak view is dropped, an Abstain is left out, a neutral View takes part and weighs nothing.
    """
    votes = tuple(_vote(signal, rules, as_of) for signal in signals)
    present = {v.voter for v in votes if v.choice in ("for_bullish", "for_bearish", "neutral")}
    missing = [name for name in rules.required if name not in present]
    side = np.array([_SIDES.get(v.choice, 0) for v in votes], np.int8)
    confidence = np.array([v.confidence or 0.0 for v in votes])
    weight = np.array([v.weight for v in votes])
    code, strength, bullish, bearish = tally(
        side, confidence, weight, (not missing, rules.threshold, rules.escalate_below)
    )
    direction = WORDS[code]
    lead = _lead(signals, votes, code)
    reason = _reason(code, strength, missing, rules)
    vetoer = _vetoer(votes, rules, code)
    if vetoer:
        direction, lead, reason = "no_consensus", None, f"{vetoer} vetoes: it sees the other side"
    return Consensus(direction, strength, bullish, bearish, reason, code == ESCALATE, votes, lead)


_SIDES = {"for_bullish": 1, "for_bearish": -1}


@kernel
def tally(
    side: NDArray[np.int8],
    confidence: NDArray[np.float64],
    weight: NDArray[np.float64],
    terms: tuple[bool, float, float],
) -> tuple[int, float, float, float]:
    """Code, strength, bullish and bearish weight of votes, shapes (k,): side 1, -1 or 0 for no weight.

    `terms` are: all required present, threshold, and the difference of confidence below which both sides tie.
    """
    complete, threshold, escalate_below = terms
    bullish = bearish = best_bullish = best_bearish = 0.0
    for k in range(len(side)):
        if side[k] > 0:
            bullish += weight[k] * confidence[k]
            best_bullish = max(best_bullish, confidence[k])
        elif side[k] < 0:
            bearish += weight[k] * confidence[k]
            best_bearish = max(best_bearish, confidence[k])
    total = bullish + bearish
    strength = max(bullish, bearish) / total if total > 0.0 else 0.0
    code = BULLISH if bullish > bearish else BEARISH
    if not complete:
        code = MISSING
    elif total == 0.0:
        code = NEUTRAL
    elif strength < threshold:
        code = NO_CONSENSUS
    elif bullish > 0.0 and bearish > 0.0 and abs(best_bullish - best_bearish) < escalate_below:
        code = ESCALATE
    return code, strength, bullish, bearish


def _vote(signal: Signal, rules: ConsensusRules, as_of: int) -> Vote:
    weight = rules.weight(signal.source)
    if isinstance(signal, Abstain):
        return Vote(signal.source, "abstain", weight, None, signal.reason)
    if signal.direction is Direction.NEUTRAL:
        return Vote(signal.source, "neutral", weight, signal.confidence, signal.rationale)
    fault = _fault(signal, rules, as_of)
    if fault:
        return Vote(signal.source, "dropped", weight, signal.confidence, fault)
    return Vote(signal.source, f"for_{signal.direction}", weight, signal.confidence, signal.rationale)


def _fault(view: View, rules: ConsensusRules, as_of: int) -> str | None:
    if view.time > as_of or as_of - view.time > view.valid_minutes * MINUTE:
        return f"stale: it was valid for {view.valid_minutes} minutes"
    floor = rules.confidence_floor(view.source)
    if view.confidence < floor:
        return f"confidence {view.confidence:.2f} is below {floor:g}"
    if view.reward_risk < rules.min_reward_risk:
        return f"reward/risk {view.reward_risk:.2f} is below {rules.min_reward_risk:g}"
    return None


def _lead(signals: Sequence[Signal], votes: Sequence[Vote], code: int) -> View | None:
    sides = {BULLISH: "for_bullish", BEARISH: "for_bearish"}
    views = [s for s, v in zip(signals, votes, strict=True) if isinstance(s, View) and v.choice == sides.get(code)]
    return max(views, key=lambda view: view.confidence, default=None)


def _vetoer(votes: Sequence[Vote], rules: ConsensusRules, code: int) -> str | None:
    against = {BULLISH: "for_bearish", BEARISH: "for_bullish"}.get(code)
    return next((v.voter for v in votes if v.voter in rules.veto and v.choice == against), None)


def _reason(code: int, strength: float, missing: Sequence[str], rules: ConsensusRules) -> str:
    if code == MISSING:
        return f"required participants are missing: {', '.join(missing)}"
    if code == NEUTRAL:
        return "no participant sees a direction"
    if code == NO_CONSENSUS:
        return f"the stronger side has {strength:.2f} of the weight, {rules.threshold:g} is needed"
    if code == ESCALATE:
        return f"both sides are equally sure (closer than {rules.escalate_below:g}): a person should look"
    return f"{WORDS[code]} with {strength:.2f} of the weight"
